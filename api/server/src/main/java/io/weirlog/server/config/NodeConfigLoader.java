package io.weirlog.server.config;

import io.weirlog.common.BrokerId;
import io.weirlog.log.CleanerConfig;
import io.weirlog.metadata.controller.LeaderBalancer;
import io.weirlog.metadata.core.Spelling;
import io.weirlog.metadata.core.TopicConfigs;
import io.weirlog.replication.SyncConfig;
import io.weirlog.server.config.ConfigResult.Setting;
import io.weirlog.server.config.ConfigType.Parsed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Reads a configuration from all its sources and checks it as a whole.
///
/// Of several values for one key the flag counts before the environment, that before the file, and that before the
/// default. Values that do not count are still checked: they would surprise someone later.
public final class NodeConfigLoader {
    private static final Map<String, ConfigKey<?>> KEYS =
            ConfigKeys.ALL.stream().collect(Collectors.toUnmodifiableMap(ConfigKey::name, Function.identity()));

    private NodeConfigLoader() {}

    public static ConfigResult load(ConfigSources sources) {
        var problems = new ArrayList<ConfigProblem>();
        var settings = new LinkedHashMap<String, Setting>();
        ConfigKeys.ALL.forEach(key ->
                key.defaultText().ifPresent(text -> put(settings, key.name(), text, new ConfigOrigin.Default())));
        sources.commandDefaults().forEach((key, text) -> put(settings, key, text, new ConfigOrigin.Default()));
        for (var given : given(sources, problems)) {
            check(given).ifPresent(problems::add);
            put(settings, given.key(), given.value(), given.origin());
        }
        if (problems.isEmpty()) {
            problems.addAll(contradictions(settings));
        }
        return problems.isEmpty()
                ? new ConfigResult.Valid(config(settings), ordered(settings))
                : new ConfigResult.Invalid(problems);
    }

    /// All that was given, in ascending order of precedence.
    private static List<Setting> given(ConfigSources sources, List<ConfigProblem> problems) {
        var given = new ArrayList<Setting>();
        sources.file().map(ConfigFile::read).ifPresent(content -> {
            problems.addAll(content.problems());
            content.entries().forEach((key, entry) -> given.add(new Setting(key, entry.value(), entry.origin())));
        });
        given.addAll(EnvironmentVariables.settings(sources.environment(), problems));
        sources.flags()
                .forEach(flag ->
                        given.add(new Setting(flag.key(), flag.value(), new ConfigOrigin.Flag(flag.shownAs()))));
        return given;
    }

    private static void put(Map<String, Setting> settings, String key, String value, ConfigOrigin origin) {
        settings.put(key, new Setting(key, value, origin));
    }

    private static Optional<ConfigProblem> check(Setting given) {
        return message(given).map(message -> new ConfigProblem(given.key(), given.origin(), message));
    }

    private static Optional<String> message(Setting given) {
        if (given.key().startsWith(ConfigKeys.TOPIC_DEFAULTS_PREFIX)) {
            var config = given.key().substring(ConfigKeys.TOPIC_DEFAULTS_PREFIX.length());
            return TopicConfigs.problems(Map.of(config, given.value())).stream().findFirst();
        }
        var key = KEYS.get(given.key());
        if (key == null) {
            return Optional.of(Spelling.nearest(given.key(), KEYS.keySet())
                    .map(nearest -> "there is no such key; did you mean " + nearest + "?")
                    .orElse("there is no such key"));
        }
        return switch (key.type().parse(given.value())) {
            case Parsed.Ok<?> _ -> Optional.empty();
            case Parsed.Bad<?>(var message) -> Optional.of(message);
        };
    }

    private static Map<String, String> topicDefaults(Map<String, Setting> settings) {
        var configs = new TreeMap<String, String>();
        settings.forEach((key, setting) -> {
            if (key.startsWith(ConfigKeys.TOPIC_DEFAULTS_PREFIX)) {
                configs.put(key.substring(ConfigKeys.TOPIC_DEFAULTS_PREFIX.length()), setting.value());
            }
        });
        return configs;
    }

