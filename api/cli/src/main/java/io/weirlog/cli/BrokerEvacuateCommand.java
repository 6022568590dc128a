package io.weirlog.cli;

import io.weirlog.client.OngoingMove;
import io.weirlog.common.BrokerId;
import java.util.HashSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "evacuate",
        description = {
            "Move all that a broker keeps to the others, as before it goes for good: shows the plan, asks, and tells how",
            "far it is. Called again, it goes on where it was. Topics created meanwhile may still come to the broker:",
            "call it until it says that there is nothing to do, then stop the broker."
        })
final class BrokerEvacuateCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Mixin
    private final MoveOptions options = new MoveOptions();

    @Option(names = "--cancel", description = "Call off the moves away from the broker that are under way.")
    private boolean cancel;

    @Option(names = "--status", description = "Tell which partitions are on their way, and how far.")
    private boolean status;

    @Parameters(paramLabel = "ID", description = "The broker's node.id.")
    private int id;

    BrokerEvacuateCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        if (id < 0) {
            throw new CommandFailed("brokers are numbers from 0, " + id + " is none");
        }
        var broker = new BrokerId(id);
        try (var client = bootstrap.client()) {
            var moves = new PartitionMoves(streams, output, client, options);
            if (cancel || status) {
                var leaving = new HashSet<>(client.reassignments().ongoing().stream()
                        .filter(move -> move.removing().contains(broker))
                        .map(OngoingMove::partition)
                        .collect(Collectors.toSet()));
                return cancel ? moves.cancel(leaving::contains) : moves.status(leaving::contains);
            }
            var plan = client.reassignments().planEvacuation(broker);
            if (plan.isEmpty()) {
                // What an earlier call has started.
                var leaving = client.reassignments().ongoing().stream()
                        .filter(move -> move.removing().contains(broker))
                        .map(OngoingMove::partition)
                        .collect(Collectors.toSet());
                return leaving.isEmpty() ? moves.run(plan) : moves.attach(leaving::contains);
            }
            return moves.run(plan);
        }
    }
}
