package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.replication.core.ReplicaLag;
import java.util.Map;

/// How a partition that this broker hosts is doing, for those who watch.
///
/// @param leading whether this broker leads it; what follows but for the size is told by leaders only
/// @param underReplicated a replica is not in sync that is not only being added
/// @param underMinInSync with so few in sync nothing is acknowledged to those who wait for all
/// @param lags of the followers
public record PartitionStatus(
        String topic,
        int partition,
        boolean leading,
        boolean underReplicated,
        boolean underMinInSync,
        Map<BrokerId, ReplicaLag> lags,
        long sizeBytes) {
    public PartitionStatus {
        lags = Map.copyOf(lags);
    }

    static PartitionStatus of(PartitionAssignment assignment, PartitionView view, Map<BrokerId, ReplicaLag> lags) {
        var metadata = assignment.metadata();
        boolean leading = view instanceof PartitionView.Leading;
        boolean missing = metadata.replicas().stream()
                .anyMatch(replica -> !metadata.inSync().contains(replica)
                        && !assignment.adding().contains(replica));
        return new PartitionStatus(
                assignment.topic(),
                assignment.id().partition(),
                leading,
                leading && missing,
                leading && metadata.inSync().size() < metadata.inSyncMin(),
                leading ? lags : Map.of(),
                sizeBytes(view));
    }

    private static long sizeBytes(PartitionView view) {
        return switch (view) {
            case PartitionView.Leading leading -> leading.log().sizeBytes();
            case PartitionView.Following following -> following.log().sizeBytes();
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> 0;
        };
    }
}
