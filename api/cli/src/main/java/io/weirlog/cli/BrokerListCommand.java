package io.weirlog.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(name = "list", description = "List all brokers.")
final class BrokerListCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    BrokerListCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var brokers = client.admin().describeCluster().brokers();
            output.print(streams.out(), () -> Brokers.table(brokers), () -> Brokers.json(brokers));
        }
        return ExitCode.OK;
    }
}
