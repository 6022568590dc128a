package io.weirlog.metadata.codec;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.core.MetadataCommand.AlterTopicConfigs;
import io.weirlog.metadata.core.MetadataCommand.CreatePartitions;
import io.weirlog.metadata.core.MetadataCommand.CreateTopics;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopics;
import io.weirlog.metadata.core.NewTopic;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.TopicRef;
import io.weirlog.storage.v1.AlterTopicConfigsRecord;
import io.weirlog.storage.v1.CreatePartitionsRecord;
import io.weirlog.storage.v1.CreateTopicRecord;
import io.weirlog.storage.v1.CreateTopicsRecord;
import io.weirlog.storage.v1.DeleteTopicsRecord;
import io.weirlog.storage.v1.ReplicasRecord;
import io.weirlog.storage.v1.TopicRefRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Commands about topics.
final class TopicCodec {
    private TopicCodec() {}

    static CreateTopicRecord encoded(NewTopic topic) {
        return CreateTopicRecord.newBuilder()
                .setName(topic.name())
                .setTopicId(Fields.bytes(topic.topicId().value()))
                .setPartitions(topic.partitions())
                .setReplicationFactor(topic.replicationFactor())
                .addAllConfigs(Fields.configs(topic.configs()))
                .addAllReplicas(encoded(topic.replicas()))
                .build();
    }

    static NewTopic decoded(CreateTopicRecord record) throws MalformedRecordException {
        return new NewTopic(
                record.getName(),
                Fields.topicId(record.getTopicId()),
                record.getPartitions(),
                record.getReplicationFactor(),
                decoded(record.getReplicasList()),
                Fields.configs(record.getConfigsList()));
    }

    static CreateTopicsRecord encoded(CreateTopics command) {
        var record = CreateTopicsRecord.newBuilder();
        command.topics().forEach(topic -> record.addTopics(encoded(topic)));
        return record.build();
    }

    static CreateTopics decoded(RequestId requestId, CreateTopicsRecord record) throws MalformedRecordException {
        var topics = new ArrayList<NewTopic>(record.getTopicsCount());
        for (var topic : record.getTopicsList()) {
            topics.add(decoded(topic));
        }
        return new CreateTopics(requestId, topics);
    }

    static TopicRefRecord encoded(TopicRef topic) {
        var record = TopicRefRecord.newBuilder();
        switch (topic) {
            case TopicRef.ByName(var name) -> record.setName(name);
            case TopicRef.ById(var id) -> record.setTopicId(Fields.bytes(id.value()));
        }
        return record.build();
    }

    static TopicRef decoded(TopicRefRecord record) throws MalformedRecordException {
        return switch (record.getTopicCase()) {
            case NAME -> new TopicRef.ByName(record.getName());
            case TOPIC_ID -> new TopicRef.ById(Fields.topicId(record.getTopicId()));
            case TOPIC_NOT_SET -> throw new MalformedRecordException("a command about no topic");
        };
    }

    static DeleteTopicsRecord encoded(DeleteTopics command) {
        var record = DeleteTopicsRecord.newBuilder();
        command.topics().forEach(topic -> record.addTopics(encoded(topic)));
        return record.build();
    }

    static DeleteTopics decoded(RequestId requestId, DeleteTopicsRecord record) throws MalformedRecordException {
        var topics = new ArrayList<TopicRef>(record.getTopicsCount());
        for (var topic : record.getTopicsList()) {
            topics.add(decoded(topic));
        }
        return new DeleteTopics(requestId, topics);
    }

    static CreatePartitionsRecord encoded(CreatePartitions command) {
        return CreatePartitionsRecord.newBuilder()
                .setTopic(encoded(command.topic()))
                .setPartitions(command.partitions())
                .addAllReplicas(encoded(command.replicas()))
                .build();
    }

    static CreatePartitions decoded(RequestId requestId, CreatePartitionsRecord record)
            throws MalformedRecordException {
        return new CreatePartitions(
                requestId, decoded(record.getTopic()), record.getPartitions(), decoded(record.getReplicasList()));
    }

    static AlterTopicConfigsRecord encoded(AlterTopicConfigs command) {
        return AlterTopicConfigsRecord.newBuilder()
                .setTopic(encoded(command.topic()))
                .addAllSet(Fields.configs(command.set()))
                .addAllDelete(command.delete())
                .build();
    }

    static AlterTopicConfigs decoded(RequestId requestId, AlterTopicConfigsRecord record)
            throws MalformedRecordException {
        return new AlterTopicConfigs(
                requestId,
                decoded(record.getTopic()),
                Fields.configs(record.getSetList()),
                Set.copyOf(record.getDeleteList()));
    }

    static ReplicasRecord replicas(List<BrokerId> replicas) {
        return ReplicasRecord.newBuilder()
                .addAllReplicas(Fields.numbers(replicas))
                .build();
    }

    private static List<ReplicasRecord> encoded(List<List<BrokerId>> replicas) {
        return replicas.stream().map(TopicCodec::replicas).toList();
    }

    private static List<List<BrokerId>> decoded(List<ReplicasRecord> records) throws MalformedRecordException {
        var replicas = new ArrayList<List<BrokerId>>(records.size());
        for (var record : records) {
            replicas.add(Fields.brokers(record.getReplicasList()));
        }
        return replicas;
    }
}
