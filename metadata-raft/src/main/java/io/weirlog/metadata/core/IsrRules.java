package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.IsrResult.Reason;
import io.weirlog.metadata.core.MetadataCommand.AlterIsr;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Leaders change in-sync sets, and replicas leave them.
final class IsrRules {
    private IsrRules() {}

    private record Verdict(Optional<MetadataEvent.PartitionChanged> event, IsrResult result) {
        static Verdict refused(Reason reason) {
            return new Verdict(Optional.empty(), new IsrResult.Refused(reason));
        }
    }

    /// Each change is decided by itself, in order: one that comes too late does not hold up the others.
    static Decision alter(MetadataState state, AlterIsr command) {
        if (command.changes().size() > MetadataLimits.ISR_CHANGES_PER_COMMAND_MAX) {
            return Decision.reject(
                    RejectReason.LIMIT_EXCEEDED,
                    "%d changes of in-sync sets in one command, at most %d are allowed"
                            .formatted(command.changes().size(), MetadataLimits.ISR_CHANGES_PER_COMMAND_MAX));
        }
        return BrokerRules.guarded(state, command.leader(), command.leaderBrokerEpoch(), leader -> {
            var current = state;
            var events = new ArrayList<MetadataEvent>();
            var results = new ArrayList<IsrResult>(command.changes().size());
            for (var change : command.changes()) {
                var verdict = decide(current, leader.id(), change);
                results.add(verdict.result());
                if (verdict.event().isPresent()) {
                    current = current.evolve(verdict.event().get());
                    events.add(verdict.event().get());
                }
            }
            return new Decision(events, new MetadataReply.IsrAltered(results, state.index()));
        });
    }

    private static Verdict decide(MetadataState state, BrokerId leader, IsrChange change) {
        var topic = state.topics().byId(change.partition().topicId());
        var partition =
                topic.flatMap(found -> found.partition(change.partition().partition()));
        if (topic.isEmpty() || partition.isEmpty()) {
            return Verdict.refused(Reason.UNKNOWN_PARTITION);
        }
        return decide(state, leader, change, topic.get(), partition.get());
    }

    private static Verdict decide(
            MetadataState state, BrokerId broker, IsrChange change, TopicImage topic, PartitionImage before) {
        boolean stays = change.inSync().stream().anyMatch(member -> member.id().equals(broker));
        return stays ? lead(state, broker, change, topic, before) : leave(state, broker, change, topic, before);
    }

    /// A replica whose log has failed takes itself out of the in-sync and the eligible set, and hands over if it
    /// leads: it asks for the set as it is, without itself. The last one that has all that was acknowledged stays
    /// what it is, for the records are nowhere else.
    private static Verdict leave(
            MetadataState state, BrokerId replica, IsrChange change, TopicImage topic, PartitionImage before) {
        if (!before.replicas().contains(replica)) {
            return Verdict.refused(Reason.INVALID_IN_SYNC_SET);
        }
        if (!before.leaderEpoch().equals(change.leaderEpoch())) {
            return Verdict.refused(Reason.STALE_LEADER_EPOCH);
        }
        var others = without(replica, before.inSyncReplicas());
        var eligible = without(replica, before.eligibleLeaderReplicas());
        if (others.equals(before.inSyncReplicas()) && eligible.equals(before.eligibleLeaderReplicas())) {
            return new Verdict(Optional.empty(), altered(before));
        }
        if (before.partitionEpoch() != change.partitionEpoch()) {
            return Verdict.refused(Reason.STALE_PARTITION_EPOCH);
        }
        var wanted = change.inSync().stream().map(IsrChange.Member::id).toList();
        if (!new HashSet<>(wanted).equals(new HashSet<>(others)) || (others.isEmpty() && eligible.isEmpty())) {
            return Verdict.refused(Reason.INVALID_IN_SYNC_SET);
        }
        var event = new PartitionChange(state, topic, ElectionReason.LEADER_GONE, Losses.ofFailedLog(replica))
                .of(before, others);
        var after = event.map(MetadataEvent.PartitionChanged::partition).orElse(before);
        // The records of one that has failed may come back with it: that is no reason for an unclean election (R12),
        // which might choose the very same one.
        boolean unclean = after.inSyncReplicas().contains(replica)
                || event.flatMap(MetadataEvent.PartitionChanged::election)
                        .filter(election -> !election.clean())
                        .isPresent();
        return unclean ? Verdict.refused(Reason.INVALID_IN_SYNC_SET) : new Verdict(event, altered(after));
    }

    private static List<BrokerId> without(BrokerId replica, List<BrokerId> replicas) {
        return replicas.stream().filter(other -> !other.equals(replica)).toList();
    }

    /// An identical retry succeeds even though the partition epoch has moved on (R9, KAFKA-14144): the set is
    /// what the leader of this epoch wants it to be.
    private static Verdict lead(
            MetadataState state, BrokerId leader, IsrChange change, TopicImage topic, PartitionImage before) {
        if (!before.leader().equals(Optional.of(leader))) {
            return Verdict.refused(Reason.NOT_LEADER);
        }
        if (!before.leaderEpoch().equals(change.leaderEpoch())) {
            return Verdict.refused(Reason.STALE_LEADER_EPOCH);
        }
        var wanted = change.inSync().stream().map(IsrChange.Member::id).toList();
        var distinct = Set.copyOf(wanted);
        if (distinct.size() != wanted.size() || !before.replicas().containsAll(wanted) || !wanted.contains(leader)) {
            return Verdict.refused(Reason.INVALID_IN_SYNC_SET);
        }
        if (distinct.equals(new HashSet<>(before.inSyncReplicas()))) {
            return new Verdict(Optional.empty(), altered(before));
        }
        if (before.partitionEpoch() != change.partitionEpoch()) {
            return Verdict.refused(Reason.STALE_PARTITION_EPOCH);
        }
        if (!change.inSync().stream().allMatch(member -> isEligible(state, before, member))) {
            return Verdict.refused(Reason.INELIGIBLE_REPLICA);
        }
        // If the leader is draining, it hands over to whoever joins.
        var event = new PartitionChange(state, topic, ElectionReason.DRAINING, Losses.NONE).of(before, wanted);
        return new Verdict(
                event,
                altered(event.map(MetadataEvent.PartitionChanged::partition).orElse(before)));
    }

    private static IsrResult altered(PartitionImage partition) {
        return new IsrResult.Altered(partition.leaderEpoch(), partition.partitionEpoch());
    }

    private static boolean isEligible(MetadataState state, PartitionImage before, IsrChange.Member member) {
        boolean joins = !before.inSyncReplicas().contains(member.id());
        return Optional.ofNullable(state.brokers().get(member.id()))
                .filter(broker -> broker.epoch().equals(member.epoch()))
                .filter(broker -> !broker.fenced())
                .filter(broker -> !(joins && broker.draining()))
                .isPresent();
    }
}
