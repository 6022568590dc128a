package io.weirlog.server;

import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.testing.FreePorts;
import io.weirlog.v1.CreateTopicRequest;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Several nodes in this process, over loopback. Each can be stopped and started again.
final class TestCluster implements AutoCloseable {
    private static final String CLUSTER_ID = "test-cluster";

    private final Path folder;
    private final int controllers;
    private final int[] raftPorts;
    private final int[] internalPorts;
    private final Map<Integer, TestNode> nodes = new TreeMap<>();
    private final Map<ConfigKey<?>, String> settings = new LinkedHashMap<>();
    private final Map<Integer, Map<ConfigKey<?>, String>> ownSettings = new TreeMap<>();

    /// @param controllers nodes 1 to this number vote; others are brokers only
    TestCluster(Path folder, int nodes, int controllers) {
        this.folder = folder;
        this.controllers = controllers;
        var ports = FreePorts.next(2 * nodes);
        this.raftPorts = ports.stream().mapToInt(i -> i).limit(nodes).toArray();
        this.internalPorts = ports.stream().mapToInt(i -> i).skip(nodes).toArray();
    }

    /// Three nodes that run, and a topic that all of them replicate.
    static TestCluster ofThree(Path folder, String topic, int partitions) {
        var cluster = new TestCluster(folder, 3, 3);
        cluster.start(1, 2, 3);
        var _ = cluster.node(1)
                .admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .setPartitions(partitions)
                        .setReplicationFactor(3)
                        .build());
        return cluster;
    }

    /// A setting of all nodes that are started from now on.
    TestCluster with(ConfigKey<?> key, String value) {
        settings.put(key, value);
        return this;
    }

    /// A setting of one node, from when it is started next.
    TestCluster with(int id, ConfigKey<?> key, String value) {
        ownSettings.computeIfAbsent(id, _ -> new LinkedHashMap<>()).put(key, value);
        return this;
    }

    NodeConfig config(int id) {
        var quorum = IntStream.rangeClosed(1, controllers)
                .mapToObj(one -> one + "@127.0.0.1:" + raftPorts[one - 1] + ":" + internalPorts[one - 1])
                .collect(Collectors.joining(","));
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.NODE_ID, Integer.toString(id))
                .withFlag(ConfigKeys.ROLES, id <= controllers ? "broker,controller" : "broker")
                .withFlag(ConfigKeys.CLUSTER_ID, CLUSTER_ID)
                .withFlag(ConfigKeys.DATA_DIR, folder.resolve("node-" + id).toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.INTERNAL_PORT, Integer.toString(internalPorts[id - 1]))
                .withFlag(ConfigKeys.RAFT_PORT, Integer.toString(raftPorts[id - 1]))
                .withFlag(ConfigKeys.HTTP_PORT, "off")
                .withFlag(ConfigKeys.CONTROLLER_QUORUM, quorum);
        for (var setting : settings.entrySet()) {
            sources = sources.withFlag(setting.getKey(), setting.getValue());
        }
        for (var setting : ownSettings.getOrDefault(id, Map.of()).entrySet()) {
            sources = sources.withFlag(setting.getKey(), setting.getValue());
        }
        return switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> valid.config();
            case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
        };
    }

    /// Starts these nodes at the same time: voters wait for each other.
    void start(int... ids) {
        var starting = new TreeMap<Integer, CompletableFuture<TestNode>>();
        for (int id : ids) {
            var started = new CompletableFuture<TestNode>();
            starting.put(id, started);
            Thread.ofPlatform().start(() -> {
                try {
                    started.complete(TestNode.start(config(id)));
                } catch (NodeStartException | RuntimeException e) {
                    started.completeExceptionally(e);
                }
            });
        }
        starting.forEach((id, started) -> nodes.put(id, started.join()));
    }

    void stop(int id) {
        node(id).close();
        nodes.remove(id);
    }

    /// As [#stop], but the node is the first to end what goes on between them.
    void stopBeforeItsClients(int id) {
        node(id).node.close();
        stop(id);
    }

    TestNode node(int id) {
        var node = nodes.get(id);
        if (node == null) {
            throw new AssertionError("node " + id + " does not run");
        }
        return node;
    }

    @Override
    public void close() {
        CompletableFuture.allOf(nodes.values().stream()
                        .map(node -> CompletableFuture.runAsync(
                                node::close, task -> Thread.ofPlatform().start(task)))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }
}
