package io.weirlog.server.config;

import static io.weirlog.server.config.NodeConfigLoader.optional;
import static io.weirlog.server.config.NodeConfigLoader.problem;
import static io.weirlog.server.config.NodeConfigLoader.value;

import io.weirlog.server.config.ConfigResult.Setting;
import io.weirlog.tls.TlsFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The keys of TLS together.
final class TlsSettings {
    private TlsSettings() {}

    /// With TLS off the files may be named all the same: commands for clients read the same variables.
    static List<ConfigProblem> problems(Map<String, Setting> settings) {
        if (!value(settings, ConfigKeys.TLS_MODE)) {
            return List.of();
        }
        var problems = new ArrayList<ConfigProblem>();
        for (var key : List.of(ConfigKeys.TLS_CERTIFICATE, ConfigKeys.TLS_KEY, ConfigKeys.TLS_CA)) {
            if (optional(settings, key).isEmpty()) {
                problems.add(problem(
                        settings,
                        key,
                        "is missing, but tls.mode is on: give the path of a PEM file (weirlog tls init makes such)"));
            }
        }
        if (value(settings, ConfigKeys.HTTP_RECORDS_ENABLE)) {
            problems.add(problem(
                    settings,
                    ConfigKeys.HTTP_RECORDS_ENABLE,
                    "would serve records without TLS, but tls.mode is on: leave it false"));
        }
        return problems;
    }

    static Optional<NodeConfig.Tls> of(Map<String, Setting> settings) {
        if (!value(settings, ConfigKeys.TLS_MODE)) {
            return Optional.empty();
        }
        return Optional.of(new NodeConfig.Tls(
                TlsFiles.of(
                        value(settings, ConfigKeys.TLS_CERTIFICATE),
                        value(settings, ConfigKeys.TLS_KEY),
                        value(settings, ConfigKeys.TLS_CA)),
                value(settings, ConfigKeys.TLS_CLIENT_AUTH),
                value(settings, ConfigKeys.TLS_MIN_VERSION),
                value(settings, ConfigKeys.TLS_NODE_IDENTITY),
                value(settings, ConfigKeys.TLS_RELOAD_INTERVAL)));
    }
}