    private static List<ConfigProblem> contradictions(Map<String, Setting> settings) {
        var problems = new ArrayList<ConfigProblem>();
        if (value(settings, ConfigKeys.REQUEST_MEMORY_BYTES) < value(settings, ConfigKeys.MAX_REQUEST_BYTES)) {
            problems.add(problem(
                    settings,
                    ConfigKeys.REQUEST_MEMORY_BYTES,
                    "must not be less than max.request.bytes, or the largest request could never be taken"));
        }
        var ports = new LinkedHashMap<ConfigKey<?>, Integer>();
        for (var key : List.of(ConfigKeys.CLIENT_PORT, ConfigKeys.INTERNAL_PORT, ConfigKeys.RAFT_PORT)) {
            ports.put(key, value(settings, key));
        }
        value(settings, ConfigKeys.HTTP_PORT).ifPresent(port -> ports.put(ConfigKeys.HTTP_PORT, port));
        var taken = new HashMap<Integer, ConfigKey<?>>();
        ports.forEach((key, port) -> {
            var earlier = port == 0 ? null : taken.putIfAbsent(port, key);
            if (earlier != null) {
                problems.add(problem(settings, key, port + " is " + earlier.name() + " too"));
            }
        });
        problems.addAll(TlsSettings.problems(settings));
        problems.addAll(directoryProblems(settings));
        problems.addAll(quorumProblems(settings));
        return problems;
    }

    /// A directory in another one would be taken for something foreign in it, and one given twice for a second disk.
    private static List<ConfigProblem> directoryProblems(Map<String, Setting> settings) {
        var problems = new ArrayList<ConfigProblem>();
        var earlier = new ArrayList<Path>();
        for (var directory : optional(settings, ConfigKeys.DATA_DIRS).orElse(List.of())) {
            var path = directory.toAbsolutePath().normalize();
            for (var other : earlier) {
                if (path.equals(other)) {
                    problems.add(problem(settings, ConfigKeys.DATA_DIRS, "names " + directory + " twice"));
                } else if (path.startsWith(other) || other.startsWith(path)) {
                    problems.add(problem(
                            settings, ConfigKeys.DATA_DIRS, "of " + other + " and " + path + " one lies in the other"));
                }
            }
            earlier.add(path);
        }
        return problems;
    }

    private static List<ConfigProblem> quorumProblems(Map<String, Setting> settings) {
        var problems = new ArrayList<ConfigProblem>();
        var quorum = optional(settings, ConfigKeys.CONTROLLER_QUORUM);
        var nodeId = new BrokerId(value(settings, ConfigKeys.NODE_ID));
        boolean controller = value(settings, ConfigKeys.ROLES).contains(Role.CONTROLLER);
        if (quorum.isEmpty()) {
            if (!controller) {
                problems.add(
                        problem(settings, ConfigKeys.CONTROLLER_QUORUM, "a node without the role controller needs it"));
            }
            return problems;
        }
        var voters = quorum.get();
        if (voters.stream().map(VoterAddress::id).distinct().count() < voters.size()) {
            problems.add(problem(settings, ConfigKeys.CONTROLLER_QUORUM, "names a node twice"));
        }
        var own = voters.stream().filter(voter -> voter.id().equals(nodeId)).findFirst();
        if (!controller && own.isPresent()) {
            problems.add(problem(
                    settings,
                    ConfigKeys.CONTROLLER_QUORUM,
                    "names this node, " + nodeId + ", which has not the role controller"));
        }
        own.ifPresent(voter -> {
            checkOwnPort(settings, ConfigKeys.RAFT_PORT, voter.raftPort(), problems);
            checkOwnPort(settings, ConfigKeys.INTERNAL_PORT, voter.internalPort(), problems);
        });
        if (voters.size() > 1 || own.isEmpty()) {
            for (var port : List.of(ConfigKeys.RAFT_PORT, ConfigKeys.INTERNAL_PORT)) {
                if (controller && value(settings, port) == 0) {
                    problems.add(problem(settings, port, "must not be 0 where others have to find this node"));
                }
            }
        }
        return problems;
    }

