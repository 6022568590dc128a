package io.weirlog.cli;

import com.google.gson.JsonArray;
import io.weirlog.client.GroupSeek;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.SeekOutcome;
import io.weirlog.client.SeekTo;
import io.weirlog.client.StartAt;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "seek",
        description = {
            "Set where a group without members reads on: shows the old and the new offsets, and asks.",
            "Ends with 1 if that was not possible for some partition."
        })
final class GroupSeekCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the group; it is made if it is not there.")
    private String name = "";

    @Option(names = "--topic", required = true, paramLabel = "NAME", description = "The topic.")
    private String topic = "";

    @Option(
            names = "--partition",
            paramLabel = "N",
            description = "Only this partition; may be repeated. Default: all partitions.")
    private TreeSet<Integer> partitions = new TreeSet<>();

    @ArgGroup(multiplicity = "1")
    private Destination destination = new Destination();

    @Option(names = "--dry-run", description = "Show what would be set, and end.")
    private boolean dryRun;

    @Option(
            names = {"-y", "--yes"},
            description = "Do not ask.")
    private boolean yes;

    /// One of the three.
    private static final class Destination {
        @Option(
                names = "--to",
                paramLabel = "earliest|latest|OFFSET|TIME",
                description = "An end of the partition, an offset, or the first record at or after a time.")
        private @Nullable StartAt position;

        @Option(
                names = "--age",
                paramLabel = "DURATION",
                description = "The first record of this age or younger, such as 30m.")
        private @Nullable Duration age;

        @Option(
                names = "--shift-by",
                paramLabel = "N",
                description = "So many records further than what is committed, or back if negative.")
        private @Nullable Long shift;

        SeekTo seekTo() {
            return Optional.ofNullable(position)
                    .map(SeekTo::position)
                    .or(() -> Optional.ofNullable(age).map(SeekTo::age))
                    .or(() -> Optional.ofNullable(shift).map(SeekTo::shift))
                    .orElseThrow();
        }
    }

    GroupSeekCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        try (var client = bootstrap.client()) {
            var groups = client.groups();
            if (dryRun) {
                return tell(groups.planSeek(name, wanted()));
            }
            if (yes) {
                return tell(groups.seek(name, wanted()));
            }
            var plan = groups.planSeek(name, wanted());
            if (!output.json()) {
                streams.out().println(table(plan));
            }
            var shown = shown(plan);
            if (shown.isEmpty() || !Confirmation.ask(streams, "Set them?")) {
                var _ = complain(plan);
                throw new CommandFailed(
                        shown.isEmpty()
                                ? "nothing was set: no partition can be"
                                : "nothing was set: say yes, or give --yes");
            }
            // What was shown is what is set, whatever is written or grows old meanwhile.
            return Math.max(complain(plan), tell(groups.seek(name, shown)));
        }
    }

    private List<GroupSeek> wanted() {
        var to = destination.seekTo();
        return partitions.isEmpty()
                ? List.of(GroupSeek.topic(topic, to))
                : partitions.stream()
                        .map(partition -> GroupSeek.partition(new PartitionRef(topic, partition), to))
                        .toList();
    }

    private static List<GroupSeek> shown(List<SeekOutcome> plan) {
        return plan.stream()
                .filter(one -> one.after().isPresent())
                .map(one -> GroupSeek.partition(
                        one.partition(),
                        SeekTo.position(StartAt.offset(one.after().getAsLong()))))
                .toList();
    }

    private int tell(List<SeekOutcome> outcomes) {
        output.print(streams.out(), () -> table(outcomes), () -> json(outcomes));
        return complain(outcomes);
    }

    /// Tells what was refused.
    private int complain(List<SeekOutcome> outcomes) {
        int code = ExitCode.OK;
        for (var outcome : outcomes) {
            if (outcome.refused().isPresent()) {
                code = ExitCode.SOFTWARE;
                streams.err().println("weirlog: " + outcome.partition() + ": " + why(outcome));
            }
        }
        return code;
    }

    private static String why(SeekOutcome outcome) {
        return outcome.refused()
                .map(why -> ErrorLines.oneLine(String.valueOf(why.getMessage())))
                .orElse("");
    }

    private static String table(List<SeekOutcome> outcomes) {
        var table = new TextTable("PARTITION", "OLD OFFSET", "NEW OFFSET");
        outcomes.forEach(one -> table.row(one.partition(), Groups.number(one.before()), Groups.number(one.after())));
        return table.toString();
    }

    private static JsonArray json(List<SeekOutcome> outcomes) {
        var array = new JsonArray();
        outcomes.forEach(one -> {
            var json = Groups.json(one.partition());
            Groups.addNumber(json, "old_offset", one.before());
            Groups.addNumber(json, "new_offset", one.after());
            json.addProperty("problem", why(one));
            array.add(json);
        });
        return array;
    }
}
