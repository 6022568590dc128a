package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.metadata.PartitionImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;

/// Partitions that are to be made: their replicas are checked if somebody chose them, and placed if not.
///
/// @param first the number of the first of them
/// @param replicas of each, preferred leader first; empty to have them placed
record NewPartitions(int first, int count, int replicationFactor, List<List<BrokerId>> replicas) {

    void check(MetadataState state, Problems problems) {
        if (count < 1 || count > MetadataLimits.PARTITIONS_PER_TOPIC_MAX - first) {
            problems.add(
                    RejectReason.INVALID_PARTITIONS,
                    "a topic has 1 to %d partitions, not %d",
                    MetadataLimits.PARTITIONS_PER_TOPIC_MAX,
                    (long) first + count);
        } else if (count
                > MetadataLimits.PARTITIONS_PER_CLUSTER_MAX - state.topics().partitionCount()) {
            problems.add(
                    RejectReason.LIMIT_EXCEEDED,
                    "the cluster has %d partitions and can have %d: no room for %d more",
                    state.topics().partitionCount(),
                    MetadataLimits.PARTITIONS_PER_CLUSTER_MAX,
                    count);
        }
        if (replicationFactor < 1 || replicationFactor > MetadataLimits.REPLICAS_PER_PARTITION_MAX) {
            problems.add(
                    RejectReason.INVALID_REPLICATION_FACTOR,
                    "a replication factor is 1 to %d, not %d",
                    MetadataLimits.REPLICAS_PER_PARTITION_MAX,
                    replicationFactor);
        } else if (replicas.isEmpty()) {
            checkRoom(state, problems);
        } else {
            checkReplicas(state, problems);
        }
    }

    private void checkRoom(MetadataState state, Problems problems) {
        long live = state.brokers().keySet().stream().filter(state::isServing).count();
        if (replicationFactor > live) {
            problems.add(
                    RejectReason.INVALID_REPLICATION_FACTOR,
                    "replication factor %d needs as many live brokers, there %s %d",
                    replicationFactor,
                    live == 1 ? "is" : "are",
                    live);
        }
    }

    private void checkReplicas(MetadataState state, Problems problems) {
        if (replicas.size() != count) {
            problems.add(
                    RejectReason.INVALID_REPLICAS,
                    "replicas are given for %d partitions, not for %d",
                    replicas.size(),
                    count);
        }
        for (int i = 0; i < replicas.size(); i++) {
            var chosen = replicas.get(i);
            int partition = first + i;
            if (chosen.size() != replicationFactor || new HashSet<>(chosen).size() != chosen.size()) {
                problems.add(
                        RejectReason.INVALID_REPLICAS,
                        "partition %d needs %d replicas on as many brokers, not %s",
                        partition,
                        replicationFactor,
                        chosen);
                continue;
            }
            for (var replica : chosen) {
                if (!state.brokers().containsKey(replica)) {
                    problems.add(
                            RejectReason.INVALID_REPLICAS, "partition %d: there is no broker %s", partition, replica);
                }
            }
            if (chosen.stream().noneMatch(state::isLive)) {
                problems.add(RejectReason.INVALID_REPLICAS, "partition %d: none of its brokers is live", partition);
            }
        }
    }

    /// @param siblings the partitions that the topic has already
    List<PartitionImage> create(MetadataState state, Collection<PartitionImage> siblings) {
        var placed = replicas.isEmpty()
                ? ReplicaPlacement.place(count, replicationFactor, candidates(state, siblings))
                : replicas;
        var partitions = new ArrayList<PartitionImage>(count);
        for (var chosen : placed) {
            partitions.add(create(state, first + partitions.size(), chosen));
        }
        return partitions;
    }

    /// All live replicas are in sync with the empty log.
    private static PartitionImage create(MetadataState state, int partition, List<BrokerId> replicas) {
        var live = replicas.stream().filter(state::isLive).toList();
        return new PartitionImage(partition, replicas, live, LeaderChooser.choose(state, live), new LeaderEpoch(0), 0);
    }

    private static List<ReplicaPlacement.Candidate> candidates(
            MetadataState state, Collection<PartitionImage> siblings) {
        var here = BrokerLoads.EMPTY.plus(siblings);
        return state.brokers().values().stream()
                .filter(broker -> state.isServing(broker.id()))
                .map(broker -> new ReplicaPlacement.Candidate(
                        broker.id(), broker.rack(), here.of(broker.id()), state.load(broker.id())))
                .toList();
    }
}
