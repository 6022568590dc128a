package io.weirlog.client;

import io.weirlog.common.BrokerId;
import java.util.List;

/// Where a partition is, and where it could be.
///
/// @param current the replicas now, the preferred leader first
/// @param target the replicas then, the preferred leader first
public record ReplicaMove(PartitionRef partition, List<BrokerId> current, List<BrokerId> target) {
    public ReplicaMove {
        current = List.copyOf(current);
        target = List.copyOf(target);
    }

    /// The brokers that get a copy of the partition.
    public List<BrokerId> adding() {
        return target.stream().filter(broker -> !current.contains(broker)).toList();
    }
}
