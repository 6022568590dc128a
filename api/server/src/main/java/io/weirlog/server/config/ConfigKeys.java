package io.weirlog.server.config;

import io.weirlog.tls.TlsVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// Every key that a node knows.
public final class ConfigKeys {
    private static final int MIB = 1024 * 1024;
    private static final long GIB = 1024L * MIB;

    public static final ConfigKey<Integer> NODE_ID = key(
            "node.id",
            ConfigTypes.integer(0, Integer.MAX_VALUE),
            "1",
            "The node's number: unique in the cluster, and its own for ever.");
    public static final ConfigKey<Set<Role>> ROLES = key(
            "roles",
            ConfigTypes.roles(),
            "broker,controller",
            "What the node does: hold partitions, keep the metadata, or both.");
    public static final ConfigKey<String> CLUSTER_ID = optionalKey(
            "cluster.id",
            ConfigTypes.clusterId(),
            "The cluster that the node must belong to. Without it, a first start makes a new one.");
    public static final ConfigKey<Path> DATA_DIR =
            key("data.dir", ConfigTypes.folder(), "./weirlog-data", "The folder that holds all that the node stores.");
    public static final ConfigKey<List<Path>> DATA_DIRS = optionalKey(
            "data.dirs",
            ConfigTypes.folders(),
            "The folders, usually one for each disk, that partitions are spread over. Without it, data.dir.");
    public static final ConfigKey<Integer> RECOVERY_THREADS = key(
            "recovery.threads",
            ConfigTypes.integer(1, 256),
            Integer.toString(Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 256)),
            "The logs that are opened, and recovered if need be, at the same time; as many as processors by default.");
    public static final ConfigKey<Integer> LOG_SYNC_THREADS = key(
            "log.sync.threads",
            ConfigTypes.integer(1, 256),
            "2",
            "The threads that make logs with durability=fsync durable.");
    public static final ConfigKey<Boolean> LOG_SYNC_SHARED_ENABLE = key(
            "log.sync.shared.enable",
            ConfigTypes.trueOrFalse(),
            "true",
            "Whether one syncfs may serve all logs of a data directory that wait, where the file system allows it. It"
                    + " writes out what others have on the same file system too.");
    public static final ConfigKey<Long> DISK_RESERVE = key(
            "disk.reserve",
            ConfigTypes.bytesLong(0, 1024 * GIB),
            "256MiB",
            "What producers must leave free on the disk of a data directory: below, what they send to its partitions is"
                    + " refused until there is more again. Reading and deleting go on.");
    public static final ConfigKey<Integer> HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS = key(
            "replica.high.watermark.checkpoint.interval.ms",
            ConfigTypes.integer(10, 600_000),
            "5000",
            "How often it is noted how far each partition is replicated.");
    public static final ConfigKey<Integer> REPLICA_LAG_TIME_MAX_MS = key(
            "replica.lag.time.max.ms",
            ConfigTypes.integer(500, 600_000),
            "30000",
            "How long a follower may not have caught up with its leader before it leaves the in-sync set, and producers"
                    + " with acks=all no longer wait for it.");
    public static final ConfigKey<String> CLIENT_HOST =
            key("client.host", ConfigTypes.host(), "0.0.0.0", "The address that the clients' port is bound to.");
    public static final ConfigKey<Integer> CLIENT_PORT =
            key("client.port", ConfigTypes.port(), "7171", "The port for clients (gRPC).");
    public static final ConfigKey<String> CLIENT_ADVERTISED_HOST = optionalKey(
            "client.advertised.host",
            ConfigTypes.host(),
            "The host name that clients are told to use. Without it, client.host, or the machine's name.");
    public static final ConfigKey<Integer> INTERNAL_PORT =
            key("internal.port", ConfigTypes.port(), "7172", "The port for the other nodes (gRPC).");
    public static final ConfigKey<Integer> RAFT_PORT =
            key("raft.port", ConfigTypes.port(), "7173", "The port of the metadata quorum (Raft).");
    public static final ConfigKey<OptionalInt> HTTP_PORT = key(
            "http.port",
            ConfigTypes.portOrOff(),
            "7180",
            "The port for whoever watches the node (HTTP, on client.host): /metrics, /healthz and /readyz; or 'off'.");
    public static final ConfigKey<Boolean> HTTP_RECORDS_ENABLE = key(
            "http.records.enable",
            ConfigTypes.trueOrFalse(),
            "false",
            "Whether http.port serves topics and records in JSON too: to everybody who reaches it, and not encrypted.");
    public static final ConfigKey<String> INTERNAL_HOST = optionalKey(
            "internal.host",
            ConfigTypes.host(),
            "The address that internal.port and raft.port are bound to. Without it, client.host.");
    public static final ConfigKey<String> INTERNAL_ADVERTISED_HOST = optionalKey(
            "internal.advertised.host",
            ConfigTypes.host(),
            "The host name that other nodes are told to use. Without it, the node's own in controller.quorum, or the one"
                    + " that clients are told.");
    public static final ConfigKey<List<VoterAddress>> CONTROLLER_QUORUM = optionalKey(
            "controller.quorum",
            ConfigTypes.voters(),
            "The nodes that keep the metadata, the same on all nodes: ID@HOST[:RAFT_PORT[:INTERNAL_PORT]],... Ports are"
                    + " this node's raft.port and internal.port unless given. Without it, this node alone.");
    public static final ConfigKey<Boolean> TLS_MODE = key(
            "tls.mode",
            ConfigTypes.onOrOff(),
            "off",
            "Whether the ports for clients, nodes and Raft speak TLS, and nothing else; the same on all nodes.");
    public static final ConfigKey<Path> TLS_CERTIFICATE = optionalKey(
            "tls.certificate",
            ConfigTypes.file(),
            "The node's certificate (PEM), and after it those up to the authority's. It is read again when it changes.");
    public static final ConfigKey<Path> TLS_KEY = optionalKey(
            "tls.key", ConfigTypes.file(), "The private key of tls.certificate (PEM, PKCS #8, not encrypted).");
    public static final ConfigKey<Path> TLS_CA = optionalKey(
            "tls.ca",
            ConfigTypes.file(),
            "The certificates (PEM) of the authorities that sign for nodes and clients of this cluster.");
    public static final ConfigKey<NodeConfig.ClientAuth> TLS_CLIENT_AUTH = key(
            "tls.client.auth",
            ConfigTypes.clientAuth(),
            "none",
            "Whether clients must show a certificate of tls.ca. Other nodes always must.");
    public static final ConfigKey<TlsVersion> TLS_MIN_VERSION =
            key("tls.min.version", ConfigTypes.tlsVersion(), "1.3", "The oldest version of TLS that is spoken.");
    public static final ConfigKey<List<IdentityPattern>> TLS_NODE_IDENTITY = key(
            "tls.node.identity",
            ConfigTypes.identities(),
            "uri:" + IdentityPattern.NODE_URI,
            "What marks a certificate as a node's: a name in it. Without one, other nodes let it do nothing.");
    public static final ConfigKey<Duration> TLS_RELOAD_INTERVAL = key(
            "tls.reload.interval",
            ConfigTypes.duration(Duration.ofMillis(10), Duration.ofDays(1)),
            "10s",
            "How often the files for TLS are looked at for changes.");
    public static final ConfigKey<String> BROKER_RACK = optionalKey(
            "broker.rack", ConfigTypes.rack(), "Where the node stands: replicas of a partition are spread over racks.");
    public static final ConfigKey<Integer> BROKER_SESSION_TIMEOUT_MS = key(
            "broker.session.timeout.ms",
            ConfigTypes.integer(500, 600_000),
            "3000",
            "Controllers: a broker that has said nothing for so long is taken out of service.");
    public static final ConfigKey<Integer> CONTROLLER_BROKEN_STREAM_GRACE_MS = key(
            "controller.broken.stream.grace.ms",
            ConfigTypes.integer(0, 600_000),
            "300",
            "Controllers: a broker whose connection broke has so long to come back.");
    public static final ConfigKey<Boolean> AUTO_LEADER_REBALANCE_ENABLE = key(
            "auto.leader.rebalance.enable",
            ConfigTypes.trueOrFalse(),
            "true",
            "Controllers: whether leaderships go back to the preferred leaders by themselves.");
    public static final ConfigKey<Integer> LEADER_IMBALANCE_CHECK_INTERVAL_SECONDS = key(
            "leader.imbalance.check.interval.seconds",
            ConfigTypes.integer(1, 86_400),
            "300",
            "Controllers: how often the leaderships are looked at.");
    public static final ConfigKey<Integer> LEADER_IMBALANCE_PER_BROKER_PERCENTAGE = key(
            "leader.imbalance.per.broker.percentage",
            ConfigTypes.integer(0, 100),
            "10",
            "Controllers: of the partitions that prefer a broker, others may lead so many percent and stay.");
    public static final ConfigKey<Integer> SHARDS = key(
            "shards",
            ConfigTypes.integer(1, 256),
            Integer.toString(Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 256)),
            "The threads that own partitions; as many as processors by default.");
    public static final ConfigKey<Integer> MAX_REQUEST_BYTES = key(
            "max.request.bytes",
            ConfigTypes.bytesInt(64 * 1024, 256 * MIB),
            "8MiB",
            "The largest request, and so the largest batch of records.");
    public static final ConfigKey<Long> REQUEST_MEMORY_BYTES = key(
            "request.memory.bytes",
            ConfigTypes.bytesLong(MIB, 64 * GIB),
            Units.showBytes(requestMemoryBytesDefault(Runtime.getRuntime().maxMemory())),
            "What all appends not yet answered may hold together; an eighth of the heap by default.");
    public static final ConfigKey<Integer> REQUEST_MEMORY_PERCENT_PER_ADDRESS = key(
            "request.memory.percent.per.address",
            ConfigTypes.integer(1, 100),
            "75",
            "How much of request.memory.bytes the appends of clients at one address may hold, but always enough for one"
                    + " request; beyond, they are told to try again. 100: all of it.");
    public static final ConfigKey<Integer> MAX_FETCH_BYTES = key(
            "max.fetch.bytes",
            ConfigTypes.bytesInt(64 * 1024, 256 * MIB),
            "16MiB",
            "The most bytes that one fetch is answered with.");
    public static final ConfigKey<Integer> PRODUCE_MAX_IN_FLIGHT_APPENDS = key(
            "produce.max.in.flight.appends",
            ConfigTypes.integer(1, 65_536),
            "256",
            "The appends of one Produce stream not yet answered; beyond, the stream is not read.");
    public static final ConfigKey<Integer> RELAY_MAX_IN_FLIGHT = key(
            "relay.max.in.flight",
            ConfigTypes.integer(1, 1_000_000),
            "10000",
            "The requests that wait for other brokers on behalf of clients; beyond, clients are told to try again.");
    public static final ConfigKey<Integer> SLOW_REQUEST_MS = key(
            "slow.request.ms",
            ConfigTypes.integer(0, 600_000),
            "1000",
            "Requests that take so long are logged, with where the time went: ten a second at most. 0: none is.");
    public static final ConfigKey<Integer> CLIENT_MAX_CONNECTIONS = key(
            "client.max.connections",
            ConfigTypes.integer(1, 10_000_000),
            "20000",
            "The connections that clients may have open at client.port; beyond, new ones are refused. Each is an open"
                    + " file.");
    public static final ConfigKey<Integer> CLIENT_MAX_CONNECTIONS_PER_ADDRESS = key(
            "client.max.connections.per.address",
            ConfigTypes.integer(1, 10_000_000),
            "10000",
            "The connections of these that may come from one address. Clients behind one proxy have one address.");
    public static final ConfigKey<Integer> CLIENT_MAX_CALLS_PER_ADDRESS = key(
            "client.max.calls.per.address",
            ConfigTypes.integer(1, 10_000_000),
            "10000",
            "The calls that clients at one address may have open at the same time, streams among them; beyond, they are"
                    + " told to try again. Clients behind one proxy have one address.");
    public static final ConfigKey<LoggingFormat> LOGGING_FORMAT = key(
            "logging.format",
            ConfigTypes.loggingFormat(),
            "text",
            "What the node says: lines for people on standard error, or nothing but JSON on standard output.");
    public static final ConfigKey<Duration> SHUTDOWN_GRACE = key(
            "shutdown.grace",
            ConfigTypes.duration(Duration.ZERO, Duration.ofHours(1)),
            "10s",
            "How long a node that stops lets requests in flight end.");

    public static final ConfigKey<Integer> LOG_CLEANER_THREADS = key(
            "log.cleaner.threads",
            ConfigTypes.integer(1, 64),
            "1",
            "The threads that compact topics with cleanup.policy=compact.");
    public static final ConfigKey<Long> LOG_CLEANER_DEDUPE_BUFFER_SIZE = key(
            "log.cleaner.dedupe.buffer.size",
            ConfigTypes.bytesLong(MIB, 64 * GIB),
            "128MiB",
            "What all compacting threads may take outside the heap to remember keys, 32 bytes for each.");
    public static final ConfigKey<Long> LOG_CLEANER_IO_MAX_BYTES_PER_SECOND = optionalKey(
            "log.cleaner.io.max.bytes.per.second",
            ConfigTypes.bytesLong(64 * 1024, 1024 * GIB),
            "What all compacting threads may read and write. Without it, as much as they can.");
    public static final ConfigKey<Integer> LOG_CLEANER_BACKOFF_MS = key(
            "log.cleaner.backoff.ms",
            ConfigTypes.integer(1, Integer.MAX_VALUE),
            "15000",
            "How long a compacting thread waits when it has found nothing to do.");
    public static final ConfigKey<OptionalLong> REASSIGNMENT_BYTES_PER_SECOND = key(
            "reassignment.bytes.per.second",
            ConfigTypes.bytesOrUnlimited(1024, 1024 * GIB),
            "64MiB",
            "What the broker sends at most to replicas that are being added to the partitions that it leads, all"
                    + " together. Replicas in sync are not throttled.");
    public static final ConfigKey<Boolean> METRICS_PER_PARTITION = key(
            "metrics.per.partition",
            ConfigTypes.trueOrFalse(),
            "false",
            "Whether /metrics tells the size of each partition, of up to 10,000; otherwise only the topics' sizes.");

    public static final ConfigKey<LagDetail> METRICS_GROUP_LAG = key(
            "metrics.group.lag",
            ConfigTypes.lagDetail(),
            "topic",
            "How finely /metrics tells the lag of groups: 'off', or by 'group', 'topic' or 'partition'; of 1,000 groups"
                    + " that this broker coordinates, in up to 10,000 rows.");
    public static final ConfigKey<Duration> METRICS_GROUP_LAG_INTERVAL = key(
            "metrics.group.lag.interval",
            ConfigTypes.duration(Duration.ofSeconds(1), Duration.ofHours(1)),
            "30s",
            "How often the lag of groups is looked up for /metrics.");
    public static final ConfigKey<Integer> PRODUCER_ID_EXPIRATION_MS = key(
            "producer.id.expiration.ms",
            ConfigTypes.integer(1, Integer.MAX_VALUE),
            "86400000",
            "How long a partition remembers a producer that appends nothing and has no transaction open.");

    /// In the order in which they are shown.
    public static final List<ConfigKey<?>> ALL = List.of(
            NODE_ID,
            ROLES,
            CLUSTER_ID,
            DATA_DIR,
            DATA_DIRS,
            CLIENT_HOST,
            CLIENT_PORT,
            CLIENT_ADVERTISED_HOST,
            INTERNAL_HOST,
            INTERNAL_PORT,
            INTERNAL_ADVERTISED_HOST,
            RAFT_PORT,
            HTTP_PORT,
            HTTP_RECORDS_ENABLE,
            TLS_MODE,
            TLS_CERTIFICATE,
            TLS_KEY,
            TLS_CA,
            TLS_CLIENT_AUTH,
            TLS_MIN_VERSION,
            TLS_NODE_IDENTITY,
            TLS_RELOAD_INTERVAL,
            CONTROLLER_QUORUM,
            BROKER_RACK,
            BROKER_SESSION_TIMEOUT_MS,
            CONTROLLER_BROKEN_STREAM_GRACE_MS,
            AUTO_LEADER_REBALANCE_ENABLE,
            LEADER_IMBALANCE_CHECK_INTERVAL_SECONDS,
            LEADER_IMBALANCE_PER_BROKER_PERCENTAGE,
            SHARDS,
            MAX_REQUEST_BYTES,
            REQUEST_MEMORY_BYTES,
            REQUEST_MEMORY_PERCENT_PER_ADDRESS,
            MAX_FETCH_BYTES,
            PRODUCE_MAX_IN_FLIGHT_APPENDS,
            RELAY_MAX_IN_FLIGHT,
            SLOW_REQUEST_MS,
            LOGGING_FORMAT,
            CLIENT_MAX_CONNECTIONS,
            CLIENT_MAX_CONNECTIONS_PER_ADDRESS,
            CLIENT_MAX_CALLS_PER_ADDRESS,
            SHUTDOWN_GRACE,
            RECOVERY_THREADS,
            LOG_SYNC_THREADS,
            LOG_SYNC_SHARED_ENABLE,
            DISK_RESERVE,
            HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS,
            REPLICA_LAG_TIME_MAX_MS,
            LOG_CLEANER_THREADS,
            LOG_CLEANER_DEDUPE_BUFFER_SIZE,
            LOG_CLEANER_IO_MAX_BYTES_PER_SECOND,
            LOG_CLEANER_BACKOFF_MS,
            REASSIGNMENT_BYTES_PER_SECOND,
            METRICS_PER_PARTITION,
            METRICS_GROUP_LAG,
            METRICS_GROUP_LAG_INTERVAL,
            PRODUCER_ID_EXPIRATION_MS);

    /// What follows it is the name of a topic config; see [io.weirlog.metadata.core.TopicConfigs].
    public static final String TOPIC_DEFAULTS_PREFIX = "topic.defaults.";

    private ConfigKeys() {}

    /// An eighth of the heap, but enough for a few of the largest requests and no more than a GiB.
    static long requestMemoryBytesDefault(long heapBytesMax) {
        return Math.clamp(heapBytesMax / 8 / MIB * MIB, 32L * MIB, GIB);
    }

    private static <T> ConfigKey<T> key(String name, ConfigType<T> type, String defaultText, String doc) {
        return new ConfigKey<>(name, type, Optional.of(defaultText), doc);
    }

    private static <T> ConfigKey<T> optionalKey(String name, ConfigType<T> type, String doc) {
        return new ConfigKey<>(name, type, Optional.empty(), doc);
    }
}
