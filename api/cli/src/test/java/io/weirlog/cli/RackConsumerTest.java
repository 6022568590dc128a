package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.Consumer;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.NewTopic;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import io.weirlog.common.BrokerId;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.testing.FreePorts;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The Java client in rack b, against real nodes: broker 1 in rack a leads, 2 in rack b follows.
@Timeout(120)
class RackConsumerTest {
    @TempDir
    private Path folder;

    private final List<Node> nodes = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        int raft = FreePorts.next();
        int internal = FreePorts.next();
        for (int id = 1; id <= 2; id++) {
            var sources = ConfigSources.NONE
                    .withFlag(ConfigKeys.NODE_ID, Integer.toString(id))
                    .withFlag(ConfigKeys.ROLES, id == 1 ? "broker,controller" : "broker")
                    .withFlag(ConfigKeys.CLUSTER_ID, "racks")
                    .withFlag(ConfigKeys.BROKER_RACK, id == 1 ? "a" : "b")
                    .withFlag(ConfigKeys.DATA_DIR, folder.resolve("node-" + id).toString())
                    .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                    .withFlag(ConfigKeys.CLIENT_PORT, "0")
                    .withFlag(ConfigKeys.INTERNAL_PORT, Integer.toString(id == 1 ? internal : FreePorts.next()))
                    .withFlag(ConfigKeys.RAFT_PORT, Integer.toString(id == 1 ? raft : FreePorts.next()))
                    .withFlag(ConfigKeys.HTTP_PORT, "0")
                    .withFlag(ConfigKeys.CONTROLLER_QUORUM, "1@127.0.0.1:" + raft + ":" + internal);
            switch (NodeConfigLoader.load(sources)) {
                case ConfigResult.Valid valid -> nodes.add(Node.start(valid.config()));
                case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
            }
        }
    }

    @AfterEach
    void stop() {
        nodes.reversed().forEach(Node::close);
    }

    @Test
    void readsFromItsRackAndFromTheLeaderWhenThatGoes() throws Exception {
        var leader = nodes.getFirst().clientAddress();
        var ref = new PartitionRef("t", 0);
        try (var client = WeirlogClient.connect(leader);
                var producer = client.producer()) {
            client.admin().createTopic(new NewTopic("t", 1, 2, Map.of()));
            assertEquals(
                    Map.of(), client.reassignments().start(Map.of(ref, List.of(new BrokerId(1), new BrokerId(2)))));
            awaitLeader(client);
            try (var consumer = client.consumer(
                    ConsumerOptions.builder().topic("t").rack("b").build())) {
                var read = new ArrayList<String>();
                int sent = 0;
                long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                while (followerReadBytes() == 0) {
                    assertTrue(System.nanoTime() < deadlineNanos, "it never went to its rack");
                    producer.send(ProducerRecord.of("t", "value " + sent++)).join();
                    poll(consumer, read, sent);
                }
                nodes.get(1).close();
                for (int i = 0; i < 20; i++) {
                    producer.send(ProducerRecord.of("t", "value " + sent++)).join();
                    poll(consumer, read, sent);
                }
                var expected = new ArrayList<String>();
                for (int i = 0; i < sent; i++) {
                    expected.add("value " + i);
                }
                assertEquals(expected, read);
            }
        }
    }

    private static void poll(Consumer consumer, List<String> read, int until) {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (read.size() < until) {
            assertTrue(System.nanoTime() < deadlineNanos, () -> "read " + read.size() + " of " + until);
            consumer.poll(Duration.ofMillis(200))
                    .forEach(record -> read.add(record.valueText().orElse("")));
        }
    }

    private static void awaitLeader(WeirlogClient client) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (client.admin()
                                .describeTopic("t")
                                .partitions()
                                .getFirst()
                                .inSyncReplicas()
                                .size()
                        < 2
                || !client.reassignments().ongoing().isEmpty()) {
            assertTrue(System.nanoTime() < deadlineNanos, "not in sync");
            TimeUnit.MILLISECONDS.sleep(20);
        }
        client.admin().electLeaders(io.weirlog.client.LeaderElection.PREFERRED, List.of(new PartitionRef("t", 0)));
    }

    private double followerReadBytes() throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(
                            "http://127.0.0.1:" + nodes.get(1).httpPort().orElseThrow() + "/metrics"))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("weirlog_replication_follower_read_bytes_total"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        }
    }
}
