package io.weirlog.server.config;

import java.util.Locale;
import java.util.Optional;

/// One key of the configuration.
///
/// @param defaultText in the form that a user would write; absent: the key may stay without a value
/// @param doc one line for people
public record ConfigKey<T>(String name, ConfigType<T> type, Optional<String> defaultText, String doc) {
    /// The prefix of the environment variables that are ours.
    public static final String ENVIRONMENT_PREFIX = "WEIRLOG_";

    /// `data.dir` is WEIRLOG_DATA_DIR.
    public String environmentName() {
        return ENVIRONMENT_PREFIX + name.toUpperCase(Locale.ROOT).replace('.', '_');
    }
}
