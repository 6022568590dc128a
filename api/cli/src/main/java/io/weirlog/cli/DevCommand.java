package io.weirlog.cli;

import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources.Flag;
import io.weirlog.server.config.NodeConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
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
            ConfigKeys.RAFT_PORT.name(), "0",
            // Nobody reaches it but from this machine.
            ConfigKeys.HTTP_RECORDS_ENABLE.name(), "true");

    private final NodeCommand node;

    @Spec
    private CommandSpec command = CommandSpec.create(); // Replaced by picocli.

    @Mixin
    private final NodeOptions options = new NodeOptions();

    @Option(names = "--nodes", paramLabel = "N", description = "How many nodes: 1, 3 or 5; default 1.")
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
        if (nodes != 1 && nodes != 3 && nodes != 5) {
            throw new ParameterException(command.commandLine(), "--nodes: 1, 3 or 5, not " + nodes);
        }
        var flags = new ArrayList<Flag>();
        boolean anyPort = port.filter("0"::equals).isPresent();
        dataDir.ifPresent(given -> flags.add(new Flag(ConfigKeys.DATA_DIR.name(), given, "--data-dir")));
        port.ifPresent(given -> flags.add(new Flag(ConfigKeys.CLIENT_PORT.name(), given, "--port")));
        var result = options.load(anyPort ? anyHttpPort() : DEFAULTS, List.copyOf(flags));
        return switch (result) {
            case ConfigResult.Valid(var config, var _)
            when nodes > 1 && !options.printConfig() -> runSeveral(config, flags);
            case ConfigResult.Valid _, ConfigResult.Invalid _ -> node.run(result, options.printConfig());
        };
    }

    private int runSeveral(NodeConfig base, List<Flag> ownFlags) throws NodeStartException, CommandFailed {
        var cluster = DevCluster.open(base.dataDir(), nodes, base.network().clientPort());
        List<NodeConfig> configs = new ArrayList<>();
        Set<Integer> httpPorts = new HashSet<>();
        for (int number = 1; number <= nodes; number++) {
            var ports = cluster.ports().get(number - 1);
            var flags = new ArrayList<>(ownFlags);
            flags.add(flag(ConfigKeys.NODE_ID, number));
            flags.add(flag(ConfigKeys.CLUSTER_ID, cluster.clusterId()));
            flags.add(flag(ConfigKeys.DATA_DIR, cluster.folder().resolve("node-" + number)));
            flags.add(flag(ConfigKeys.CLIENT_PORT, ports.client()));
            flags.add(flag(ConfigKeys.INTERNAL_PORT, ports.internal()));
            flags.add(flag(ConfigKeys.RAFT_PORT, ports.raft()));
            flags.add(flag(ConfigKeys.CONTROLLER_QUORUM, cluster.quorum()));
            flags.add(flag(ConfigKeys.HTTP_PORT, httpPort(base.network().httpPort(), httpPorts)));
            switch (options.load(DEFAULTS, flags)) {
                case ConfigResult.Valid(var config, var _) -> configs.add(config);
                case ConfigResult.Invalid invalid -> {
                    return node.refused(invalid);
                }
            }
        }
        return node.serve(configs);
    }

    /// Who takes any port for clients has no use for a fixed one for watchers either.
    private static Map<String, String> anyHttpPort() {
        var defaults = new HashMap<>(DEFAULTS);
        defaults.put(ConfigKeys.HTTP_PORT.name(), "0");
        return Map.copyOf(defaults);
    }

    /// The first node has the port that was asked for, the others the next free ones.
    private static String httpPort(OptionalInt first, Set<Integer> taken) throws NodeStartException {
        if (first.isEmpty()) {
            return "off";
        }
        if (first.getAsInt() == 0 || taken.add(first.getAsInt())) {
            return Integer.toString(first.getAsInt());
        }
        try {
            return Integer.toString(DevCluster.free(first.getAsInt(), taken));
        } catch (IOException e) {
            throw new NodeStartException("no port is left for http.port: " + e.getMessage(), e);
        }
    }

    private static Flag flag(ConfigKey<?> key, Object value) {
        return new Flag(key.name(), value.toString(), "--nodes");
    }
}