    /// What the others are told must be where the node listens.
    private static void checkOwnPort(
            Map<String, Setting> settings, ConfigKey<Integer> key, OptionalInt told, List<ConfigProblem> problems) {
        if (told.isPresent() && told.getAsInt() != value(settings, key)) {
            problems.add(problem(
                    settings,
                    ConfigKeys.CONTROLLER_QUORUM,
                    "says that this node's " + key.name() + " is " + told.getAsInt() + ", but it is "
                            + value(settings, key)));
        }
    }

    private static NodeConfig.Cluster cluster(Map<String, Setting> settings) {
        int raftPort = value(settings, ConfigKeys.RAFT_PORT);
        int internalPort = value(settings, ConfigKeys.INTERNAL_PORT);
        var controllers = optional(settings, ConfigKeys.CONTROLLER_QUORUM)
                .map(voters -> voters.stream()
                        .map(voter -> new NodeConfig.Controller(
                                voter.id(),
                                voter.host(),
                                voter.raftPort().orElse(raftPort),
                                voter.internalPort().orElse(internalPort)))
                        .toList())
                .orElseGet(() -> List.of(new NodeConfig.Controller(
                        new BrokerId(value(settings, ConfigKeys.NODE_ID)), "localhost", raftPort, internalPort)));
        return new NodeConfig.Cluster(
                controllers,
                optional(settings, ConfigKeys.INTERNAL_HOST).orElseGet(() -> value(settings, ConfigKeys.CLIENT_HOST)),
                optional(settings, ConfigKeys.INTERNAL_ADVERTISED_HOST),
                optional(settings, ConfigKeys.BROKER_RACK),
                new NodeConfig.Liveness(
                        value(settings, ConfigKeys.BROKER_SESSION_TIMEOUT_MS),
                        value(settings, ConfigKeys.CONTROLLER_BROKEN_STREAM_GRACE_MS)),
                new LeaderBalancer.Rules(
                        value(settings, ConfigKeys.AUTO_LEADER_REBALANCE_ENABLE),
                        TimeUnit.SECONDS.toMillis(value(settings, ConfigKeys.LEADER_IMBALANCE_CHECK_INTERVAL_SECONDS)),
                        value(settings, ConfigKeys.LEADER_IMBALANCE_PER_BROKER_PERCENTAGE)));
    }

    static ConfigProblem problem(Map<String, Setting> settings, ConfigKey<?> key, String message) {
        var setting = settings.get(key.name());
        return new ConfigProblem(key.name(), setting == null ? new ConfigOrigin.Default() : setting.origin(), message);
    }

    private static NodeConfig config(Map<String, Setting> settings) {
        var network = new NodeConfig.Network(
                value(settings, ConfigKeys.CLIENT_HOST),
                value(settings, ConfigKeys.CLIENT_PORT),
                optional(settings, ConfigKeys.CLIENT_ADVERTISED_HOST),
                value(settings, ConfigKeys.INTERNAL_PORT),
                value(settings, ConfigKeys.RAFT_PORT),
                value(settings, ConfigKeys.HTTP_PORT),
                value(settings, ConfigKeys.HTTP_RECORDS_ENABLE),
                TlsSettings.of(settings));
        var limits = new NodeConfig.Limits(
                value(settings, ConfigKeys.SHARDS),
                value(settings, ConfigKeys.MAX_REQUEST_BYTES),
                value(settings, ConfigKeys.REQUEST_MEMORY_BYTES),
                value(settings, ConfigKeys.MAX_FETCH_BYTES),
                value(settings, ConfigKeys.PRODUCE_MAX_IN_FLIGHT_APPENDS),
                value(settings, ConfigKeys.RELAY_MAX_IN_FLIGHT),
                value(settings, ConfigKeys.SLOW_REQUEST_MS),
                new NodeConfig.ClientLimits(
                        value(settings, ConfigKeys.CLIENT_MAX_CONNECTIONS),
                        value(settings, ConfigKeys.CLIENT_MAX_CONNECTIONS_PER_ADDRESS),
                        value(settings, ConfigKeys.CLIENT_MAX_CALLS_PER_ADDRESS),
                        value(settings, ConfigKeys.REQUEST_MEMORY_PERCENT_PER_ADDRESS)));
        return new NodeConfig(
                new BrokerId(value(settings, ConfigKeys.NODE_ID)),
                value(settings, ConfigKeys.ROLES),
                optional(settings, ConfigKeys.CLUSTER_ID),
                value(settings, ConfigKeys.DATA_DIR),
                network,
                cluster(settings),
                limits,
                value(settings, ConfigKeys.SHUTDOWN_GRACE),
                logs(settings),
                value(settings, ConfigKeys.LOGGING_FORMAT),
                topicDefaults(settings));
    }

