package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// The controller's decisions about one partition.
///
/// @param partition counts from 0 within its topic
/// @param replicas distinct; the first is the preferred leader. During a reassignment the original ones, and after
///     them those to be added
/// @param inSyncReplicas in the order of `replicas`; all live while there is a leader, else the last ones that were
///     in sync. Empty if those lost records by a crash: nobody then leads without an unclean election (R11)
/// @param leader one of `inSyncReplicas`, or nobody while none of them is available
/// @param leaderEpoch rises with every election (R3)
/// @param partitionEpoch rises with every change of this image: the guard of compare-and-set changes (R9)
/// @param eligibleLeaderReplicas left the in-sync set while it was too small to acknowledge more, so they still
///     hold all that was acknowledged (KIP-966); disjoint from `inSyncReplicas` (R11)
/// @param reassignment the move to other replicas that is under way
public record PartitionImage(
        int partition,
        List<BrokerId> replicas,
        List<BrokerId> inSyncReplicas,
        Optional<BrokerId> leader,
        LeaderEpoch leaderEpoch,
        long partitionEpoch,
        List<BrokerId> eligibleLeaderReplicas,
        Optional<Reassignment> reassignment) {
    public PartitionImage {
        replicas = List.copyOf(replicas);
        inSyncReplicas = List.copyOf(inSyncReplicas);
        eligibleLeaderReplicas = List.copyOf(eligibleLeaderReplicas);
        Invariant.check(partition >= 0, "negative partition %s", partition);
        Invariant.check(!replicas.isEmpty() && distinct(replicas), "replicas %s", replicas);
        Invariant.check(
                distinct(inSyncReplicas) && replicas.containsAll(inSyncReplicas),
                "R2: in-sync replicas %s of %s",
                inSyncReplicas,
                replicas);
        Invariant.check(
                leader.isEmpty() || inSyncReplicas.contains(leader.get()),
                "R2: leader %s is not in sync: %s",
                leader,
                inSyncReplicas);
        Invariant.check(
                eligibleLeaderReplicas.stream().noneMatch(inSyncReplicas::contains)
                        && distinct(eligibleLeaderReplicas)
                        && replicas.containsAll(eligibleLeaderReplicas),
                "R11: eligible replicas %s beside the in-sync %s of %s",
                eligibleLeaderReplicas,
                inSyncReplicas,
                replicas);
        Invariant.check(partitionEpoch >= 0, "negative partition epoch %s", partitionEpoch);
        Invariant.check(
                reassignment.isEmpty() || reassignment.get().all().equals(replicas),
                "replicas %s beside %s",
                replicas,
                reassignment);
    }

    /// A partition that stays where it is.
    public PartitionImage(
            int partition,
            List<BrokerId> replicas,
            List<BrokerId> inSyncReplicas,
            Optional<BrokerId> leader,
            LeaderEpoch leaderEpoch,
            long partitionEpoch,
            List<BrokerId> eligibleLeaderReplicas) {
        this(
                partition,
                replicas,
                inSyncReplicas,
                leader,
                leaderEpoch,
                partitionEpoch,
                eligibleLeaderReplicas,
                Optional.empty());
    }

    /// A partition without eligible leader replicas outside the in-sync set.
    public PartitionImage(
            int partition,
            List<BrokerId> replicas,
            List<BrokerId> inSyncReplicas,
            Optional<BrokerId> leader,
            LeaderEpoch leaderEpoch,
            long partitionEpoch) {
        this(partition, replicas, inSyncReplicas, leader, leaderEpoch, partitionEpoch, List.of());
    }

    /// The replicas that a reassignment is about to add.
    public List<BrokerId> addingReplicas() {
        return reassignment.map(Reassignment::adding).orElseGet(List::of);
    }

    /// The replicas that a reassignment is about to let go.
    public List<BrokerId> removingReplicas() {
        return reassignment.map(Reassignment::removing).orElseGet(List::of);
    }

    /// The replicas without those that a reassignment is still adding: their number is the replication factor.
    public List<BrokerId> settledReplicas() {
        return reassignment.map(Reassignment::original).orElse(replicas);
    }

    private static boolean distinct(List<BrokerId> brokers) {
        return brokers.size() <= 1 || new HashSet<>(brokers).size() == brokers.size();
    }
}
