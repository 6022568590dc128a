package io.weirlog.server.config;

import io.weirlog.metadata.core.Spelling;
import io.weirlog.server.config.ConfigResult.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Finds the keys that are given as `WEIRLOG_…` variables.
final class EnvironmentVariables {
    /// Read by the launcher, the commands and the build; never keys of a node.
    private static final Set<String> RESERVED = Set.of(
            "WEIRLOG_HOME", "WEIRLOG_JAVA_OPTS", "WEIRLOG_CONFIG", "WEIRLOG_BOOTSTRAP_SERVER", "WEIRLOG_REQUIRE_TOOLS");

    private static final String TOPIC_DEFAULTS_PREFIX = "WEIRLOG_TOPIC_DEFAULTS_";
    private static final Map<String, String> KEYS =
            ConfigKeys.ALL.stream().collect(Collectors.toUnmodifiableMap(ConfigKey::environmentName, ConfigKey::name));

    /// A pod beside a Kubernetes service named `weirlog` or `weirlog-…` gets its address in such variables, without
    /// anyone having asked for them (Kubernetes documentation, "Service", section "Environment variables").
    private static final Pattern SERVICE_LINK =
            Pattern.compile(".*_(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

    private static final Pattern SERVICE_LINK_VALUE = Pattern.compile("(tcp|udp|sctp)://.*");

    private EnvironmentVariables() {}

    /// The settings in the order of their variables' names. An empty variable counts as not set: compose files and
    /// charts pass such ones on.
    static List<Setting> settings(Map<String, String> environment, List<ConfigProblem> problems) {
        var settings = new ArrayList<Setting>();
        new TreeMap<>(environment).forEach((variable, value) -> {
            if (!isOurs(variable, value)) {
                return;
            }
            var origin = new ConfigOrigin.Environment(variable);
            var key = KEYS.get(variable);
            if (key != null) {
                settings.add(new Setting(key, value, origin));
            } else if (variable.startsWith(TOPIC_DEFAULTS_PREFIX)) {
                var config = variable.substring(TOPIC_DEFAULTS_PREFIX.length());
                var name = config.toLowerCase(Locale.ROOT).replace('_', '.');
                settings.add(new Setting(ConfigKeys.TOPIC_DEFAULTS_PREFIX + name, value, origin));
            } else {
                problems.add(new ConfigProblem(variable, origin, unknown(variable)));
            }
        });
        return settings;
    }

    private static boolean isOurs(String variable, String value) {
        return variable.startsWith(ConfigKey.ENVIRONMENT_PREFIX)
                && !value.isEmpty()
                && !RESERVED.contains(variable)
                && !SERVICE_LINK.matcher(variable).matches()
                && !SERVICE_LINK_VALUE.matcher(value).matches();
    }

    private static String unknown(String variable) {
        var known = new TreeSet<>(KEYS.keySet());
        known.addAll(RESERVED);
        return Spelling.nearest(variable, known)
                .map(nearest -> "there is no such variable; did you mean " + nearest + "?")
                .orElse("there is no such variable");
    }
}
