package io.weirlog.cli;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.Acks;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.NewTopic;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.server.Node;
import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.tls.DevelopmentCa;
import io.weirlog.testing.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three nodes that speak TLS on all ports.
class TlsClusterTest {
    private static final int NODES = 3;
    private static final Duration WAIT_MAX = Duration.ofSeconds(60);
    private static final String TOPIC = "secured";

    @TempDir
    private Path folder;

    private final List<Integer> ports = FreePorts.next(3 * NODES);
    private final Map<Integer, Node> nodes = new TreeMap<>();
    private final Map<Integer, TlsScene.Pair> certificates = new TreeMap<>();

    @AfterEach
    void stop() {
        CompletableFuture.allOf(nodes.values().stream()
                        .map(node -> CompletableFuture.runAsync(
                                node::close, task -> Thread.ofPlatform().start(task)))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }

    private static <T> T known(Map<Integer, T> all, int id) {
        return Optional.ofNullable(all.get(id)).orElseThrow();
    }

    private String quorum() {
        return IntStream.rangeClosed(1, NODES)
                .mapToObj(id -> id + "@127.0.0.1:" + raftPort(id) + ":" + internalPort(id))
                .collect(Collectors.joining(","));
    }

    private int internalPort(int id) {
        return ports.get(id - 1);
    }

    private int raftPort(int id) {
        return ports.get(NODES + id - 1);
    }

    private int httpPort(int id) {
        return ports.get(2 * NODES + id - 1);
    }

    private NodeConfig config(TlsScene scene, int id) {
        var tls = new HashMap<>(scene.settings(known(certificates, id)));
        tls.put(ConfigKeys.TLS_CLIENT_AUTH, "required");
        Map<ConfigKey<?>, String> own = Map.of(
                ConfigKeys.NODE_ID, Integer.toString(id),
                ConfigKeys.CLUSTER_ID, "secured",
                ConfigKeys.CONTROLLER_QUORUM, quorum(),
                ConfigKeys.INTERNAL_PORT, Integer.toString(internalPort(id)),
                ConfigKeys.RAFT_PORT, Integer.toString(raftPort(id)),
                ConfigKeys.HTTP_PORT, Integer.toString(httpPort(id)));
        return TlsScene.config(folder.resolve("node-" + id), List.of(tls, own));
    }

    private void start(TlsScene scene, int... ids) {
        var starting = new TreeMap<Integer, CompletableFuture<Node>>();
        for (int id : ids) {
            starting.put(id, starting(config(scene, id)));
        }
        starting.forEach((id, node) -> nodes.put(id, node.join()));
    }

    private static CompletableFuture<Node> starting(NodeConfig config) {
        var started = new CompletableFuture<Node>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                started.complete(Node.start(config));
            } catch (NodeStartException | RuntimeException e) {
                started.completeExceptionally(e);
            }
        });
        return started;
    }

    private String[] addresses() {
        return nodes.values().stream().map(Node::clientAddress).toArray(String[]::new);
    }

    private double metric(int id, String line) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort(id) + "/metrics"))
                .build();
        var shown = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
        return shown.lines()
                .filter(each -> each.matches(line + " .*"))
                .mapToDouble(each -> Double.parseDouble(each.substring(each.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static boolean allInSync(WeirlogClient client) {
        return client.admin().describeTopic(TOPIC).partitions().stream()
                .allMatch(partition -> partition.inSyncReplicas().size() == NODES);
    }

    @Test
    void aClusterOverTlsKeepsWorkingWhileItsCertificatesAndItsAuthorityAreReplaced() throws Exception {
        var scene = TlsScene.in(folder.resolve("tls"));
        for (int id = 1; id <= NODES; id++) {
            certificates.put(id, scene.node("node-" + id, TlsScene.valid()));
        }
        start(scene, 1, 2, 3);
        var own = scene.client("client", TlsScene.valid());
        try (var client = scene.connect(own, addresses())) {
            client.admin()
                    .createTopic(NewTopic.named(TOPIC)
                            .withPartitions(1)
                            .withReplicationFactor(NODES)
                            .withConfig("min.insync.replicas", "2"));
            await("all replicas in sync", () -> allInSync(client));
            try (var load = new Load(client)) {
                replaceAuthority(scene, own);
                load.endAndCheck();
            }
        }
        keepsTheFormerOnesIfTheNewAreOfNoUse(scene, own);
    }

    /// First both are trusted, then all show certificates of the new one, then only that is trusted.
    private void replaceAuthority(TlsScene scene, TlsScene.Pair own) throws Exception {
        var next = DevelopmentCa.create("Next CA", TlsScene.valid());
        replace(scene.ca(), scene.authority().certificatePem() + next.certificatePem());
        awaitReloads(1);
        for (int id = 1; id <= NODES; id++) {
            replace(known(certificates, id), next.node("node-" + id, TlsScene.LOOPBACK, TlsScene.valid()));
        }
        replace(own, next.client("client", TlsScene.valid()));
        awaitReloads(2);
        replace(scene.ca(), next.certificatePem());
        awaitReloads(3);
        // All connections of this node are new ones, in both directions and on all ports.
        known(nodes, 3).close();
        nodes.remove(3);
        start(scene, 3);
        try (var late = scene.connect(own, addresses())) {
            await("all replicas in sync again", () -> allInSync(late));
        }
    }

    private void awaitReloads(int count) throws Exception {
        for (int id = 1; id <= NODES; id++) {
            int node = id;
            await(
                    "reload " + count + " of node " + id,
                    () -> metric(node, "weirlog_tls_reloads_total\\{.*result=\"ok\".*}") >= count);
        }
    }

    private static void replace(TlsScene.Pair pair, DevelopmentCa.Issued by) throws IOException {
        replace(pair.key(), by.keyPem());
        replace(pair.certificate(), by.certificatePem());
    }

    private static void replace(Path file, String text) throws IOException {
        var temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(temporary, text);
        Files.move(temporary, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    private void keepsTheFormerOnesIfTheNewAreOfNoUse(TlsScene scene, TlsScene.Pair own) throws Exception {
        Files.writeString(known(certificates, 1).key(), "no key");
        await("the failure is counted", () -> metric(1, "weirlog_tls_reloads_total\\{.*result=\"failed\".*}") == 1);
        assertTrue(metric(1, "weirlog_tls_certificate_expiry_seconds\\{certificate=\"node\".*}") > 3_600);
        try (var client = scene.connect(own, known(nodes, 1).clientAddress())) {
            assertEquals(NODES, client.admin().describeCluster().brokers().size());
        }
    }

    /// Appends one record after the other, and reads them, until it is told to end.
    private static final class Load implements AutoCloseable {
        private static final int RECORDS_MAX = 1_000_000;

        private final AtomicBoolean ended = new AtomicBoolean();
        private final CompletableFuture<Integer> appended = new CompletableFuture<>();
        private final CompletableFuture<List<String>> read = new CompletableFuture<>();

        Load(WeirlogClient client) {
            Thread.ofPlatform().daemon().start(() -> complete(appended, () -> append(client)));
            Thread.ofPlatform().daemon().start(() -> complete(read, () -> read(client)));
        }

        private static <T> void complete(CompletableFuture<T> future, Callable<T> work) {
            try {
                future.complete(work.call());
            } catch (Exception | AssertionError e) {
                future.completeExceptionally(e);
            }
        }

        private int append(WeirlogClient client) throws Exception {
            int count = 0;
            var options = ProducerOptions.builder().acks(Acks.ALL).build();
            try (var producer = client.producer(options)) {
                while (!ended.get() && count < RECORDS_MAX) {
                    producer.send(ProducerRecord.of(TOPIC, Integer.toString(count)))
                            .get();
                    count++;
                }
            }
            return count;
        }

        private List<String> read(WeirlogClient client) throws Exception {
            List<String> values = new ArrayList<>();
            var options = ConsumerOptions.builder()
                    .topic(TOPIC)
                    .start(StartAt.earliest())
                    .build();
            try (var consumer = client.consumer(options)) {
                while (!appended.isDone() || values.size() < appended.join()) {
                    consumer.poll(Duration.ofMillis(100))
                            .forEach(record -> values.add(new String(
                                    Optional.ofNullable(record.value()).orElseThrow(), StandardCharsets.UTF_8)));
                }
            }
            return values;
        }

        void endAndCheck() {
            ended.set(true);
            int count = appended.orTimeout(WAIT_MAX.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                    .join();
            var values = read.orTimeout(WAIT_MAX.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                    .join();
            assertTrue(count > 10, "only " + count + " records were appended meanwhile");
            assertEquals(IntStream.range(0, count).mapToObj(Integer::toString).toList(), values);
        }

        @Override
        public void close() {
            ended.set(true);
        }
    }

    /// It has a certificate of the cluster's authority, and takes the others for nodes; they do not take it for one.
    @Test
    void aStrangerNeitherJoinsNorIsServed() throws Exception {
        var scene = TlsScene.in(folder.resolve("tls"));
        for (int id = 1; id <= NODES; id++) {
            certificates.put(id, scene.node("node-" + id, TlsScene.valid()));
        }
        start(scene, 1, 2, 3);
        var strangers = new HashMap<ConfigKey<?>, String>(
                scene.settings(scene.write("stranger", scene.authority().client("stranger", TlsScene.valid()))));
        strangers.put(ConfigKeys.TLS_NODE_IDENTITY, "cn:*");
        strangers.put(ConfigKeys.NODE_ID, "4");
        strangers.put(ConfigKeys.ROLES, "broker");
        strangers.put(ConfigKeys.CLUSTER_ID, "secured");
        strangers.put(ConfigKeys.CONTROLLER_QUORUM, quorum());
        strangers.put(ConfigKeys.INTERNAL_PORT, "0");
        var stranger = starting(TlsScene.config(folder.resolve("stranger"), List.of(strangers)));
        await("it was refused", () -> {
            double refused = 0;
            for (int id = 1; id <= NODES; id++) {
                refused += metric(
                        id, "weirlog_tls_refused_connections_total\\{.*port=\"internal\",reason=\"not_allowed\".*}");
            }
            return refused >= 1;
        });
        assertTrue(!stranger.isDone() || stranger.isCompletedExceptionally(), "the stranger has joined");
        try (var client = scene.connect(scene.client("client", TlsScene.valid()), addresses())) {
            assertEquals(NODES, client.admin().describeCluster().brokers().size());
        }
    }
}
