package io.weirlog.server.group.core;

import io.weirlog.common.Invariant;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// All topics of the cluster as the metadata have them at one index.
public final class Topics {
    /// Before anything is known.
    public static final Topics NONE = new Topics(0, Map.of());

    private final long metadataIndex;
    private final NavigableMap<String, Topic> byName;
    private final Map<TopicId, String> names = new HashMap<>();

    /// A topic and how many partitions it has.
    public record Topic(TopicId id, int partitions) {
        public Topic {
            Invariant.check(partitions > 0, "topic %s with %s partitions", id, partitions);
        }
    }

    public Topics(long metadataIndex, Map<String, Topic> byName) {
        this.metadataIndex = metadataIndex;
        this.byName = Collections.unmodifiableNavigableMap(new TreeMap<>(byName));
        this.byName.forEach((name, topic) -> names.put(topic.id(), name));
    }

    public long metadataIndex() {
        return metadataIndex;
    }

    public NavigableMap<String, Topic> byName() {
        return byName;
    }

    public Optional<Topic> topic(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    public Optional<Topic> topic(TopicId id) {
        return name(id).flatMap(this::topic);
    }

    public Optional<String> name(TopicId id) {
        return Optional.ofNullable(names.get(id));
    }

    /// The partition for people: by the topic's name, or its id if the topic is gone.
    String text(TopicPartition partition) {
        return name(partition.topicId()).orElseGet(() -> partition.topicId().toString()) + "-" + partition.partition();
    }
}
