package io.weirlog.cli;

import io.weirlog.client.PartitionRef;
import io.weirlog.client.ReplicaMove;
import io.weirlog.client.WeirlogClient;
import io.weirlog.common.BrokerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "reassign",
        description = {
            "Move a topic's partitions to other brokers: shows the plan, asks, and tells how far it is.",
            "The cluster moves them whether this command goes on or not; it can be attached again."
        })
final class TopicReassignCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Mixin
    private final MoveOptions options = new MoveOptions();

    @Parameters(paramLabel = "NAME", description = "The name of the topic.")
    private String name = "";

    @ArgGroup(multiplicity = "1")
    private Wanted wanted = new Wanted();

    /// What to do: exactly one of these.
    static final class Wanted {
        @Option(
                names = "--brokers",
                split = ",",
                paramLabel = "ID,...",
                description = "The brokers to spread the topic over: evenly, over racks, with as few copies as can be.")
        private List<Integer> brokers = new ArrayList<>();

        @Option(
                names = "--target",
                paramLabel = "PARTITION=ID:ID...",
                description = {
                    "The brokers of one partition, the preferred leader first, such as 0=1:2:4;",
                    "may be repeated."
                })
        private Map<Integer, String> targets = new TreeMap<>();

        @Option(names = "--status", description = "Tell which partitions are on their way, and how far.")
        private boolean status;

        @Option(names = "--attach", description = "Watch the moves under way until they are through.")
        private boolean attach;

        @Option(names = "--cancel", description = "Call off the moves under way.")
        private boolean cancel;
    }

    TopicReassignCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        try (var client = bootstrap.client()) {
            var topic = client.admin().describeTopic(name);
            var moves = new PartitionMoves(streams, output, client, options);
            if (wanted.status) {
                return moves.status(partition -> partition.topic().equals(name));
            }
            if (wanted.attach) {
                return moves.attach(partition -> partition.topic().equals(name));
            }
            if (wanted.cancel) {
                return moves.cancel(partition -> partition.topic().equals(name));
            }
            if (!wanted.brokers.isEmpty()) {
                return moves.run(planned(client));
            }
            var given = new ArrayList<ReplicaMove>();
            for (var target : wanted.targets.entrySet()) {
                int partition = target.getKey();
                TopicCheck.partition(topic, partition);
                given.add(new ReplicaMove(
                        new PartitionRef(name, partition),
                        topic.partitions().get(partition).replicas(),
                        brokers(target.getValue())));
            }
            return moves.run(given.stream()
                    .filter(move -> !move.current().equals(move.target()))
                    .toList());
        }
    }

    private List<ReplicaMove> planned(WeirlogClient client) throws CommandFailed {
        var brokers = new ArrayList<BrokerId>();
        for (int broker : wanted.brokers) {
            brokers.add(broker(Integer.toString(broker)));
        }
        return client.reassignments().plan(name, brokers);
    }

    private static List<BrokerId> brokers(String text) throws CommandFailed {
        var brokers = new ArrayList<BrokerId>();
        for (var id : text.split(":", -1)) {
            brokers.add(broker(id));
        }
        return brokers;
    }

    private static BrokerId broker(String text) throws CommandFailed {
        try {
            int id = Integer.parseInt(text.strip());
            if (id >= 0) {
                return new BrokerId(id);
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new CommandFailed("\"" + text + "\" is no broker: brokers are numbers, as in 0=1:2:4");
    }
}
