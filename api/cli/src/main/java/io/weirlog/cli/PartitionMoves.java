package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.OngoingMove;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.ReplicaMove;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.ExitCode;

/// What the commands that move partitions have in common: plan, question, start, and the watch over what is under way.
/// All of it is in the cluster's metadata, so whoever watches can go and come again.
final class PartitionMoves {
    private final Streams streams;
    private final OutputOption output;
    private final WeirlogClient client;
    private final MoveOptions options;

    PartitionMoves(Streams streams, OutputOption output, WeirlogClient client, MoveOptions options) {
        this.streams = streams;
        this.output = output;
        this.client = client;
        this.options = options;
    }

    /// Shows the plan, asks, starts the moves and watches them.
    int run(List<ReplicaMove> plan) throws CommandFailed {
        if (plan.isEmpty()) {
            say("nothing to move", "nothing to move");
            return ExitCode.OK;
        }
        var sizes =
                MoveSizes.ask(client, plan.stream().map(ReplicaMove::partition).toList());
        if (!output.json() || options.dryRun()) {
            output.print(streams.out(), () -> planText(plan, sizes), () -> planJson(plan, sizes));
        }
        if (options.dryRun()) {
            return ExitCode.OK;
        }
        if (!options.yes() && !Confirmation.ask(streams, "Move them?")) {
            throw new CommandFailed("nothing was moved: say yes, or give --yes");
        }
        var targets = new TreeMap<PartitionRef, List<BrokerId>>();
        plan.forEach(move -> targets.put(move.partition(), move.target()));
        var refused = client.reassignments().start(targets);
        tell(refused);
        targets.keySet().removeAll(refused.keySet());
        if (targets.isEmpty()) {
            return ExitCode.SOFTWARE;
        }
        if (!options.waits()) {
            say(Quantities.count(targets.size(), "partition") + " on the way", "started");
            return refused.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
        new MoveWatch(streams, output, client, options.timeout()).watch(targets);
        say(Quantities.count(targets.size(), "partition") + " moved", "moved");
        return refused.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /// Watches what is under way.
    int attach(Predicate<PartitionRef> chosen) throws CommandFailed {
        var targets = new TreeMap<PartitionRef, List<BrokerId>>();
        for (var move : ongoing(chosen)) {
            targets.put(
                    move.partition(),
                    move.replicas().stream()
                            .filter(replica -> !move.removing().contains(replica))
                            .toList());
        }
        if (targets.isEmpty()) {
            say("nothing is being moved", "nothing to move");
            return ExitCode.OK;
        }
        new MoveWatch(streams, output, client, options.timeout()).watch(targets);
        say(Quantities.count(targets.size(), "partition") + " moved", "moved");
        return ExitCode.OK;
    }

    int status(Predicate<PartitionRef> chosen) {
        var ongoing = ongoing(chosen);
        var sizes = MoveSizes.ask(
                client, ongoing.stream().map(OngoingMove::partition).toList());
        output.print(streams.out(), () -> text(ongoing, sizes), () -> json(ongoing, sizes));
        return ExitCode.OK;
    }

    int cancel(Predicate<PartitionRef> chosen) {
        var partitions = ongoing(chosen).stream().map(OngoingMove::partition).toList();
        if (partitions.isEmpty()) {
            say("nothing is being moved", "nothing to cancel");
            return ExitCode.OK;
        }
        var refused = client.reassignments().cancel(partitions);
        tell(refused);
        say(Quantities.count(partitions.size() - refused.size(), "partition") + " left where they were", "cancelled");
        return refused.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private List<OngoingMove> ongoing(Predicate<PartitionRef> chosen) {
        return client.reassignments().ongoing().stream()
                .filter(move -> chosen.test(move.partition()))
                .toList();
    }

    private void tell(Map<PartitionRef, WeirlogException> refused) {
        refused.forEach((partition, why) -> streams.err()
                .println("weirlog: " + partition + ": " + ErrorLines.oneLine(String.valueOf(why.getMessage()))));
    }

    private void say(String text, String state) {
        output.print(streams.out(), () -> text, () -> {
            var json = new JsonObject();
            json.addProperty("state", state);
            return json;
        });
    }

    // The plan, and what is under way, for people and for programs.

    private static long bytes(ReplicaMove move, MoveSizes sizes) {
        return sizes.bytes(move.partition()) * move.adding().size();
    }

    private static Map<PartitionRef, Long> bytes(List<ReplicaMove> plan, MoveSizes sizes) {
        return plan.stream().collect(Collectors.toMap(ReplicaMove::partition, move -> bytes(move, sizes)));
    }

    private static long sum(Map<PartitionRef, Long> bytes) {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    private static String planText(List<ReplicaMove> plan, MoveSizes sizes) {
        var table = new TextTable("PARTITION", "FROM", "TO", "TO COPY");
        plan.forEach(move -> table.row(
                move.partition(),
                brokers(move.current()),
                brokers(move.target()),
                Quantities.bytes(bytes(move, sizes))));
        var bytes = bytes(plan, sizes);
        var time = sizes.time(bytes)
                .map(duration -> ", at least " + Quantities.seconds(duration) + " as throttled")
                .orElse(", as fast as the brokers can: they have no throttle");
        return table + System.lineSeparator() + Quantities.count(plan.size(), "partition") + ", "
                + Quantities.bytes(sum(bytes)) + " to copy" + time;
    }

    private static JsonObject planJson(List<ReplicaMove> plan, MoveSizes sizes) {
        var moves = new JsonArray();
        for (var move : plan) {
            var json = new JsonObject();
            json.addProperty("topic", move.partition().topic());
            json.addProperty("partition", move.partition().partition());
            json.add("from", ids(move.current()));
            json.add("to", ids(move.target()));
            json.addProperty("bytes_to_copy", bytes(move, sizes));
            moves.add(json);
        }
        var bytes = bytes(plan, sizes);
        var json = new JsonObject();
        json.add("moves", moves);
        json.addProperty("bytes_to_copy", sum(bytes));
        sizes.time(bytes).ifPresent(time -> json.addProperty("seconds_min", time.toMillis() / 1_000.0));
        return json;
    }

    private static String text(List<OngoingMove> ongoing, MoveSizes sizes) {
        if (ongoing.isEmpty()) {
            return "nothing is being moved";
        }
        var table = new TextTable("PARTITION", "ADDING", "REMOVING", "LEFT TO COPY");
        ongoing.forEach(move -> table.row(
                move.partition(),
                brokers(move.adding()),
                brokers(move.removing()),
                Quantities.bytes(sizes.missingBytes(move.partition(), move.adding()))));
        return table.toString();
    }

    private static JsonArray json(List<OngoingMove> ongoing, MoveSizes sizes) {
        var array = new JsonArray();
        for (var move : ongoing) {
            var json = new JsonObject();
            json.addProperty("topic", move.partition().topic());
            json.addProperty("partition", move.partition().partition());
            json.add("adding", ids(move.adding()));
            json.add("removing", ids(move.removing()));
            json.addProperty("bytes_left", sizes.missingBytes(move.partition(), move.adding()));
            array.add(json);
        }
        return array;
    }

    private static JsonArray ids(List<BrokerId> brokers) {
        var array = new JsonArray();
        brokers.forEach(broker -> array.add(broker.value()));
        return array;
    }

    private static String brokers(List<BrokerId> brokers) {
        return brokers.isEmpty()
                ? "none"
                : brokers.stream().map(BrokerId::toString).collect(Collectors.joining(","));
    }
}
