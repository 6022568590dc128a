package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.server.config.NodeConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Why a node does not start is one line that says what to do; and it starts where it should.
class NodeStartTest {
    @TempDir
    private Path dataDir;

    @Test
    void recordsAndTopicsSurviveARestart() throws NodeStartException {
        String clusterId;
        try (var node = TestNode.start(dataDir)) {
            clusterId = node.node.clusterId();
            node.createTopic("orders", 3, Map.of());
            node.append("orders", 2, "one", "two");
        }
        try (var node = TestNode.start(dataDir)) {
            assertEquals(clusterId, node.node.clusterId());
            assertEquals(List.of("one", "two"), node.values("orders", 2));
            node.append("orders", 2, "three");
            assertEquals(List.of("one", "two", "three"), node.values("orders", 2));
        }
    }

    @Test
    void portInUse() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var config = NodeConfig.embedded(dataDir);
            var network = config.network();
            assertRefused(
                    config.withNetwork(new NodeConfig.Network(
                            network.clientHost(),
                            taken.getLocalPort(),
                            network.advertisedHost(),
                            network.internalPort(),
                            network.raftPort(),
                            network.httpPort())),
                    "cannot listen on 127.0.0.1:" + taken.getLocalPort());
        }
        assertStarts();
    }

    @Test
    void folderInUse() throws NodeStartException {
        try (var first = TestNode.start(dataDir)) {
            assertRefused(NodeConfig.embedded(dataDir), "in use by another Weirlog process");
            first.createTopic("still-alive", 1, Map.of());
        }
        assertStarts();
    }

    @Test
    void folderNotWritable() throws IOException {
        var file = Files.createFile(dataDir.resolve("file"));
        assertRefused(NodeConfig.embedded(file.resolve("data")), "is not writable");
    }

    @Test
    void folderOfAnotherNode() throws NodeStartException {
        assertStarts();
        assertRefused(NodeConfig.embedded(dataDir).withNodeId(new BrokerId(7)), "belongs to node 1, this is node 7");
        assertStarts();
    }

    @Test
    void folderOfAnotherCluster() throws NodeStartException {
        assertStarts();
        assertRefused(NodeConfig.embedded(dataDir).withClusterId("elsewhere"), "not to elsewhere");
        assertStarts();
    }

    @Test
    void folderOfANewerFormat() throws IOException, NodeStartException {
        assertStarts();
        var file = dataDir.resolve("node.properties");
        Files.writeString(file, Files.readString(file).replace("format.version=1", "format.version=2"));
        assertRefused(NodeConfig.embedded(dataDir), "format version '2'");
    }

    private NodeConfig spread(String... folders) {
        return NodeConfig.embedded(dataDir.resolve("home"))
                .withDirectories(List.of(folders).stream().map(dataDir::resolve).toList());
    }

    @Test
    void partitionsAreSpreadOverDataDirectories() throws NodeStartException {
        try (var node = TestNode.start(spread("a", "b"))) {
            node.createTopic("orders", 4, Map.of());
            node.append("orders", 3, "one");
        }
        for (var folder : List.of("a", "b")) {
            var partitions = dataDir.resolve(folder).resolve("partitions");
            assertEquals(
                    2,
                    List.of(0, 1, 2, 3).stream()
                            .filter(number -> Files.exists(partitions.resolve("orders-" + number)))
                            .count());
        }
        try (var node = TestNode.start(spread("a", "b", "c"))) {
            assertEquals(List.of("one"), node.values("orders", 3));
        }
    }

    @Test
    void dataDirectoriesOfOthersAreRefusedByName() throws IOException, NodeStartException {
        TestNode.start(spread("a", "b")).close();
        try (var other = TestNode.start(
                NodeConfig.embedded(dataDir.resolve("x")).withDirectories(List.of(dataDir.resolve("c"))))) {
            assertRefused(spread("a", "c"), dataDir.resolve("c") + " is in use");
            other.createTopic("still-alive", 1, Map.of());
        }
        assertRefused(spread("a", "c"), dataDir.resolve("c") + " has cluster.id");
        var properties = dataDir.resolve("b").resolve("data.properties");
        var text = Files.readString(properties);
        Files.writeString(properties, text.replace("format.version=1", "format.version=2"));
        assertRefused(spread("a", "b"), dataDir.resolve("b") + " has format.version '2'");
        Files.writeString(properties, text.replace("node.id=1", "node.id=2"));
        assertRefused(spread("a", "b"), dataDir.resolve("b") + " has node.id '2'");
        Files.copy(dataDir.resolve("a").resolve("data.properties"), properties, StandardCopyOption.REPLACE_EXISTING);
        assertRefused(spread("a", "b"), "have the same directory.id");
        Files.writeString(properties, text);
        TestNode.start(spread("a", "b")).close();
    }

    @Test
    void aPartitionInTwoDataDirectoriesIsRefused() throws IOException, NodeStartException {
        try (var node = TestNode.start(spread("a", "b"))) {
            node.createTopic("orders", 1, Map.of());
        }
        Files.createDirectories(dataDir.resolve("b/partitions/orders-0"));
        assertRefused(spread("a", "b"), "orders-0 is in two data directories");
    }

    @Test
    void partitionsLeftBehindInTheNodesFolderAreNotForgotten() throws NodeStartException {
        var home = NodeConfig.embedded(dataDir.resolve("home"));
        try (var node = TestNode.start(home)) {
            node.createTopic("orders", 1, Map.of());
            node.append("orders", 0, "one");
        }
        assertRefused(spread("a"), "is not in data.dirs");
        try (var node = TestNode.start(spread("a", "home"))) {
            assertEquals(List.of("one"), node.values("orders", 0));
        }
    }

    /// A failed disk must not keep the others' partitions out of service.
    @Test
    void aNodeStartsWithoutADirectoryThatCannotBeUsed() throws IOException, NodeStartException {
        try (var node = TestNode.start(spread("a", "b"))) {
            node.createTopic("orders", 2, Map.of());
            node.append("orders", 0, "one");
            node.append("orders", 1, "two");
        }
        // Which of them took the first directory is left to chance: they are opened at the same time.
        int kept = Files.isDirectory(dataDir.resolve("a/partitions/orders-0")) ? 0 : 1;
        var written = List.of("one", "two");
        Files.move(dataDir.resolve("b"), dataDir.resolve("b-away"));
        Files.createFile(dataDir.resolve("b"));
        try (var node = TestNode.start(spread("a", "b"))) {
            assertEquals(List.of(written.get(kept)), node.values("orders", kept));
            node.createTopic("new", 1, Map.of());
            node.append("new", 0, "three");
            assertTrue(node.fetch("orders", 1 - kept, 0).hasProblem());
        }
        Files.delete(dataDir.resolve("b"));
        Files.move(dataDir.resolve("b-away"), dataDir.resolve("b"));
        try (var node = TestNode.start(spread("a", "b"))) {
            assertEquals(List.of(written.get(1 - kept)), node.values("orders", 1 - kept));
            assertEquals(List.of("three"), node.values("new", 0));
        }
    }

    @Test
    void aDirectoryThatTheMetadataDoNotKnowIsKeptAside() throws IOException, NodeStartException {
        assertStarts();
        var foreign = dataDir.resolve("partitions").resolve("gone-0");
        Files.createDirectories(foreign);
        Files.writeString(foreign.resolve("precious"), "data");
        assertStarts();
        assertFalse(Files.exists(foreign));
        assertEquals("data", Files.readString(dataDir.resolve("partitions/gone-0.stray/precious")));
    }

    @Test
    void tellsWatchersHowItAndTheClusterAre() throws Exception {
        var network = NodeConfig.embedded(dataDir).network();
        var config = NodeConfig.embedded(dataDir)
                .withNetwork(new NodeConfig.Network(
                        network.clientHost(), 0, network.advertisedHost(), 0, 0, OptionalInt.of(0)));
        try (var node = TestNode.start(config);
                var client = HttpClient.newHttpClient()) {
            node.createTopic("orders", 3, Map.of());
            var base = "http://127.0.0.1:" + node.node.httpPort().orElseThrow();
            assertEquals("ready\n", get(client, base + "/readyz"));
            var metrics = get(client, base + "/metrics");
            for (var line : List.of(
                    "weirlog_metadata_active_controller{node=\"1\"} 1.0",
                    "weirlog_partitions{node=\"1\"} 3.0",
                    "weirlog_partitions_leading{node=\"1\"} 3.0",
                    "weirlog_partitions_failed{node=\"1\"} 0.0",
                    "weirlog_recovery_partitions_remaining{node=\"1\"} 0.0",
                    "weirlog_recovery_bytes_total{node=\"1\"} 0.0",
                    "weirlog_log_cleaner_failures_total{node=\"1\"} 0.0",
                    "weirlog_log_cleaner_read_bytes_total{node=\"1\"} 0.0",
                    "weirlog_data_directory_offline{directory=\"" + dataDir.resolve("partitions")
                            + "\",node=\"1\"} 0.0",
                    "weirlog_version{node=\"1\",version=\"" + BuildInfo.VERSION + "\"} 1.0",
                    "weirlog_cluster_brokers{node=\"1\"} 1.0",
                    "weirlog_cluster_brokers_fenced{node=\"1\"} 0.0",
                    "weirlog_cluster_partitions{node=\"1\"} 3.0",
                    "weirlog_cluster_partitions_offline{node=\"1\"} 0.0",
                    "weirlog_cluster_partitions_under_replicated{node=\"1\"} 0.0")) {
                assertTrue(metrics.contains(line + "\n"), () -> line + " is not in\n" + metrics);
            }
            for (var name : List.of("usable", "total")) {
                var line = "weirlog_data_directory_" + name + "_bytes\\{.*} [1-9].*";
                assertTrue(metrics.lines().anyMatch(one -> one.matches(line)), () -> line + " is not in\n" + metrics);
            }
        }
    }

    private static String get(HttpClient client, String uri) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private void assertStarts() {
        try (var node = Node.start(NodeConfig.embedded(dataDir))) {
            assertTrue(node.clientPort() > 0);
        } catch (NodeStartException e) {
            throw new AssertionError(e);
        }
    }

    private static void assertRefused(NodeConfig config, String part) {
        var refused =
                assertThrows(NodeStartException.class, () -> Node.start(config).close());
        var message = Optional.ofNullable(refused.getMessage()).orElse("");
        assertTrue(message.contains(part), message);
        assertFalse(message.contains("\n"), message);
    }
}
