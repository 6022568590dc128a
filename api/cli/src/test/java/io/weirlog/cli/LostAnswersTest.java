package io.weirlog.cli;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.Acknowledgement;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.NewTopic;
import io.weirlog.client.Producer;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.testing.FreePorts;
import io.weirlog.testing.LossyProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Three brokers behind proxies that lose their answers again and again, and one that stops in the middle while it
/// leads. A record that was not acknowledged is sent again, by the producer or by whoever uses it.
@Timeout(180)
class LostAnswersTest {
    private static final int NODES = 3;
    private static final int PARTITIONS = 2;
    private static final int ROUNDS = 8;
    private static final int RECORDS_PER_ROUND = 40;
    private static final int ATTEMPTS_MAX = 20;

    @TempDir
    private Path folder;

    private final Map<Integer, Node> nodes = new LinkedHashMap<>();
    private final List<LossyProxy> proxies = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        var cluster = IntStream.rangeClosed(1, NODES)
                .mapToObj(id -> new int[] {FreePorts.next(), FreePorts.next()})
                .toList();
        var quorum = String.join(
                ",",
                IntStream.rangeClosed(1, NODES)
                        .mapToObj(id -> id + "@127.0.0.1:" + cluster.get(id - 1)[0] + ":" + cluster.get(id - 1)[1])
                        .toList());
        var starting = new ArrayList<CompletableFuture<Node>>();
        for (int id = 1; id <= NODES; id++) {
            var sources = ConfigSources.NONE
                    .withFlag(ConfigKeys.NODE_ID, Integer.toString(id))
                    .withFlag(ConfigKeys.ROLES, "broker,controller")
                    .withFlag(ConfigKeys.CLUSTER_ID, "lossy")
                    .withFlag(ConfigKeys.DATA_DIR, folder.resolve("node-" + id).toString())
                    .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                    .withFlag(ConfigKeys.CLIENT_ADVERTISED_HOST, "127.0.0.2")
                    .withFlag(ConfigKeys.CLIENT_PORT, "0")
                    .withFlag(ConfigKeys.RAFT_PORT, Integer.toString(cluster.get(id - 1)[0]))
                    .withFlag(ConfigKeys.INTERNAL_PORT, Integer.toString(cluster.get(id - 1)[1]))
                    .withFlag(ConfigKeys.HTTP_PORT, "off")
                    .withFlag(ConfigKeys.CONTROLLER_QUORUM, quorum);
            var started = new CompletableFuture<Node>();
            starting.add(started);
            Thread.ofPlatform().start(() -> {
                try {
                    switch (NodeConfigLoader.load(sources)) {
                        case ConfigResult.Valid valid -> started.complete(Node.start(valid.config()));
                        case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
                    }
                } catch (Exception | AssertionError e) {
                    started.completeExceptionally(e);
                }
            });
        }
        for (int id = 1; id <= NODES; id++) {
            var node = starting.get(id - 1).get(60, TimeUnit.SECONDS);
            nodes.put(id, node);
            proxies.add(new LossyProxy(at(2, node), at(1, node)));
        }
    }

    /// On one of the addresses that all lead to this machine.
    private static InetSocketAddress at(int host, Node node) throws Exception {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) host}), node.clientPort());
    }

    @AfterEach
    void stop() throws Exception {
        for (var proxy : proxies) {
            proxy.close();
        }
        // At the same time: one by one, the last would look in vain for somebody to take over.
        CompletableFuture.allOf(nodes.values().stream()
                        .map(node -> CompletableFuture.runAsync(
                                node::close, task -> Thread.ofPlatform().start(task)))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }

    @Test
    void anIdempotentProducerLeavesEachRecordOnceAndInOrder() throws Exception {
        var failures = write(ProducerOptions.builder());
        for (var partition = 0; partition < PARTITIONS; partition++) {
            assertEquals(sent(partition), read(partition), "partition " + partition);
        }
        assertEquals(List.of(), failures, "all were acknowledged");
    }

    /// The same without: otherwise the test above would show nothing.
    @Test
    void whoeverSendsAgainWithoutItDoublesRecords() throws Exception {
        var failures = write(ProducerOptions.builder().idempotent(false));
        assertTrue(!failures.isEmpty(), "no answer was lost");
        var doubled = 0;
        for (var partition = 0; partition < PARTITIONS; partition++) {
            var read = read(partition);
            assertTrue(read.containsAll(sent(partition)), "records are lost in partition " + partition);
            doubled += read.size() - new HashSet<>(read).size();
        }
        System.out.println(doubled + " records doubled by " + failures.size() + " sent again");
        assertTrue(doubled > 0, "nothing was doubled");
    }

    private static List<String> sent(int partition) {
        return IntStream.range(0, ROUNDS * RECORDS_PER_ROUND)
                .filter(i -> i % PARTITIONS == partition)
                .mapToObj(i -> "value " + i)
                .toList();
    }

    /// Sends all records, and those again that fail.
    ///
    /// @return what failed
    private List<String> write(ProducerOptions.Builder options) throws Exception {
        var failures = new ArrayList<String>();
        try (var client = connect();
                var producer = client.producer(
                        options.linger(Duration.ZERO).batchBytes(256).build())) {
            client.admin().createTopic(new NewTopic("t", PARTITIONS, NODES, Map.of("min.insync.replicas", "2")));
            for (var round = 0; round < ROUNDS; round++) {
                var loses = round % 2 == 1;
                var lostBefore = lostBytes();
                if (loses) {
                    proxies.forEach(LossyProxy::loseAnswers);
                }
                var sends = send(producer, round);
                if (loses) {
                    await("a broker answers", () -> lostBytes() > lostBefore);
                    proxies.forEach(LossyProxy::cut);
                }
                if (round == ROUNDS / 2) {
                    stopLeader(client);
                }
                for (var send : sends.entrySet()) {
                    sendUntilDone(producer, send.getKey(), send.getValue(), failures);
                }
            }
        }
        return failures;
    }

    private Map<ProducerRecord, CompletableFuture<Acknowledgement>> send(Producer producer, int round) {
        var sends = new LinkedHashMap<ProducerRecord, CompletableFuture<Acknowledgement>>();
        for (var i = round * RECORDS_PER_ROUND; i < (round + 1) * RECORDS_PER_ROUND; i++) {
            var record = ProducerRecord.of("t", "value " + i).toPartition(i % PARTITIONS);
            sends.put(record, producer.send(record));
        }
        return sends;
    }

    private static void sendUntilDone(
            Producer producer, ProducerRecord record, CompletableFuture<Acknowledgement> first, List<String> failures) {
        var sent = first;
        for (var attempt = 1; ; attempt++) {
            try {
                sent.orTimeout(60, TimeUnit.SECONDS).join();
                return;
            } catch (CompletionException e) {
                failures.add(String.valueOf(e.getMessage()));
                assertTrue(attempt < ATTEMPTS_MAX, () -> "in vain: " + e.getMessage());
                sent = producer.send(record);
            }
        }
    }

    private void stopLeader(WeirlogClient client) {
        var leader = client.admin()
                .describeTopic("t")
                .partitions()
                .getFirst()
                .leader()
                .orElseThrow()
                .broker()
                .value();
        Objects.requireNonNull(nodes.remove(leader)).close();
    }

    private long lostBytes() {
        return proxies.stream().mapToLong(LossyProxy::lostBytes).sum();
    }

    private WeirlogClient connect() {
        return WeirlogClient.connect(
                nodes.values().stream().map(Node::clientAddress).toArray(String[]::new));
    }

    private List<String> read(int partition) {
        try (var client = connect()) {
            var end = client.admin().listOffsets("t", StartAt.latest()).stream()
                    .filter(offset -> offset.partition().partition() == partition)
                    .findFirst()
                    .orElseThrow()
                    .offset()
                    .orElseThrow();
            var read = new ArrayList<String>();
            try (var consumer = client.consumer(
                    ConsumerOptions.builder().partition("t", partition).build())) {
                long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                while (read.size() < end) {
                    assertTrue(System.nanoTime() < deadlineNanos, () -> "read " + read.size() + " of " + end);
                    consumer.poll(Duration.ofMillis(200))
                            .forEach(record -> read.add(record.valueText().orElse("")));
                }
            }
            return read;
        }
    }
}