    private static NodeConfig.Logs logs(Map<String, Setting> settings) {
        return new NodeConfig.Logs(
                optional(settings, ConfigKeys.DATA_DIRS).orElseGet(() -> List.of(value(settings, ConfigKeys.DATA_DIR))),
                value(settings, ConfigKeys.RECOVERY_THREADS),
                new SyncConfig(
                        value(settings, ConfigKeys.LOG_SYNC_THREADS),
                        value(settings, ConfigKeys.LOG_SYNC_SHARED_ENABLE)),
                Duration.ofMillis(value(settings, ConfigKeys.HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS)),
                Duration.ofMillis(value(settings, ConfigKeys.REPLICA_LAG_TIME_MAX_MS)),
                cleaner(settings),
                value(settings, ConfigKeys.REASSIGNMENT_BYTES_PER_SECOND),
                value(settings, ConfigKeys.DISK_RESERVE),
                value(settings, ConfigKeys.METRICS_PER_PARTITION),
                value(settings, ConfigKeys.METRICS_GROUP_LAG),
                value(settings, ConfigKeys.METRICS_GROUP_LAG_INTERVAL),
                Duration.ofMillis(value(settings, ConfigKeys.PRODUCER_ID_EXPIRATION_MS)));
    }

    private static CleanerConfig cleaner(Map<String, Setting> settings) {
        return new CleanerConfig(
                value(settings, ConfigKeys.LOG_CLEANER_THREADS),
                value(settings, ConfigKeys.LOG_CLEANER_DEDUPE_BUFFER_SIZE),
                optional(settings, ConfigKeys.LOG_CLEANER_IO_MAX_BYTES_PER_SECOND)
                        .map(OptionalLong::of)
                        .orElse(OptionalLong.empty()),
                Duration.ofMillis(value(settings, ConfigKeys.LOG_CLEANER_BACKOFF_MS)));
    }

    static <T> T value(Map<String, Setting> settings, ConfigKey<T> key) {
        return optional(settings, key)
                .orElseThrow(() -> new IllegalStateException(key.name() + " has neither a value nor a default"));
    }

    static <T> Optional<T> optional(Map<String, Setting> settings, ConfigKey<T> key) {
        return Optional.ofNullable(settings.get(key.name()))
                .map(setting -> switch (key.type().parse(setting.value())) {
                    case Parsed.Ok<T>(var value) -> value;
                    case Parsed.Bad<T>(var message) -> throw new IllegalStateException(key.name() + ": " + message);
                });
    }

    private static List<Setting> ordered(Map<String, Setting> settings) {
        var ordered = new ArrayList<Setting>();
        ConfigKeys.ALL.stream().map(key -> settings.get(key.name())).forEach(setting -> {
            if (setting != null) {
                ordered.add(setting);
            }
        });
        new TreeMap<>(settings)
                .values().stream()
                        .filter(setting -> setting.key().startsWith(ConfigKeys.TOPIC_DEFAULTS_PREFIX))
                        .forEach(ordered::add);
        return ordered;
    }
}
