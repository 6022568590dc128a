package io.weirlog.client;

import io.weirlog.common.BrokerId;
import java.util.Map;
import java.util.OptionalLong;

/// What one broker keeps of some partitions.
///
/// @param reassignmentBytesPerSecond what it sends at most to replicas that are being added; empty: as much as it can
public record LocalReplicas(
        BrokerId broker, Map<PartitionRef, LocalReplica> replicas, OptionalLong reassignmentBytesPerSecond) {
    public LocalReplicas {
        replicas = Map.copyOf(replicas);
    }

    /// A replica as its own broker knows it.
    public record LocalReplica(boolean leading, long logStartOffset, long logEndOffset, long sizeBytes) {}
}
