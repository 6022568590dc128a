package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.client.Admin;
import io.weirlog.client.StopCheck;
import io.weirlog.common.BrokerId;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "drain",
        description = "Move a broker's leaderships away, as before a stop, and wait until they have moved.")
final class BrokerDrainCommand implements Callable<Integer> {
    private static final long LOOK_MILLIS = 200;

    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Option(names = "--cancel", description = "Call a drain off: the broker is in service again.")
    private boolean cancel;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "How long to wait; default 60s.")
    private Duration timeout = Duration.ofSeconds(60);

    @Parameters(paramLabel = "ID", description = "The broker's node.id.")
    private int id;

    BrokerDrainCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        var broker = new BrokerId(Math.max(0, id));
        try (var client = bootstrap.client()) {
            if (cancel) {
                client.admin().cancelDrain(broker);
                print("broker " + id + " is in service", "in service");
                return ExitCode.OK;
            }
            // Said before: while it drains, it counts as stopped.
            var before = client.admin().checkStop(broker);
            client.admin().drainBroker(broker);
            awaitMoved(client.admin(), broker);
            print(
                    "broker " + id + " has given up its leaderships; " + BrokerDescribeCommand.verdict(before),
                    "drained");
        }
        return ExitCode.OK;
    }

    private void awaitMoved(Admin admin, BrokerId broker) throws CommandFailed {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        int told = -1;
        while (true) {
            StopCheck check = admin.checkStop(broker);
            if (check.fenced() || (check.draining() && check.leadershipsToMove() == 0)) {
                return;
            }
            if (System.nanoTime() - deadlineNanos >= 0) {
                throw new CommandFailed(check.leadershipsToMove() + " leaderships have not moved within "
                        + timeout.toSeconds() + " s; the drain goes on, call it off with --cancel");
            }
            if (check.leadershipsToMove() != told && !output.json()) {
                told = check.leadershipsToMove();
                streams.err().println(told + " leaderships to move");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
        }
    }

    private void print(String text, String state) {
        output.print(streams.out(), () -> text, () -> {
            var json = new JsonObject();
            json.addProperty("broker_id", id);
            json.addProperty("state", state);
            return json;
        });
    }
}
