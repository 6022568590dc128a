package io.weirlog.server.group;

import io.weirlog.common.TopicPartition;
import io.weirlog.replication.PartitionView;
import io.weirlog.replication.Partitions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// How far partitions' logs have come at least, as this broker knows: by its own replicas, by what it has sent to
/// readers, by what leaders have told it. The truth may be further on. Thread-safe.
///
/// A log that has come so far does not go back, but by an unclean election. What is known is too much then, until the
/// log has grown that far again.
final class KnownEnds {
    private static final int PARTITIONS_MAX = 100_000;

    private final Replicas replicas;
    private final Map<TopicPartition, Long> ends = new ConcurrentHashMap<>();

    /// This broker's own replicas.
    @FunctionalInterface
    interface Replicas {
        /// The high watermark that this broker's replica knows; 0 if there is none here.
        long reached(TopicPartition partition);
    }

    KnownEnds(Replicas replicas) {
        this.replicas = replicas;
    }

    static KnownEnds of(Partitions partitions) {
        return new KnownEnds(partition -> partitions
                .view(partition)
                .map(view -> switch (view) {
                    case PartitionView.Leading leading ->
                        leading.highWatermark().value();
                    case PartitionView.Following following ->
                        following.highWatermark().value();
                    case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> 0L;
                })
                .orElse(0L));
    }

    /// The partition's log has come so far.
    void reached(TopicPartition partition, long end) {
        if (end <= 0) {
            return;
        }
        if (ends.size() >= PARTITIONS_MAX) {
            // Deleted ones are among them. What is forgotten is asked for once more.
            ends.clear();
        }
        ends.merge(partition, end, Math::max);
    }

    /// Whether the log surely has come so far.
    boolean hasReached(TopicPartition partition, long end) {
        var known = ends.get(partition);
        return (known != null && end <= known) || end <= replicas.reached(partition);
    }
}
