package io.weirlog.server.config;

/// Where a value came from; [#toString()] is what people are shown.
public sealed interface ConfigOrigin {
    /// @param name as it was typed, such as `--port` or `-c`
    record Flag(String name) implements ConfigOrigin {
        @Override
        public String toString() {
            return "flag " + name;
        }
    }

    record Environment(String variable) implements ConfigOrigin {
        @Override
        public String toString() {
            return "environment " + variable;
        }
    }

    /// @param line counted from 1
    record File(String path, int line) implements ConfigOrigin {
        @Override
        public String toString() {
            return path + ":" + line;
        }
    }

    record Default() implements ConfigOrigin {
        @Override
        public String toString() {
            return "default";
        }
    }
}
