package io.weirlog.server.group;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.server.group.core.CurrentAssignment;
import io.weirlog.storage.v1.GroupCurrentRecord;
import io.weirlog.storage.v1.GroupOwnedTopicRecord;
import io.weirlog.storage.v1.GroupTargetRecord;
import io.weirlog.storage.v1.GroupTopicRecord;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Partitions of members as they lie in records: topic by topic.
final class GroupPartitions {
    private GroupPartitions() {}

    static GroupTargetRecord target(NavigableSet<TopicPartition> partitions) {
        NavigableMap<TopicId, GroupTopicRecord.Builder> topics = new TreeMap<>();
        for (var partition : partitions) {
            topics.computeIfAbsent(
                            partition.topicId(),
                            id -> GroupTopicRecord.newBuilder().setTopicId(ByteString.copyFrom(id.toBytes())))
                    .addPartitions(partition.partition());
        }
        var record = GroupTargetRecord.newBuilder();
        topics.values().forEach(record::addTopics);
        return record.build();
    }

    static NavigableSet<TopicPartition> target(ByteString value)
            throws MalformedRecordException, InvalidProtocolBufferException {
        var partitions = new TreeSet<TopicPartition>();
        for (var topic : GroupTargetRecord.parseFrom(value).getTopicsList()) {
            for (int number : topic.getPartitionsList()) {
                partitions.add(partition(topic.getTopicId(), number));
            }
        }
        return partitions;
    }

    static GroupCurrentRecord current(CurrentAssignment current) {
        return GroupCurrentRecord.newBuilder()
                .setMemberEpoch(current.epoch())
                .setJoinEpoch(current.joinEpoch())
                .addAllAssigned(owned(current.assigned()))
                .addAllRevoking(owned(current.revoking()))
                .build();
    }

    static CurrentAssignment current(ByteString value) throws MalformedRecordException, InvalidProtocolBufferException {
        var record = GroupCurrentRecord.parseFrom(value);
        return new CurrentAssignment(
                record.getMemberEpoch(),
                record.getJoinEpoch(),
                owned(record.getAssignedList()),
                owned(record.getRevokingList()));
    }

    static TopicPartition partition(ByteString topicId, int number) throws MalformedRecordException {
        if (topicId.size() != TopicId.BYTES) {
            throw new MalformedRecordException("a topic id of " + topicId.size() + " bytes");
        }
        if (number < 0) {
            throw new MalformedRecordException("a partition beyond the range of partitions");
        }
        return new TopicPartition(TopicId.fromBytes(topicId.toByteArray()), number);
    }

    private static List<GroupOwnedTopicRecord> owned(NavigableMap<TopicPartition, Integer> partitions) {
        NavigableMap<TopicId, GroupOwnedTopicRecord.Builder> topics = new TreeMap<>();
        partitions.forEach((partition, since) -> topics.computeIfAbsent(
                        partition.topicId(),
                        id -> GroupOwnedTopicRecord.newBuilder().setTopicId(ByteString.copyFrom(id.toBytes())))
                .addPartitions(partition.partition())
                .addSinceEpochs(since));
        return topics.values().stream()
                .map(GroupOwnedTopicRecord.Builder::build)
                .toList();
    }

    private static NavigableMap<TopicPartition, Integer> owned(List<GroupOwnedTopicRecord> records)
            throws MalformedRecordException {
        var partitions = new TreeMap<TopicPartition, Integer>();
        for (var topic : records) {
            if (topic.getPartitionsCount() != topic.getSinceEpochsCount()) {
                throw new MalformedRecordException("partitions of a member without their epochs");
            }
            for (int i = 0; i < topic.getPartitionsCount(); i++) {
                partitions.put(partition(topic.getTopicId(), topic.getPartitions(i)), topic.getSinceEpochs(i));
            }
        }
        return partitions;
    }
}
