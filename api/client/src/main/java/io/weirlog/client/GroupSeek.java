package io.weirlog.client;

import java.util.OptionalInt;

/// @param partition empty: all partitions of the topic
public record GroupSeek(String topic, OptionalInt partition, SeekTo to) {
    /// All partitions of a topic.
    public static GroupSeek topic(String topic, SeekTo to) {
        return new GroupSeek(topic, OptionalInt.empty(), to);
    }

    public static GroupSeek partition(PartitionRef partition, SeekTo to) {
        return new GroupSeek(partition.topic(), OptionalInt.of(partition.partition()), to);
    }
}
