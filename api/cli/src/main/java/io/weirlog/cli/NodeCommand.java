package io.weirlog.cli;

import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigResult.Setting;
import io.weirlog.server.config.NodeConfig;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ExitCode;

/// What `dev` and `server` have in common: a node in the foreground, for as long as nobody ends the process.
final class NodeCommand {
    private static final Logger LOG = LoggerFactory.getLogger(NodeCommand.class);

    private final Streams streams;

    NodeCommand(Streams streams) {
        this.streams = streams;
    }

    /// Runs the node, or shows its configuration, or what is wrong with that.
    int run(ConfigResult result, boolean printConfig) throws NodeStartException, CommandFailed {
        return switch (result) {
            case ConfigResult.Invalid invalid -> refused(invalid);
            case ConfigResult.Valid valid
            when printConfig -> {
                streams.out().println(table(valid.settings()));
                yield ExitCode.OK;
            }
            case ConfigResult.Valid valid -> serve(List.of(valid.config()));
        };
    }

    /// Says what is wrong with a configuration.
    int refused(ConfigResult.Invalid invalid) {
        invalid.problems()
                .forEach(problem -> streams.err().println("weirlog: " + ErrorLines.oneLine(problem.toString())));
        return ExitCode.USAGE;
    }

    /// Runs nodes in this process.
    int serve(List<NodeConfig> configs) throws NodeStartException, CommandFailed {
        var first = configs.getFirst();
        Logging.ofNode(
                first.loggingFormat(),
                configs.size() == 1 ? OptionalInt.of(first.nodeId().value()) : OptionalInt.empty());
        return switch (first.loggingFormat()) {
            case TEXT -> serveUntilFailure(configs, ready -> streams.out().println("ready " + ready));
            case JSON -> serveInJson(configs);
        };
    }

    /// Who reads JSON reads nothing else: the node logs that it is ready, and its end is an event too.
    private int serveInJson(List<NodeConfig> configs) {
        try {
            return serveUntilFailure(configs, _ -> {});
        } catch (NodeStartException | CommandFailed | RuntimeException e) {
            LOG.error("{}", ErrorLines.describe(e), e);
            return ErrorLines.exitCode(e);
        }
    }

    private int serveUntilFailure(List<NodeConfig> configs, Consumer<String> ready)
            throws NodeStartException, CommandFailed {
        try (var nodes = RunningNodes.start(configs)) {
            // Ctrl-C and SIGTERM run this hook; the nodes themselves bound how long their close takes.
            Runtime.getRuntime()
                    .addShutdownHook(Thread.ofPlatform().name("weirlog-stop").unstarted(nodes::close));
            ready.accept(nodes.addresses());
            streams.out().flush();
            // Nothing else ends this wait: it is what the command is for.
            var cause = nodes.failure().join();
            throw new CommandFailed("the node cannot go on: " + ErrorLines.describe(cause), cause);
        }
    }

    /// Every key in the order of the table, also those without a value, then the topic defaults.
    private static String table(List<Setting> settings) {
        var byKey = settings.stream().collect(Collectors.toMap(Setting::key, Function.identity()));
        var table = new TextTable("KEY", "VALUE", "FROM");
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            var setting = byKey.remove(key.name());
            if (setting == null) {
                table.row(key.name(), "-", "not set");
            } else {
                table.row(key.name(), setting.value(), setting.origin());
            }
        }
        byKey.values().stream()
                .sorted(Comparator.comparing(Setting::key))
                .forEach(setting -> table.row(setting.key(), setting.value(), setting.origin()));
        return table.toString();
    }
}
