package io.weirlog.deploy.artifact;

import io.weirlog.deploy.Repository;
import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.config.NodeConfigLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is deployed, as the program itself reads it.
final class Settings {
    private Settings() {}

    /// A node's configuration, by the loader that the node uses.
    static NodeConfig valid(Optional<Path> file, Map<String, String> environment) {
        return switch (NodeConfigLoader.load(new ConfigSources(file, environment, List.of(), Map.of()))) {
            case ConfigResult.Valid(var config, var _) -> config;
            case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems.toString());
        };
    }

    static String byDefault(ConfigKey<?> key) {
        return key.defaultText().orElseThrow();
    }

    /// The product's version.
    static String version() {
        return Documents.match("^ {2}<version>(.*)</version>$", Documents.text(Repository.ROOT.resolve("pom.xml")));
    }

    /// Of a text such as `90s`.
    static int seconds(String text) {
        return Integer.parseInt(Documents.match("^(\\d+)s$", text));
    }
}
