package io.weirlog.client;

import io.weirlog.common.BrokerId;
import io.weirlog.v1.Partition;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A partition of a topic as one broker knows it; the offsets and the size are those of that broker's own replica, so
/// they are empty if it has none.
public final class PartitionDescription {
    private final Partition proto;

    PartitionDescription(Partition proto) {
        this.proto = proto;
    }

    public int partition() {
        return proto.getPartition();
    }

    /// Empty while the partition has none.
    public Optional<LeaderDescription> leader() {
        return proto.hasLeader() ? Optional.of(FromProto.leader(proto.getLeader())) : Optional.empty();
    }

    /// The preferred leader first.
    public List<BrokerId> replicas() {
        return proto.getReplicasList().stream().map(BrokerId::new).toList();
    }

    public List<BrokerId> inSyncReplicas() {
        return proto.getInSyncReplicasList().stream().map(BrokerId::new).toList();
    }

    /// Replicas that a reassignment is adding.
    public List<BrokerId> addingReplicas() {
        return proto.getAddingReplicasList().stream().map(BrokerId::new).toList();
    }

    /// Replicas that a reassignment lets go once the others are in sync.
    public List<BrokerId> removingReplicas() {
        return proto.getRemovingReplicasList().stream().map(BrokerId::new).toList();
    }

    /// Counts the leaders so far.
    public int leaderEpoch() {
        return proto.getLeaderEpoch();
    }

    /// Counts the changes of the partition's state so far.
    public long partitionEpoch() {
        return proto.getPartitionEpoch();
    }

    public OptionalLong logStartOffset() {
        return proto.hasLogStartOffset() ? OptionalLong.of(proto.getLogStartOffset()) : OptionalLong.empty();
    }

    public OptionalLong highWatermark() {
        return proto.hasHighWatermark() ? OptionalLong.of(proto.getHighWatermark()) : OptionalLong.empty();
    }

    public OptionalLong logEndOffset() {
        return proto.hasLogEndOffset() ? OptionalLong.of(proto.getLogEndOffset()) : OptionalLong.empty();
    }

    public OptionalLong sizeBytes() {
        return proto.hasSizeBytes() ? OptionalLong.of(proto.getSizeBytes()) : OptionalLong.empty();
    }

    @Override
    public String toString() {
        return "PartitionDescription[" + proto.getPartition() + ", leader "
                + leader().map(l -> l.broker().toString()).orElse("none") + "]";
    }
}
