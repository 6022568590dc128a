package io.weirlog.metadata.core;

import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.MetadataCommand.ElectLeaders;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;

/// Elections that somebody asks for: leaderships go back to the preferred leaders, where the placement had
/// balanced them; and partitions that nobody may lead get a leader at any price.
final class ElectionRules {
    private ElectionRules() {}

    private record Verdict(Optional<MetadataEvent.PartitionChanged> event, ElectionResult result) {
        static Verdict unchanged(ElectionResult result) {
            return new Verdict(Optional.empty(), result);
        }
    }

    static Decision elect(MetadataState state, ElectLeaders command) {
        if (command.partitions().size() > MetadataLimits.ELECTIONS_PER_COMMAND_MAX) {
            return Decision.reject(
                    RejectReason.LIMIT_EXCEEDED,
                    "elections for %d partitions in one command, at most %d are allowed"
                            .formatted(command.partitions().size(), MetadataLimits.ELECTIONS_PER_COMMAND_MAX));
        }
        var current = state;
        var events = new ArrayList<MetadataEvent>();
        var results = new ArrayList<ElectionResult>(command.partitions().size());
        for (var partition : command.partitions()) {
            var verdict = decide(current, command.kind(), partition);
            results.add(verdict.result());
            if (verdict.event().isPresent()) {
                current = current.evolve(verdict.event().get());
                events.add(verdict.event().get());
            }
        }
        return new Decision(events, new MetadataReply.LeadersElected(results, state.index()));
    }

    private static Verdict decide(MetadataState state, ElectionKind kind, TopicPartition id) {
        var topic = state.topics().byId(id.topicId());
        var partition = topic.flatMap(known -> known.partition(id.partition()));
        if (topic.isEmpty() || partition.isEmpty()) {
            return Verdict.unchanged(ElectionResult.UNKNOWN_PARTITION);
        }
        return switch (kind) {
            case PREFERRED -> preferred(state, topic.get(), partition.get());
            case UNCLEAN -> unclean(state, topic.get(), partition.get());
        };
    }

    /// Once the leader may not go on, the first in-sync replica in the order of preference leads.
    private static Verdict preferred(MetadataState state, TopicImage topic, PartitionImage partition) {
        var preferred = partition.replicas().getFirst();
        if (partition.leader().equals(Optional.of(preferred))) {
            return Verdict.unchanged(ElectionResult.LEADS_ALREADY);
        }
        if (!partition.inSyncReplicas().contains(preferred) || !state.isServing(preferred)) {
            return Verdict.unchanged(ElectionResult.NOT_AVAILABLE);
        }
        var leader = partition.leader().map(Set::of).orElseGet(Set::of);
        return new Verdict(
                new PartitionChange(state, topic, ElectionReason.PREFERRED, Losses.ofLeadership(leader)).of(partition),
                ElectionResult.ELECTED);
    }

    private static Verdict unclean(MetadataState state, TopicImage topic, PartitionImage partition) {
        if (partition.leader().isPresent()) {
            return Verdict.unchanged(ElectionResult.LEADS_ALREADY);
        }
        var event = new PartitionChange(state, topic, ElectionReason.UNCLEAN, Losses.NONE).of(partition);
        return event.isPresent()
                ? new Verdict(event, ElectionResult.ELECTED)
                : Verdict.unchanged(ElectionResult.NOT_AVAILABLE);
    }
}
