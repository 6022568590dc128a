package io.weirlog.client;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.IntUnaryOperator;

/// Which partition of a topic gets records that may go to any: one until its batch is closed, then the next (KIP-480),
/// so
/// that few full batches are sent instead of many small ones. Thread-safe.
final class StickyPartitions {
    private final ConcurrentMap<String, Integer> current = new ConcurrentHashMap<>();
    private final IntUnaryOperator firstOfCount;

    /// @param firstOfCount where to begin among so many partitions
    StickyPartitions(IntUnaryOperator firstOfCount) {
        this.firstOfCount = firstOfCount;
    }

    int current(TopicMetadata topic) {
        var partition = current.get(topic.name());
        if (partition == null) {
            partition = current.computeIfAbsent(topic.name(), name -> firstOfCount.applyAsInt(topic.partitionCount()));
        }
        return partition % topic.partitionCount();
    }

    /// Where to go now that `partition` would need a new batch: the next one that has a leader. If another thread went
    /// on meanwhile, where that went.
    int next(TopicMetadata topic, int partition) {
        return current.compute(topic.name(), (name, now) -> {
            if (now != null && now != partition) {
                return now % topic.partitionCount();
            }
            return following(topic, partition);
        });
    }

    private static int following(TopicMetadata topic, int partition) {
        var count = topic.partitionCount();
        for (var step = 1; step <= count; step++) {
            var candidate = (partition + step) % count;
            if (topic.leader(candidate).isPresent()) {
                return candidate;
            }
        }
        return (partition + 1) % count;
    }
}
