package io.weirlog.metadata.core;

import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.MetadataCommand.ElectPreferredLeaders;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;

/// Leaderships go back to the preferred leaders, where the placement had balanced them.
final class PreferredRules {
    private PreferredRules() {}

    private record Verdict(Optional<MetadataEvent.PartitionChanged> event, PreferredResult result) {
        static Verdict unchanged(PreferredResult result) {
            return new Verdict(Optional.empty(), result);
        }
    }

    static Decision elect(MetadataState state, ElectPreferredLeaders command) {
        if (command.partitions().size() > MetadataLimits.ELECTIONS_PER_COMMAND_MAX) {
            return Decision.reject(
                    RejectReason.LIMIT_EXCEEDED,
                    "elections for %d partitions in one command, at most %d are allowed"
                            .formatted(command.partitions().size(), MetadataLimits.ELECTIONS_PER_COMMAND_MAX));
        }
        var current = state;
        var events = new ArrayList<MetadataEvent>();
        var results = new ArrayList<PreferredResult>(command.partitions().size());
        for (var partition : command.partitions()) {
            var verdict = decide(current, partition);
            results.add(verdict.result());
            if (verdict.event().isPresent()) {
                current = current.evolve(verdict.event().get());
                events.add(verdict.event().get());
            }
        }
        return new Decision(events, new MetadataReply.PreferredLeadersElected(results, state.index()));
    }

    private static Verdict decide(MetadataState state, TopicPartition id) {
        var topic = state.topics().byId(id.topicId());
        var found = topic.flatMap(known -> known.partition(id.partition()));
        if (topic.isEmpty() || found.isEmpty()) {
            return Verdict.unchanged(PreferredResult.UNKNOWN_PARTITION);
        }
        var partition = found.get();
        var preferred = partition.replicas().getFirst();
        if (partition.leader().equals(Optional.of(preferred))) {
            return Verdict.unchanged(PreferredResult.LEADS_ALREADY);
        }
        if (!partition.inSyncReplicas().contains(preferred) || !state.isServing(preferred)) {
            return Verdict.unchanged(PreferredResult.NOT_AVAILABLE);
        }
        return new Verdict(elected(state, id, partition), PreferredResult.ELECTED);
    }

    /// Once the leader may not go on, the first in-sync replica in the order of preference leads.
    private static Optional<MetadataEvent.PartitionChanged> elected(
            MetadataState state, TopicPartition id, PartitionImage partition) {
        var topic = state.topics().existing(id.topicId());
        var leader = partition.leader().map(Set::of).orElseGet(Set::of);
        return new PartitionChange(state, topic, ElectionReason.PREFERRED, Set.of(), leader).of(partition);
    }
}
