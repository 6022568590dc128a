package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.GroupConsumer;
import io.weirlog.client.GroupOptions;
import io.weirlog.client.NewTopic;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.RebalanceListener;
import io.weirlog.client.WeirlogClient;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.testing.FreePorts;
import io.weirlog.testing.LossyProxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The Java client's group consumer when the broker that it is connected to goes, one of three.
@Timeout(240)
class GroupConsumerClusterTest {
    private static final int NODES = 3;
    private static final int PARTITIONS = 4;
    private static final Duration STEP = Duration.ofMillis(20);

    @TempDir
    private Path folder;

    private final Map<Integer, Node> nodes = new TreeMap<>();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<String> written = new ArrayList<>();
    private final List<String> read = new ArrayList<>();

    @BeforeEach
    void start() {
        var ports = IntStream.range(0, NODES)
                .mapToObj(node -> new int[] {FreePorts.next(), FreePorts.next()})
                .toList();
        var quorum = IntStream.range(0, NODES)
                .mapToObj(i -> (i + 1) + "@127.0.0.1:" + ports.get(i)[0] + ":" + ports.get(i)[1])
                .collect(Collectors.joining(","));
        var starting = new ArrayList<CompletableFuture<Node>>();
        for (int id = 1; id <= NODES; id++) {
            var sources = ConfigSources.NONE
                    .withFlag(ConfigKeys.NODE_ID, Integer.toString(id))
                    .withFlag(ConfigKeys.ROLES, "broker,controller")
                    .withFlag(ConfigKeys.CLUSTER_ID, "group-consumers")
                    .withFlag(ConfigKeys.DATA_DIR, folder.resolve("node-" + id).toString())
                    .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                    .withFlag(ConfigKeys.CLIENT_PORT, "0")
                    .withFlag(ConfigKeys.RAFT_PORT, Integer.toString(ports.get(id - 1)[0]))
                    .withFlag(ConfigKeys.INTERNAL_PORT, Integer.toString(ports.get(id - 1)[1]))
                    .withFlag(ConfigKeys.HTTP_PORT, "off")
                    .withFlag(ConfigKeys.CONTROLLER_QUORUM, quorum);
            var config = switch (NodeConfigLoader.load(sources)) {
                case ConfigResult.Valid valid -> valid.config();
                case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
            };
            starting.add(started(config));
        }
        for (int id = 1; id <= NODES; id++) {
            nodes.put(id, starting.get(id - 1).join());
        }
    }

    private static CompletableFuture<Node> started(NodeConfig config) {
        var started = new CompletableFuture<Node>();
        Thread.ofPlatform().start(() -> {
            try {
                started.complete(Node.start(config));
            } catch (Exception e) {
                started.completeExceptionally(e);
            }
        });
        return started;
    }

    @AfterEach
    void stop() {
        CompletableFuture.allOf(nodes.values().stream()
                        .map(node -> CompletableFuture.runAsync(
                                node::close, task -> Thread.ofPlatform().start(task)))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }

    private final class Log implements RebalanceListener {
        @Override
        public void onAssigned(GroupConsumer consumer, Set<PartitionRef> partitions) {
            told.add("assigned " + partitions.size());
        }

        @Override
        public void onRevoked(GroupConsumer consumer, Set<PartitionRef> partitions) {
            told.add("revoked " + partitions.size());
        }

        @Override
        public void onLost(GroupConsumer consumer, Set<PartitionRef> partitions) {
            told.add("lost " + partitions.size());
        }
    }

    private Node node(int id) {
        return Objects.requireNonNull(nodes.get(id));
    }

    private String address(int id) {
        return node(id).clientAddress();
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private void write(WeirlogClient client, String prefix) {
        try (var producer = client.producer()) {
            var sends = new ArrayList<CompletableFuture<?>>();
            for (int i = 0; i < 50; i++) {
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    var value = prefix + "-" + partition + "-" + i;
                    written.add(value);
                    sends.add(producer.send(ProducerRecord.of("t", value).toPartition(partition)));
                }
            }
            sends.forEach(CompletableFuture::join);
        }
    }

    /// How many partitions came and went, by what the listener was told: several may come one by one, as their offsets
    /// are found.
    private Map<String, Integer> totals() {
        return told.stream()
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(words -> words[0], words -> Integer.parseInt(words[1]), Integer::sum));
    }

    private boolean isTold(String what, int partitions) {
        return totals().getOrDefault(what, 0) == partitions;
    }

    /// Into the midst of what was written, with all partitions: what goes then goes from all of them.
    private void readOnSome(GroupConsumer consumer) {
        pollUntil(consumer, () -> read.size() >= 90 && isTold("assigned", PARTITIONS));
        assertTrue(read.size() < written.size(), "nothing is left to read");
    }

    private void pollUntil(GroupConsumer consumer, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNanos, () -> "read " + read.size() + ", told " + told);
            consumer.poll(STEP).forEach(record -> read.add(record.valueText().orElseThrow()));
        }
    }

    private GroupOptions options() {
        return GroupOptions.builder("g")
                .topic("t")
                .listener(new Log())
                .maxPollRecords(30)
                .build();
    }

    /// A broker that stops lets its members commit and go: nothing comes twice.
    @Test
    void aBrokerThatStopsIsLeftWithEverythingCommitted() throws Exception {
        try (var client = WeirlogClient.connect(address(1), address(2), address(3));
                var writing = WeirlogClient.connect(address(2), address(3));
                var consumer = client.groupConsumer(options())) {
            writing.admin().createTopic(new NewTopic("t", PARTITIONS, NODES, Map.of()));
            write(writing, "before");
            readOnSome(consumer);
            var stopping = CompletableFuture.runAsync(
                    () -> node(1).close(), task -> Thread.ofPlatform().start(task));
            pollUntil(consumer, () -> isTold("revoked", PARTITIONS));
            pollUntil(consumer, stopping::isDone);
            stopping.get(30, TimeUnit.SECONDS);
            nodes.remove(1);
            write(writing, "after");
            pollUntil(consumer, () -> read.size() >= written.size());
            assertEquals(
                    written.stream().sorted().toList(), read.stream().sorted().toList());
            assertEquals(Map.of("assigned", 8, "revoked", 4), totals());
        }
    }

    /// A connection that breaks without a word: what was not committed comes again, and nothing is lost. The consumer
    /// goes on as the same member, so nobody waits for the session of the broken stream.
    @Test
    void aBrokerThatIsGoneIsReplacedByAnother() throws Exception {
        var port = FreePorts.next();
        var proxy = new LossyProxy(loopback(port), loopback(node(1).clientPort()));
        // The others are learnt from the one that it knows.
        try (var client = WeirlogClient.connect("127.0.0.1:" + port);
                var writing = WeirlogClient.connect(address(2), address(3));
                var consumer = client.groupConsumer(options())) {
            writing.admin().createTopic(new NewTopic("t", PARTITIONS, NODES, Map.of()));
            write(writing, "before");
            readOnSome(consumer);
            var member = consumer.memberId();
            assertTrue(member.isPresent());
            proxy.close();
            proxy.cut();
            pollUntil(consumer, () -> isTold("lost", PARTITIONS));
            write(writing, "after");
            pollUntil(consumer, () -> new HashSet<>(read).size() >= written.size());
            assertEquals(new HashSet<>(written), new HashSet<>(read));
            assertEquals(Map.of("assigned", 8, "lost", 4), totals());
            assertEquals(member, consumer.memberId());
        }
    }
}
