package io.weirlog.server.config;

import io.weirlog.common.BrokerId;
import io.weirlog.log.CleanerConfig;
import io.weirlog.metadata.controller.LeaderBalancer;
import io.weirlog.replication.SyncConfig;
import io.weirlog.tls.TlsFiles;
import io.weirlog.tls.TlsVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/// The checked configuration of one node: every value is within the range that [ConfigKeys] states for it.
///
/// Made by [NodeConfigLoader] from what a user gave, or by [#embedded(Path)] for a node within a test or a tool.
///
/// @param clusterId the cluster that the node must belong to; absent: the one that its data are of, or a new one
/// @param dataDir the node's own folder
/// @param logs where and how a broker keeps its partitions' logs
/// @param loggingFormat what the node's own log looks like
/// @param topicDefaults explicit topic configs by name, for topics that do not set them
public record NodeConfig(
        BrokerId nodeId,
        Set<Role> roles,
        Optional<String> clusterId,
        Path dataDir,
        Network network,
        Cluster cluster,
        Limits limits,
        Duration shutdownGrace,
        Logs logs,
        LoggingFormat loggingFormat,
        Map<String, String> topicDefaults) {

    public NodeConfig {
        roles = Collections.unmodifiableSet(EnumSet.copyOf(roles));
        topicDefaults = Collections.unmodifiableMap(new TreeMap<>(topicDefaults));
    }

    /// Where the node listens; a port 0 means any free one.
    ///
    /// @param clientHost the address that the client port is bound to
    /// @param advertisedHost the name that clients are told to use; absent: `clientHost`, or the machine's own name
    ///     where that is a wildcard address
    /// @param httpPort for metrics and probes, at `clientHost`; absent: none is opened
    /// @param httpRecords whether that port serves topics and records too
    /// @param tls how all ports but the last are secured; absent: they are not
    public record Network(
            String clientHost,
            int clientPort,
            Optional<String> advertisedHost,
            int internalPort,
            int raftPort,
            OptionalInt httpPort,
            boolean httpRecords,
            Optional<Tls> tls) {
        /// Without TLS.
        public Network(
                String clientHost,
                int clientPort,
                Optional<String> advertisedHost,
                int internalPort,
                int raftPort,
                OptionalInt httpPort,
                boolean httpRecords) {
            this(
                    clientHost,
                    clientPort,
                    advertisedHost,
                    internalPort,
                    raftPort,
                    httpPort,
                    httpRecords,
                    Optional.empty());
        }

        /// With the defaults of all else.
        public Network(
                String clientHost,
                int clientPort,
                Optional<String> advertisedHost,
                int internalPort,
                int raftPort,
                OptionalInt httpPort) {
            this(clientHost, clientPort, advertisedHost, internalPort, raftPort, httpPort, false);
        }
    }

    /// How connections are secured.
    ///
    /// @param files the node's own certificate, always there, and the authorities that it trusts
    /// @param nodeIdentity names that mark a certificate as a node's; one of them is enough
    /// @param reloadInterval how often the files are looked at for changes
    public record Tls(
            TlsFiles files,
            ClientAuth clientAuth,
            TlsVersion versionMin,
            List<IdentityPattern> nodeIdentity,
            Duration reloadInterval) {
        public Tls {
            nodeIdentity = List.copyOf(nodeIdentity);
        }
    }

    /// Whether clients must show a certificate.
    public enum ClientAuth {
        NONE,
        OPTIONAL,
        REQUIRED
    }

    /// How the node finds the others and is found by them.
    ///
    /// @param controllers the nodes that formed the metadata quorum; only this one in a cluster of one.
    ///     A controller that is not among them joins: it waits until it is added
    /// @param internalHost the address that the ports for other nodes are bound to
    /// @param internalAdvertisedHost the name that other nodes are told to use; absent: this node's own in
    ///     `controllers`, or the one that clients are told
    /// @param balance when the active controller elects preferred leaders
    public record Cluster(
            List<Controller> controllers,
            String internalHost,
            Optional<String> internalAdvertisedHost,
            Optional<String> rack,
            Liveness liveness,
            LeaderBalancer.Rules balance) {
        public Cluster {
            controllers = List.copyOf(controllers);
        }

        public Optional<Controller> controller(BrokerId id) {
            return controllers.stream()
                    .filter(controller -> controller.id().equals(id))
                    .findFirst();
        }
    }

    /// Where a controller is reached by other nodes. A port 0 is that of this node itself, and any free one.
    public record Controller(BrokerId id, String host, int raftPort, int internalPort) {}

    /// When a controller takes a broker for gone.
    ///
    /// @param sessionTimeoutMillis after a silence of so long
    /// @param brokenStreamGraceMillis so long after its connection broke
    public record Liveness(int sessionTimeoutMillis, int brokenStreamGraceMillis) {}

    /// Bounds on what the node takes on at once.
    ///
    /// @param shards the threads that own partitions
    /// @param maxRequestBytes the largest request message, and so the largest batch
    /// @param requestMemoryBytes what all appends not yet answered may hold together
    /// @param maxFetchBytes the most bytes that one fetch or one delivery answers with
    /// @param produceMaxInFlightAppends the appends of one Produce stream not yet answered
    /// @param relayMaxInFlight requests of clients that wait for other brokers
    /// @param slowRequestMillis from when on a request is logged as slow; 0: none is
    /// @param clients what clients may take of it
    public record Limits(
            int shards,
            int maxRequestBytes,
            long requestMemoryBytes,
            int maxFetchBytes,
            int produceMaxInFlightAppends,
            int relayMaxInFlight,
            int slowRequestMillis,
            ClientLimits clients) {
        /// What the appends of one address may hold together: its share, but never less than the largest request needs.
        public long requestMemoryBytesPerAddress() {
            long share = requestMemoryBytes * clients.requestMemoryPercentPerAddress() / 100;
            return Math.max(share, Math.min(maxRequestBytes, requestMemoryBytes));
        }
    }

    /// Bounds on what clients take, all together or those at one address.
    ///
    /// @param connectionsMax open at the port for clients
    /// @param connectionsPerAddressMax of these
    /// @param callsPerAddressMax calls that the clients at one address may have open, streams among them
    /// @param requestMemoryPercentPerAddress of the memory for requests; 100: no bound
    public record ClientLimits(
            int connectionsMax,
            int connectionsPerAddressMax,
            int callsPerAddressMax,
            int requestMemoryPercentPerAddress) {}

    /// Where and how a broker keeps its partitions' logs.
    ///
    /// @param directories that the partitions are spread over, at least one
    /// @param recoveryThreads logs opened at the same time
    /// @param sync how they are made durable
    /// @param watermarkCheckpointInterval how often the high watermarks are noted
    /// @param replicaLagMax who was not caught up for longer leaves the in-sync set
    /// @param cleaner how logs are compacted
    /// @param reassignmentBytesPerSecond what is sent at most to replicas that are being added; empty: no bound
    /// @param diskReserveBytes what producers leave free on the disk of each directory
    /// @param metricsPerPartition whether the size of each is told, beside the topics'
    /// @param groupLag how finely the lag of groups is told
    /// @param groupLagInterval how often it is looked up
    /// @param producerExpiration how long a partition remembers an idle producer
    public record Logs(
            List<Path> directories,
            int recoveryThreads,
            SyncConfig sync,
            Duration watermarkCheckpointInterval,
            Duration replicaLagMax,
            CleanerConfig cleaner,
            OptionalLong reassignmentBytesPerSecond,
            long diskReserveBytes,
            boolean metricsPerPartition,
            LagDetail groupLag,
            Duration groupLagInterval,
            Duration producerExpiration) {
        public Logs {
            directories = List.copyOf(directories);
        }

        private Logs in(List<Path> newDirectories) {
            return new Logs(
                    newDirectories,
                    recoveryThreads,
                    sync,
                    watermarkCheckpointInterval,
                    replicaLagMax,
                    cleaner,
                    reassignmentBytesPerSecond,
                    diskReserveBytes,
                    metricsPerPartition,
                    groupLag,
                    groupLagInterval,
                    producerExpiration);
        }
    }

    /// A single node with both roles and the defaults of everything, bound to free ports of the loopback interface.
    public static NodeConfig embedded(Path dataDir) {
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.DATA_DIR, dataDir.toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.INTERNAL_PORT, "0")
                .withFlag(ConfigKeys.RAFT_PORT, "0")
                .withFlag(ConfigKeys.HTTP_PORT, "off");
        return switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> valid.config();
            case ConfigResult.Invalid(var problems) ->
                throw new IllegalStateException("the defaults contradict each other: " + problems);
        };
    }

    public boolean is(Role role) {
        return roles.contains(role);
    }

    /// Whether this node must belong to a cluster that it cannot make by itself.
    public boolean joinsOthers() {
        return cluster.controllers().size() > 1 || cluster.controller(nodeId).isEmpty() || !is(Role.CONTROLLER);
    }

    public NodeConfig withNodeId(BrokerId newNodeId) {
        var copy = new Copy(this);
        copy.nodeId = newNodeId;
        copy.cluster = new Cluster(
                cluster.controllers().stream()
                        .map(one -> one.id().equals(nodeId)
                                ? new Controller(newNodeId, one.host(), one.raftPort(), one.internalPort())
                                : one)
                        .toList(),
                cluster.internalHost(),
                cluster.internalAdvertisedHost(),
                cluster.rack(),
                cluster.liveness(),
                cluster.balance());
        return copy.done();
    }

    public NodeConfig withClusterId(String newClusterId) {
        var copy = new Copy(this);
        copy.clusterId = Optional.of(newClusterId);
        return copy.done();
    }

    public NodeConfig withNetwork(Network newNetwork) {
        var copy = new Copy(this);
        copy.network = newNetwork;
        return copy.done();
    }

    /// The same with its partitions in these folders.
    public NodeConfig withDirectories(List<Path> directories) {
        var copy = new Copy(this);
        copy.logs = logs.in(directories);
        return copy.done();
    }

    /// What becomes the same configuration with something else in it.
    private static final class Copy {
        private final NodeConfig of;
        private BrokerId nodeId;
        private Optional<String> clusterId;
        private Network network;
        private Cluster cluster;
        private Logs logs;

        Copy(NodeConfig of) {
            this.of = of;
            this.nodeId = of.nodeId;
            this.clusterId = of.clusterId;
            this.network = of.network;
            this.cluster = of.cluster;
            this.logs = of.logs;
        }

        NodeConfig done() {
            return new NodeConfig(
                    nodeId,
                    of.roles,
                    clusterId,
                    of.dataDir,
                    network,
                    cluster,
                    of.limits,
                    of.shutdownGrace,
                    logs,
                    of.loggingFormat,
                    of.topicDefaults);
        }
    }
}
