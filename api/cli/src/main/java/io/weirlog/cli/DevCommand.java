package io.weirlog.cli;

import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigSources.Flag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "dev", description = "Run a whole cluster in one process, for this machine only, until Ctrl-C.")
final class DevCommand implements Callable<Integer> {
    /// One node talks to nobody, so its other ports must not get in the way of anything.
    private static final Map<String, String> DEFAULTS = Map.of(
            ConfigKeys.CLIENT_HOST.name(), "127.0.0.1",
            ConfigKeys.INTERNAL_PORT.name(), "0",
            ConfigKeys.RAFT_PORT.name(), "0");

    private final NodeCommand node;

    @Spec
    private CommandSpec command = CommandSpec.create(); // Replaced by picocli.

    @Mixin
    private final NodeOptions options = new NodeOptions();

    @Option(names = "--nodes", paramLabel = "N", description = "How many nodes; only 1 in this version.")
    private int nodes = 1;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Where the data are; default ./weirlog-data.")
    private Optional<String> dataDir = Optional.empty();

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "The port for clients; default 7171, 0 for any free one.")
    private Optional<String> port = Optional.empty();

    DevCommand(Streams streams) {
        this.node = new NodeCommand(streams);
    }

    @Override
    public Integer call() throws NodeStartException, CommandFailed {
        if (nodes != 1) {
            throw new ParameterException(command.commandLine(), "--nodes: this version runs 1 node, not " + nodes);
        }
        var flags = new ArrayList<Flag>();
        dataDir.ifPresent(given -> flags.add(new Flag(ConfigKeys.DATA_DIR.name(), given, "--data-dir")));
        port.ifPresent(given -> flags.add(new Flag(ConfigKeys.CLIENT_PORT.name(), given, "--port")));
        return node.run(options.load(DEFAULTS, List.copyOf(flags)), options.printConfig());
    }
}
