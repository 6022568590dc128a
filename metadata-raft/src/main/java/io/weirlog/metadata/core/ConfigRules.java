package io.weirlog.metadata.core;

import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.MetadataCommand.AlterTopicConfigs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Topics' configs change, and what follows from that for their partitions: a smaller `min.insync.replicas` leaves
/// nobody eligible beside an in-sync set that is now large enough (R11), and a consent to unclean elections gives
/// partitions a leader that nobody could lead (R12).
final class ConfigRules {
    private ConfigRules() {}

    /// What is wrong with the explicit configs of a topic.
    static void check(Map<String, String> configs, int replicationFactor, Problems problems) {
        var found = TopicConfigs.problems(configs);
        found.forEach(problem -> problems.add(RejectReason.INVALID_CONFIG, "%s", problem));
        if (found.isEmpty() && configs.containsKey(TopicConfigs.MIN_INSYNC_REPLICAS)) {
            long minInSync = TopicConfigs.effective(configs).longValue(TopicConfigs.MIN_INSYNC_REPLICAS);
            if (minInSync > replicationFactor) {
                problems.add(
                        RejectReason.INVALID_CONFIG,
                        "%s: %d is above the replication factor %d, so nothing could be acknowledged by all",
                        TopicConfigs.MIN_INSYNC_REPLICAS,
                        minInSync,
                        replicationFactor);
            }
        }
    }

    static Decision alter(MetadataState state, AlterTopicConfigs command) {
        var found = state.topics().find(command.topic());
        if (found.isEmpty()) {
            return TopicRules.notFound(command.topic());
        }
        var topic = found.get();
        var problems = new Problems();
        checkDeletions(command, problems);
        var configs = new TreeMap<>(topic.configs());
        configs.keySet().removeAll(command.delete());
        configs.putAll(command.set());
        if (command.set().containsKey(TopicConfigs.MIN_INSYNC_REPLICAS)) {
            check(configs, topic.replicationFactor(), problems);
        } else {
            // One that a reassignment has left above the replication factor stands in the way of nothing else.
            TopicConfigs.problems(command.set())
                    .forEach(problem -> problems.add(RejectReason.INVALID_CONFIG, "%s", problem));
        }
        if (problems.isEmpty()) {
            checkKept(topic.configs(), configs, problems);
        }
        return problems.rejection().map(Decision::reject).orElseGet(() -> altered(state, topic, configs));
    }

    /// What records were acknowledged under, and what the files of a log may look like, holds for good.
    private static void checkKept(Map<String, String> before, Map<String, String> after, Problems problems) {
        var was = TopicConfigs.effective(before);
        var is = TopicConfigs.effective(after);
        if (was.durability() != is.durability()) {
            problems.add(
                    RejectReason.INVALID_CONFIG,
                    "%s: a topic keeps what it was created with, %s",
                    TopicConfigs.DURABILITY,
                    was.text(TopicConfigs.DURABILITY));
        }
        if (was.list(TopicConfigs.CLEANUP_POLICY).contains("compact")
                && !is.list(TopicConfigs.CLEANUP_POLICY).contains("compact")) {
            problems.add(
                    RejectReason.INVALID_CONFIG,
                    "%s: compact cannot be taken back, since the log may have gaps by now; add delete to it",
                    TopicConfigs.CLEANUP_POLICY);
        }
    }

    private static void checkDeletions(AlterTopicConfigs command, Problems problems) {
        for (var key : command.delete()) {
            TopicConfigs.unknown(key).ifPresent(problem -> problems.add(RejectReason.INVALID_CONFIG, "%s", problem));
            if (command.set().containsKey(key)) {
                problems.add(RejectReason.INVALID_CONFIG, "%s: either set or deleted, not both", Printable.text(key));
            }
        }
    }

    private static Decision altered(MetadataState state, TopicImage topic, Map<String, String> configs) {
        var reply = new MetadataReply.Done(state.index());
        if (configs.equals(topic.configs())) {
            return new Decision(List.of(), reply);
        }
        var events = new ArrayList<MetadataEvent>();
        events.add(new MetadataEvent.TopicConfigsChanged(topic.id(), topic.name(), configs));
        var after = state.evolve(events.getFirst());
        var changed = after.topics().existing(topic.id());
        var change = new PartitionChange(after, changed, ElectionReason.CONFIGS_CHANGED, Losses.NONE);
        changed.partitions().forEach(partition -> change.of(partition).ifPresent(events::add));
        return new Decision(events, reply);
    }
}
