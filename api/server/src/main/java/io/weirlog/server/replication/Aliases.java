package io.weirlog.server.replication;

import io.weirlog.common.TopicPartition;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The numbers that stand for partitions on one stream. The follower draws them, the leader learns them. One direction
/// of
/// the stream may use them while the other adds to them.
final class Aliases {
    /// As many as a broker can have partitions.
    private static final int ALIASES_MAX = 200_000;

    private final Map<TopicPartition, Integer> byPartition = new HashMap<>();
    private final Map<Integer, TopicPartition> byAlias = new HashMap<>();

    synchronized int draw(TopicPartition partition) {
        var known = byPartition.get(partition);
        if (known != null) {
            return known;
        }
        var alias = byPartition.size();
        put(alias, partition);
        return alias;
    }

    /// False if the alias stands for another partition, or there are too many.
    synchronized boolean learn(int alias, TopicPartition partition) {
        var known = byAlias.get(alias);
        if (known != null) {
            return known.equals(partition);
        }
        if (byAlias.size() >= ALIASES_MAX || byPartition.containsKey(partition)) {
            return false;
        }
        put(alias, partition);
        return true;
    }

    private void put(int alias, TopicPartition partition) {
        byPartition.put(partition, alias);
        byAlias.put(alias, partition);
    }

    synchronized Optional<Integer> of(TopicPartition partition) {
        return Optional.ofNullable(byPartition.get(partition));
    }

    synchronized Optional<TopicPartition> partition(int alias) {
        return Optional.ofNullable(byAlias.get(alias));
    }
}
