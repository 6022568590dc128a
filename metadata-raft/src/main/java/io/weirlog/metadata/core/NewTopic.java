package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A topic to create.
///
/// @param topicId drawn by the proposer, never to be used again: data on disk is known by it (M4)
/// @param replicas of each partition, preferred leader first; empty to have them placed
/// @param configs explicit configs by key, see [TopicConfigs]
public record NewTopic(
        String name,
        TopicId topicId,
        int partitions,
        int replicationFactor,
        List<List<BrokerId>> replicas,
        Map<String, String> configs) {
    public NewTopic {
        replicas = replicas.stream().map(List::copyOf).toList();
        // Sorted, so that the problems found are always told in the same order.
        configs = Collections.unmodifiableMap(new TreeMap<>(configs));
    }

    /// A topic whose replicas the machine places.
    public NewTopic(String name, TopicId topicId, int partitions, int replicationFactor, Map<String, String> configs) {
        this(name, topicId, partitions, replicationFactor, List.of(), configs);
    }
}
