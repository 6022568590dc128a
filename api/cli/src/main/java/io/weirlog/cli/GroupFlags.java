package io.weirlog.cli;

import io.weirlog.client.Assignor;
import io.weirlog.client.GroupOptions;
import io.weirlog.client.StartAt;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// How to read as a member of a group.
final class GroupFlags {
    @Option(
            names = {"-g", "--group"},
            paramLabel = "GROUP",
            description = "Reads a share of the topics, together with whoever else is in this group, from where the"
                    + " group is; what was printed is committed. --from says where a new group begins.")
    private Optional<String> group = Optional.empty();

    @Option(
            names = "--topic-pattern",
            paramLabel = "REGEX",
            description = "With --group: reads all topics whose whole name matches.")
    private String topicPattern = "";

    @Option(
            names = "--instance-id",
            paramLabel = "ID",
            description = "With --group: keeps the partitions for this name until it is back.")
    private String instanceId = "";

    @Option(
            names = "--assignor",
            paramLabel = "sticky|uniform|range",
            description = "With --group: how to divide the partitions among its members, if most of them ask for that;"
                    + " default sticky.")
    private Optional<Assignor> assignor = Optional.empty();

    @Option(names = "--no-commit", description = "With --group: commits nothing.")
    private boolean noCommit;

    Optional<String> name() {
        return group;
    }

    boolean commits() {
        return !noCommit;
    }

    /// Whether anything was given that needs a group.
    boolean isChosen() {
        return hasPattern() || !instanceId.isEmpty() || assignor.isPresent() || noCommit;
    }

    boolean hasPattern() {
        return !topicPattern.isEmpty();
    }

    /// @throws IllegalArgumentException if `from` is an offset
    GroupOptions.Builder options(String name, List<String> topics, StartAt from) {
        var options = GroupOptions.builder(name)
                .topicPattern(topicPattern)
                .instanceId(instanceId)
                .start(from)
                .manualCommits();
        assignor.ifPresent(options::assignor);
        topics.forEach(options::topic);
        return options;
    }
}
