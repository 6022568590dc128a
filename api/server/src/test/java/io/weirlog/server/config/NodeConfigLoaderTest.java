package io.weirlog.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.replication.SyncConfig;
import io.weirlog.server.config.ConfigResult.Setting;
import io.weirlog.server.config.ConfigSources.Flag;
import io.weirlog.tls.TlsFiles;
import io.weirlog.tls.TlsVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeConfigLoaderTest {
    @TempDir
    Path folder;

    @Test
    void withoutAnySourceEveryKeyHasItsDefault() {
        var valid = valid(ConfigSources.NONE);

        assertEquals(new BrokerId(1), valid.config().nodeId());
        assertEquals(EnumSet.allOf(Role.class), valid.config().roles());
        assertEquals(Path.of("./weirlog-data"), valid.config().dataDir());
        assertEquals(
                new NodeConfig.Network("0.0.0.0", 7171, Optional.empty(), 7172, 7173, OptionalInt.of(7180)),
                valid.config().network());
        assertEquals(8 << 20, valid.config().limits().maxRequestBytes());
        assertEquals(Duration.ofSeconds(10), valid.config().shutdownGrace());
        assertEquals(
                Set.of("default"),
                valid.settings().stream().map(s -> s.origin().toString()).collect(Collectors.toSet()));
        assertEquals(
                ConfigKeys.ALL.stream()
                        .filter(key -> key.defaultText().isPresent())
                        .map(ConfigKey::name)
                        .toList(),
                valid.settings().stream().map(Setting::key).toList());
    }

    @Test
    void aFlagBeatsTheEnvironmentThatBeatsTheFileThatBeatsTheDefault() throws IOException {
        var file = file("""
                node.id: 2
                client.port: 1002
                internal.port: 1003
                """);
        var valid = valid(new ConfigSources(
                Optional.of(file),
                Map.of("WEIRLOG_CLIENT_PORT", "2002", "WEIRLOG_INTERNAL_PORT", "2003"),
                List.of(new Flag("internal.port", "3003", "-c")),
                Map.of("client.host", "127.0.0.1", "node.id", "9")));

        assertEquals(new BrokerId(2), valid.config().nodeId());
        assertEquals(
                new NodeConfig.Network("127.0.0.1", 2002, Optional.empty(), 3003, 7173, OptionalInt.of(7180)),
                valid.config().network());
        assertEquals(file + ":1", origin(valid, "node.id"));
        assertEquals("environment WEIRLOG_CLIENT_PORT", origin(valid, "client.port"));
        assertEquals("flag -c", origin(valid, "internal.port"));
        assertEquals("default", origin(valid, "client.host"));
    }

    @Test
    void whatTheNodeSaysIsTextUnlessJsonIsAskedFor() {
        assertEquals(LoggingFormat.TEXT, valid(ConfigSources.NONE).config().loggingFormat());
        var asked = new ConfigSources(Optional.empty(), Map.of("WEIRLOG_LOGGING_FORMAT", "json"), List.of(), Map.of());
        assertEquals(LoggingFormat.JSON, valid(asked).config().loggingFormat());
        var wrong = new ConfigSources(Optional.empty(), Map.of("WEIRLOG_LOGGING_FORMAT", "xml"), List.of(), Map.of());
        assertEquals(
                List.of("logging.format: 'xml' is not 'text' or 'json' (environment WEIRLOG_LOGGING_FORMAT)"),
                problems(wrong));
    }

    @Test
    void ofTwoFlagsForOneKeyTheLastCounts() {
        var flags = List.of(new Flag("shards", "3", "-c"), new Flag("shards", "4", "-c"));
        assertEquals(4, valid(sources(flags)).config().limits().shards());
    }

    @Test
    void partitionsAreInTheDataFolderUnlessFoldersAreGiven() throws IOException {
        assertEquals(
                List.of(Path.of("/x")),
                valid(sources(List.of(new Flag("data.dir", "/x", "-c"))))
                        .config()
                        .logs()
                        .directories());
        var file = file("""
                data.dirs:
                  - /disk1
                  - /disk2/weirlog
                recovery.threads: 7
                producer.id.expiration.ms: 60000
                log.sync.threads: 5
                log.sync.shared.enable: false
                replica.lag.time.max.ms: 10000
                """);
        var logs = valid(new ConfigSources(Optional.of(file), Map.of(), List.of(), Map.of()))
                .config()
                .logs();
        assertEquals(List.of(Path.of("/disk1"), Path.of("/disk2/weirlog")), logs.directories());
        assertEquals(7, logs.recoveryThreads());
        assertEquals(new SyncConfig(5, false), logs.sync());
        assertEquals(Duration.ofMinutes(1), logs.producerExpiration());
        assertEquals(Duration.ofSeconds(5), logs.watermarkCheckpointInterval());
        assertEquals(Duration.ofSeconds(10), logs.replicaLagMax());
        assertEquals(
                List.of(
                        "data.dirs: names /a/b/../c twice (flag -c)",
                        "data.dirs: of /a/c and /a/c/d one lies in the other (flag -c)",
                        "data.dirs: of /a/c and /a/c/d one lies in the other (flag -c)"),
                problems(sources(List.of(new Flag("data.dirs", "/a/c, /a/b/../c, /a/c/d", "-c")))));
    }

    @Test
    void allProblemsOfAllSourcesAreReportedAtOnce() throws IOException {
        var file = file("""
                node.id: -1
                cleint.port: 7171
                shutdown:
                  grace: 30
                topic.defaults.retentoin.ms: 5
                """);
        var problems = problems(new ConfigSources(
                Optional.of(file),
                Map.of("WEIRLOG_DATADIR", "/x", "WEIRLOG_ROLES", "broker,king"),
                List.of(new Flag("max.request.bytes", "1 GiB", "-c"), new Flag("nonsense", "1", "-c")),
                Map.of()));

        assertEquals(
                List.of(
                        "node.id: '-1' is not a whole number from 0 to 2147483647 (" + file + ":1)",
                        "cleint.port: there is no such key; did you mean client.port? (" + file + ":2)",
                        "shutdown.grace: '30' is not a duration from 0ms to 1h, such as 500ms or 30s (" + file + ":4)",
                        "WEIRLOG_ROLES",
                        "max.request.bytes: '1 GiB' is not a size from 64KiB to 256MiB, such as 8388608 or 8MiB (flag -c)",
                        "nonsense: there is no such key (flag -c)"),
                problems.stream()
                        .filter(line -> !line.contains("DATADIR") && !line.contains("retentoin"))
                        .map(line -> line.startsWith("roles: 'broker,king'") ? "WEIRLOG_ROLES" : line)
                        .toList());
        assertTrue(
                problems.contains("WEIRLOG_DATADIR: there is no such variable; did you mean WEIRLOG_DATA_DIR?"
                        + " (environment WEIRLOG_DATADIR)"),
                problems::toString);
        assertTrue(
                problems.stream()
                        .anyMatch(line -> line.startsWith("topic.defaults.retentoin.ms: ")
                                && line.contains("retention.ms")
                                && line.endsWith(":5)")),
                problems::toString);
    }

    @Test
    void aValueThatDoesNotCountIsCheckedAllTheSame() throws IOException {
        var file = file("client.port: many");
        var problems = problems(new ConfigSources(
                Optional.of(file), Map.of(), List.of(new Flag("client.port", "1", "--port")), Map.of()));
        assertEquals(
                List.of("client.port: 'many' is not a port from 0 (any free one) to 65535 (" + file + ":1)"), problems);
    }

    @Test
    void topicDefaultsComeFromEverySource() throws IOException {
        var valid = valid(new ConfigSources(
                Optional.of(file("topic: {defaults: {retention.ms: 1}}")),
                Map.of("WEIRLOG_TOPIC_DEFAULTS_RETENTION_MS", "2"),
                List.of(),
                Map.of()));
        assertEquals(Map.of("retention.ms", "2"), valid.config().topicDefaults());
        assertEquals("environment WEIRLOG_TOPIC_DEFAULTS_RETENTION_MS", origin(valid, "topic.defaults.retention.ms"));
    }

    @Test
    void variablesOfTheLauncherOfKubernetesAndEmptyOnesAreNoKeys() {
        var environment = Map.of(
                "WEIRLOG_HOME", "/opt/weirlog",
                "WEIRLOG_JAVA_OPTS", "-Xmx1g",
                "WEIRLOG_SERVICE_HOST", "10.0.0.1",
                "WEIRLOG_SERVICE_PORT_CLIENTS", "7171",
                "WEIRLOG_PORT", "tcp://10.0.0.1:7171",
                "WEIRLOG_PORT_7171_TCP_ADDR", "10.0.0.1",
                "WEIRLOG_CLIENT_PORT", "tcp://10.0.0.2:7171",
                "WEIRLOG_CLUSTER_ID", "",
                "PATH", "/bin");
        var config = valid(new ConfigSources(Optional.empty(), environment, List.of(), Map.of()))
                .config();
        assertEquals(7171, config.network().clientPort());
        assertEquals(Optional.empty(), config.clusterId());
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            internal.port, 7171, 'internal.port: 7171 is client.port too (flag -c)'
            http.port, 7173, 'http.port: 7173 is raft.port too (flag -c)'
            raft.port, 7172, 'raft.port: 7172 is internal.port too (flag -c)'
            request.memory.bytes, 1MiB, 'request.memory.bytes: must not be less than max.request.bytes, or the largest request could never be taken (flag -c)'
            """)
    void keysMustNotContradictEachOther(String key, String value, String problem) {
        assertEquals(List.of(problem), problems(sources(List.of(new Flag(key, value, "-c")))));
    }

    @Test
    void tlsNeedsItsFiles() throws IOException {
        var on = new Flag("tls.mode", "on", "-c");
        assertEquals(
                List.of(
                        "tls.certificate: is missing, but tls.mode is on: give the path of a PEM file (weirlog tls init"
                                + " makes such) (default)",
                        "tls.ca: is missing, but tls.mode is on: give the path of a PEM file (weirlog tls init makes such)"
                                + " (default)"),
                problems(sources(List.of(on, new Flag("tls.key", "k", "-c")))));
        var files = List.of("tls.certificate", "tls.key", "tls.ca").stream().map(key -> new Flag(key, "f", "-c"));
        var plain = Stream.concat(files, Stream.of(on, new Flag("http.records.enable", "true", "-c")));
        assertEquals(
                List.of("http.records.enable: would serve records without TLS, but tls.mode is on: leave it false"
                        + " (flag -c)"),
                problems(sources(plain.toList())));
        var file = file("""
                tls.mode: on
                tls.certificate: c
                tls.key: k
                tls.ca: a
                tls.client.auth: required
                """);
        assertEquals(
                Optional.of(new NodeConfig.Tls(
                        TlsFiles.of(Path.of("c"), Path.of("k"), Path.of("a")),
                        NodeConfig.ClientAuth.REQUIRED,
                        TlsVersion.TLS_1_3,
                        List.of(new IdentityPattern(IdentityPattern.Kind.URI, "urn:weirlog:node")),
                        Duration.ofSeconds(10))),
                valid(new ConfigSources(Optional.of(file), Map.of(), List.of(), Map.of()))
                        .config()
                        .network()
                        .tls());
        // Commands for clients read the same variables: with TLS off they mean nothing to a node.
        var variables = Map.of("WEIRLOG_TLS_CA", "a");
        assertEquals(
                Optional.empty(),
                valid(new ConfigSources(Optional.empty(), variables, List.of(), Map.of()))
                        .config()
                        .network()
                        .tls());
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            client.host, ''
            client.host, host:7171
            client.host, http://host
            client.port, 65536
            client.port, -1
            client.port, 1e3
            cluster.id, two words
            data.dir, ''
            roles, ''
            roles, 'broker,'
            shards, 0
            shards, 257
            max.request.bytes, 8MIB
            max.request.bytes, 99999999999999999999
            max.request.bytes, 9999999TiB
            client.max.connections, 0
            client.max.connections.per.address, many
            request.memory.percent.per.address, 0
            request.memory.percent.per.address, 101
            tls.mode, true
            tls.client.auth, Required
            tls.min.version, 1.1
            tls.node.identity, weirlog
            shutdown.grace, -1s
            shutdown.grace, 2h
            """)
    void aValueOutOfItsRangeIsRefusedWithTheRange(String key, String value) {
        var problems = problems(sources(List.of(new Flag(key, value, "-c"))));
        assertEquals(1, problems.size(), problems::toString);
        assertTrue(problems.getFirst().startsWith(key + ": '" + value + "' is not "), problems::toString);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            client.host, ::1
            client.host, fe80::1%eth0
            client.host, broker-0.weirlog.svc
            cluster.id, aZ09_-
            roles, 'controller , broker'
            max.request.bytes, 65536
            max.request.bytes, 256 MiB
            client.max.connections, 1
            client.max.connections.per.address, 10000000
            request.memory.percent.per.address, 1
            request.memory.percent.per.address, 100
            http.port, 0
            http.port, off
            tls.client.auth, optional
            tls.min.version, 1.2
            tls.node.identity, 'dns:*.brokers.example.org, cn:node'
            shutdown.grace, 1500ms
            shutdown.grace, 1m
            """)
    void theBordersOfARangeAreTaken(String key, String value) {
        assertEquals("flag -c", origin(valid(sources(List.of(new Flag(key, value, "-c")))), key));
    }

    @Test
    void anEmbeddedNodeListensOnFreePortsOfTheLoopbackInterface() {
        var config = NodeConfig.embedded(folder);
        assertEquals(
                new NodeConfig.Network("127.0.0.1", 0, Optional.empty(), 0, 0, OptionalInt.empty()), config.network());
        assertEquals(folder, config.dataDir());
        assertEquals("abc", config.withClusterId("abc").clusterId().orElseThrow());
    }

    @Test
    void theMemoryForRequestsFollowsTheHeap() {
        assertEquals(32L << 20, ConfigKeys.requestMemoryBytesDefault(64L << 20));
        assertEquals(64L << 20, ConfigKeys.requestMemoryBytesDefault(512L << 20));
        assertEquals(1L << 30, ConfigKeys.requestMemoryBytesDefault(64L << 30));
    }

    @Test
    void anAddressHasAShareOfTheMemoryAndRoomForTheLargestRequest() {
        assertEquals(48L << 20, shareOf("64MiB", "75"));
        assertEquals(64L << 20, shareOf("64MiB", "100"));
        assertEquals(8L << 20, shareOf("64MiB", "1"));
        assertEquals(48L << 30, shareOf("64GiB", "75"));
    }

    private static long shareOf(String memory, String percent) {
        var flags = List.of(
                new Flag("request.memory.bytes", memory, "-c"),
                new Flag("request.memory.percent.per.address", percent, "-c"));
        return valid(sources(flags)).config().limits().requestMemoryBytesPerAddress();
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("weirlog.yaml"), yaml);
    }

    private static ConfigSources sources(List<Flag> flags) {
        return new ConfigSources(Optional.empty(), Map.of(), flags, Map.of());
    }

    private static ConfigResult.Valid valid(ConfigSources sources) {
        var result = NodeConfigLoader.load(sources);
        return assertInstanceOf(ConfigResult.Valid.class, result, result::toString);
    }

    private static List<String> problems(ConfigSources sources) {
        var result = NodeConfigLoader.load(sources);
        return assertInstanceOf(ConfigResult.Invalid.class, result, result::toString).problems().stream()
                .map(ConfigProblem::toString)
                .toList();
    }

    private static String origin(ConfigResult.Valid valid, String key) {
        return valid.settings().stream()
                .filter(setting -> setting.key().equals(key))
                .map(setting -> setting.origin().toString())
                .collect(Collectors.joining(" and "));
    }
}
