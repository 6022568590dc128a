package io.weirlog.server.config;

import java.util.List;

/// What came of reading a configuration.
public sealed interface ConfigResult {
    /// @param settings every key that has a value, in the order of [ConfigKeys], topic defaults last
    record Valid(NodeConfig config, List<Setting> settings) implements ConfigResult {
        public Valid {
            settings = List.copyOf(settings);
        }
    }

    /// All that is wrong, not just the first thing; never empty.
    record Invalid(List<ConfigProblem> problems) implements ConfigResult {
        public Invalid {
            problems = List.copyOf(problems);
        }
    }

    /// The value that counts for a key, as it was written, and where it came from.
    record Setting(String key, String value, ConfigOrigin origin) {}
}
