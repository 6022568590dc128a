package io.weirlog.server.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All that a configuration is read from.
///
/// @param file the YAML file; it must exist when it is given
/// @param environment all variables of the process; only those that begin with `WEIRLOG_` count
/// @param flags of the command line; the last one of a key counts
/// @param commandDefaults defaults that differ from those of [ConfigKeys] for the command being run
public record ConfigSources(
        Optional<Path> file, Map<String, String> environment, List<Flag> flags, Map<String, String> commandDefaults) {
    public static final ConfigSources NONE = new ConfigSources(Optional.empty(), Map.of(), List.of(), Map.of());

    public ConfigSources {
        environment = Map.copyOf(environment);
        flags = List.copyOf(flags);
        commandDefaults = Map.copyOf(commandDefaults);
    }

    /// @param shownAs the flag as the user knows it, such as `--port`
    public record Flag(String key, String value, String shownAs) {}

    public ConfigSources withFlag(ConfigKey<?> key, String value) {
        var more = new ArrayList<>(flags);
        more.add(new Flag(key.name(), value, key.name()));
        return new ConfigSources(file, environment, more, commandDefaults);
    }
}
