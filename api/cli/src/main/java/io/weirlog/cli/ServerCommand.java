package io.weirlog.cli;

import io.weirlog.server.NodeStartException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "server", description = "Run a node of a cluster until the process is ended.")
final class ServerCommand implements Callable<Integer> {
    private final NodeCommand node;

    @Mixin
    private final NodeOptions options = new NodeOptions();

    ServerCommand(Streams streams) {
        this.node = new NodeCommand(streams);
    }

    @Override
    public Integer call() throws NodeStartException, CommandFailed {
        return node.run(options.load(Map.of(), List.of()), options.printConfig());
    }
}
