package io.weirlog.server.config;

import io.weirlog.common.BrokerId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The checked configuration of one node: every value is within the range that [ConfigKeys] states for it.
///
/// Made by [NodeConfigLoader] from what a user gave, or by [#embedded(Path)] for a node within a test or a tool.
///
/// @param clusterId the cluster that the node must belong to; absent: the one that its data are of, or a new one
/// @param topicDefaults explicit topic configs by name, for topics that do not set them
public record NodeConfig(
        BrokerId nodeId,
        Set<Role> roles,
        Optional<String> clusterId,
        Path dataDir,
        Network network,
        Limits limits,
        Duration shutdownGrace,
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
    public record Network(
            String clientHost, int clientPort, Optional<String> advertisedHost, int internalPort, int raftPort) {}

    /// Bounds on what the node takes on at once.
    ///
    /// @param shards the threads that own partitions
    /// @param maxRequestBytes the largest request message, and so the largest batch
    /// @param requestMemoryBytes what all appends not yet answered may hold together
    /// @param maxFetchBytes the most bytes that one fetch or one delivery answers with
    /// @param produceMaxInFlightAppends the appends of one Produce stream not yet answered
    public record Limits(
            int shards,
            int maxRequestBytes,
            long requestMemoryBytes,
            int maxFetchBytes,
            int produceMaxInFlightAppends) {}

    /// A single node with both roles and the defaults of everything, bound to free ports of the loopback interface.
    public static NodeConfig embedded(Path dataDir) {
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.DATA_DIR, dataDir.toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.INTERNAL_PORT, "0")
                .withFlag(ConfigKeys.RAFT_PORT, "0");
        return switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> valid.config();
            case ConfigResult.Invalid(var problems) ->
                throw new IllegalStateException("the defaults contradict each other: " + problems);
        };
    }

    public NodeConfig withNodeId(BrokerId newNodeId) {
        return new NodeConfig(newNodeId, roles, clusterId, dataDir, network, limits, shutdownGrace, topicDefaults);
    }

    public NodeConfig withClusterId(String newClusterId) {
        return new NodeConfig(
                nodeId, roles, Optional.of(newClusterId), dataDir, network, limits, shutdownGrace, topicDefaults);
    }

    public NodeConfig withNetwork(Network newNetwork) {
        return new NodeConfig(nodeId, roles, clusterId, dataDir, newNetwork, limits, shutdownGrace, topicDefaults);
    }

    public NodeConfig withLimits(Limits newLimits) {
        return new NodeConfig(nodeId, roles, clusterId, dataDir, network, newLimits, shutdownGrace, topicDefaults);
    }

    public NodeConfig withShutdownGrace(Duration newShutdownGrace) {
        return new NodeConfig(nodeId, roles, clusterId, dataDir, network, limits, newShutdownGrace, topicDefaults);
    }

    public NodeConfig withTopicDefaults(Map<String, String> newTopicDefaults) {
        return new NodeConfig(nodeId, roles, clusterId, dataDir, network, limits, shutdownGrace, newTopicDefaults);
    }
}
