package io.weirlog.server.group;

import com.google.protobuf.ByteString;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.TopicPartitions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/// Partitions as messages name them: by the topic's name, its id, or both.
final class GroupTopics {
    /// The id of no topic.
    static final TopicId NO_TOPIC = new TopicId(new UUID(0, 0));

    private GroupTopics() {}

    /// A topic that is not there is left out: whoever owned some of it does not any more.
    static NavigableSet<TopicPartition> known(List<TopicPartitions> messages, MetadataImage image) {
        var all = new TreeSet<TopicPartition>();
        for (var message : messages) {
            id(message.getTopic(), message.getTopicId(), image)
                    .ifPresent(id -> message.getPartitionsList().stream()
                            .filter(number -> number >= 0)
                            .forEach(number -> all.add(new TopicPartition(id, number))));
        }
        return all;
    }

    /// The id given, or that of the topic of this name; empty if there is none.
    static Optional<TopicId> id(String topic, ByteString topicId, MetadataImage image) {
        if (topicId.size() == TopicId.BYTES) {
            return Optional.of(TopicId.fromBytes(topicId.toByteArray()));
        }
        return image.topic(topic).map(found -> found.id());
    }

    static String name(TopicId id, MetadataImage image) {
        return image.topic(id).map(found -> found.name()).orElse("");
    }

    static List<TopicPartitions> messages(Collection<TopicPartition> partitions, MetadataImage image) {
        NavigableMap<TopicId, TopicPartitions.Builder> topics = new TreeMap<>();
        for (var partition : partitions) {
            topics.computeIfAbsent(
                            partition.topicId(),
                            id -> TopicPartitions.newBuilder()
                                    .setTopic(name(id, image))
                                    .setTopicId(TopicLookup.bytes(id)))
                    .addPartitions(partition.partition());
        }
        var all = new ArrayList<TopicPartitions>(topics.size());
        topics.values().forEach(topic -> all.add(topic.build()));
        return all;
    }
}
