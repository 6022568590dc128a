package io.weirlog.client;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/// A topic to create.
///
/// @param partitions empty: the cluster's default, 1
/// @param replicationFactor empty: the cluster's default, 3 or as many as there are brokers
/// @param configs keys as in Kafka where the thing is Kafka's, such as `retention.ms`
public record NewTopic(
        String name, OptionalInt partitions, OptionalInt replicationFactor, Map<String, String> configs) {
    public NewTopic {
        configs = Map.copyOf(configs);
    }

    public NewTopic(String name, int partitions, int replicationFactor, Map<String, String> configs) {
        this(name, OptionalInt.of(partitions), OptionalInt.of(replicationFactor), configs);
    }

    /// A topic with the cluster's defaults.
    public static NewTopic named(String name) {
        return new NewTopic(name, OptionalInt.empty(), OptionalInt.empty(), Map.of());
    }

    public NewTopic withPartitions(int count) {
        return new NewTopic(name, OptionalInt.of(count), replicationFactor, configs);
    }

    public NewTopic withReplicationFactor(int replicas) {
        return new NewTopic(name, partitions, OptionalInt.of(replicas), configs);
    }

    public NewTopic withConfig(String key, String value) {
        var extended = new TreeMap<>(configs);
        extended.put(key, value);
        return new NewTopic(name, partitions, replicationFactor, extended);
    }
}
