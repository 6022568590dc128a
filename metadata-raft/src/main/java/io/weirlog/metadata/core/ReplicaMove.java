package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import java.util.List;
import java.util.Optional;

/// Where one partition is to move.
///
/// @param target the replicas wanted, preferred leader first; empty to call off the move that is under way
public record ReplicaMove(TopicPartition partition, Optional<List<BrokerId>> target) {
    public ReplicaMove {
        target = target.map(List::copyOf);
    }
}
