package io.weirlog.cli;

import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.ConfigSources.Flag;
import io.weirlog.server.config.NodeConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/// How a node that a command starts is configured.
final class NodeOptions {
    private static final Path FILE_BY_DEFAULT = Path.of("weirlog.yaml");

    @Option(
            names = "--config",
            paramLabel = "FILE",
            defaultValue = "${env:WEIRLOG_CONFIG}",
            description = "The configuration; default WEIRLOG_CONFIG, or weirlog.yaml where there is one.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = {"-c", "--set"},
            paramLabel = "KEY=VALUE",
            description = "A key of the configuration; wins over WEIRLOG_... variables and the file. May be repeated.")
    private List<String> settings = new ArrayList<>();

    @Option(names = "--print-config", description = "Show every key, its value and where that came from, and end.")
    private boolean printConfig;

    boolean printConfig() {
        return printConfig;
    }

    /// Reads the configuration.
    ///
    /// @param commandDefaults what the command sets if nobody else does
    /// @param ownFlags the command's own flags for keys; they win over `-c`
    ConfigResult load(Map<String, String> commandDefaults, List<Flag> ownFlags) {
        var flags = new ArrayList<Flag>();
        for (var setting : settings) {
            var equals = setting.indexOf('=');
            flags.add(
                    equals < 0
                            ? new Flag(setting, "", "-c " + setting)
                            : new Flag(setting.substring(0, equals), setting.substring(equals + 1), "-c"));
        }
        flags.addAll(ownFlags);
        var existing = file.or(() -> Optional.of(FILE_BY_DEFAULT).filter(Files::exists));
        return NodeConfigLoader.load(new ConfigSources(existing, System.getenv(), flags, commandDefaults));
    }
}
