package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.Reassignment;
import io.weirlog.metadata.core.MetadataCommand.AlterReassignments;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// Partitions move to other replicas (KIP-455). When a move is through, [PartitionChange] says.
///
/// | asked for                      | replicas become                                   |
/// |--------------------------------|---------------------------------------------------|
/// | a target, nothing under way    | those there are, and behind them those to be added |
/// | a target, a move under way     | the same, from the replicas before that move      |
/// | to call off the move           | those before it                                   |
final class ReassignmentRules {
    private ReassignmentRules() {}

    static Decision alter(MetadataState state, AlterReassignments command) {
        if (command.moves().size() > MetadataLimits.MOVES_PER_COMMAND_MAX) {
            return Decision.reject(
                    RejectReason.LIMIT_EXCEEDED,
                    "%d reassignments in one command, at most %d are allowed"
                            .formatted(command.moves().size(), MetadataLimits.MOVES_PER_COMMAND_MAX));
        }
        var batch = new Batch(state);
        command.moves().forEach(move -> batch.add(decide(batch.state(), move, command.onlySettled())));
        return batch.decision();
    }

    private static Decision decide(MetadataState state, ReplicaMove move, boolean onlySettled) {
        var topic = state.topics().byId(move.partition().topicId());
        var found = topic.flatMap(known -> known.partition(move.partition().partition()));
        if (topic.isEmpty() || found.isEmpty()) {
            return Decision.reject(RejectReason.PARTITION_NOT_FOUND, "there is no partition " + move.partition());
        }
        var partition = found.get();
        var original = partition.settledReplicas();
        var name = topic.get().name() + "-" + partition.partition();
        var problems = new Problems();
        if (move.target().isPresent()) {
            checkTarget(state, original, move.target().get(), problems);
        } else if (partition.reassignment().isEmpty()) {
            problems.add(RejectReason.NO_REASSIGNMENT, "%s is not being reassigned", name);
        }
        if (!problems.isEmpty()) {
            return problems.rejection().map(Decision::reject).orElseThrow();
        }
        var reassignment = new Reassignment(original, move.target().orElse(original));
        if (losesRecords(partition, reassignment.all())) {
            return Decision.reject(
                    RejectReason.WOULD_LOSE_RECORDS,
                    "of %s only replicas to be dropped hold all records: wait until one of %s is in sync"
                            .formatted(name, reassignment.all()));
        }
        var reply = new MetadataReply.Done(state.index());
        if (partition.reassignment().equals(Optional.of(reassignment))) {
            return new Decision(List.of(), reply);
        }
        if (onlySettled && move.target().isPresent() && partition.reassignment().isPresent()) {
            return Decision.reject(
                    RejectReason.REASSIGNMENT_IN_PROGRESS,
                    "%s is on its way to %s already: wait for that, or call it off"
                            .formatted(name, partition.reassignment().get().target()));
        }
        var change = new PartitionChange(state, topic.get(), ElectionReason.REASSIGNED, Losses.NONE);
        List<MetadataEvent> events = change.of(partition, reassignment)
                .<List<MetadataEvent>>map(List::of)
                .orElseGet(List::of);
        return new Decision(events, reply);
    }

    private static void checkTarget(
            MetadataState state, List<BrokerId> original, List<BrokerId> target, Problems problems) {
        int max = MetadataLimits.REPLICAS_PER_PARTITION_MAX;
        if (target.isEmpty() || target.size() > max) {
            problems.add(RejectReason.INVALID_REPLICAS, "a partition has 1 to %d replicas, not %d", max, target.size());
            return;
        }
        if (new HashSet<>(target).size() != target.size()) {
            problems.add(RejectReason.INVALID_REPLICAS, "%s names a broker twice", target);
        }
        for (var broker : target) {
            if (!state.brokers().containsKey(broker)) {
                problems.add(RejectReason.BROKER_NOT_FOUND, "there is no broker %s", broker);
            } else if (!original.contains(broker) && !state.isServing(broker)) {
                problems.add(RejectReason.INVALID_REPLICAS, "broker %s is out of service or about to stop", broker);
            }
        }
    }

    /// Replicas that joined in a move under way may be the only ones left in sync: they must not be dropped then.
    private static boolean losesRecords(PartitionImage partition, List<BrokerId> kept) {
        var complete =
                partition.leader().isPresent() || !partition.inSyncReplicas().isEmpty()
                        ? partition.inSyncReplicas()
                        : partition.eligibleLeaderReplicas();
        return !complete.isEmpty() && complete.stream().noneMatch(kept::contains);
    }
}
