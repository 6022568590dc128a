package io.weirlog.deploy.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.NewTopic;
import io.weirlog.client.OngoingMove;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.Producer;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.common.BrokerId;
import io.weirlog.deploy.Run;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A broker is evacuated while its topic is written to, and meanwhile the broker that gets the copy, the one that
/// leads,
/// and the command that watches are killed -9. In the end all is where it should be: every acknowledged record at its
/// offset, and the replicas the same byte for byte.
///
/// The normal run moves 48 MiB; `-Dweirlog.reassign.bytes=5368709120` moves 5 GiB.
class ReassignmentUnderLoadTest {
    private static final String TOPIC = "large";
    private static final int PARTITIONS = 4;
    private static final int FILL_VALUE_BYTES = 16 * 1024;
    private static final long BYTES = Long.getLong("weirlog.reassign.bytes", 48L << 20);
    private static final long BYTES_PER_SECOND = Math.max(6L << 20, BYTES / 80);

    private static final List<PartitionRef> ALL = IntStream.range(0, PARTITIONS)
            .mapToObj(partition -> new PartitionRef(TOPIC, partition))
            .toList();

    @TempDir
    private Path folder;

    @Test
    void anEvacuationSurvivesWhatIsKilled() throws Exception {
        var settings = List.of("reassignment.bytes.per.second=" + BYTES_PER_SECOND);
        try (var servers = new ServerProcesses(folder, 3, id -> "127.0.0." + (20 + id), id -> List.of(), settings);
                var load = new SteadyLoad(TOPIC, PARTITIONS, servers.addresses())) {
            servers.startAll();
            var filled = fill(servers);
            load.start();
            load.await(Duration.ofSeconds(4));
            var quiet = load.takeLatencies();
            var moving = new ArrayList<Long>();
            var killing = new ArrayList<Long>();

            long begunNanos = System.nanoTime();
            var first = evacuate(servers);
            await(servers, "the new broker has a quarter", client -> copiedBytes(client) > BYTES / 4);
            moving.addAll(load.takeLatencies());
            first.kill();
            servers.run(3).kill();
            load.await(Duration.ofSeconds(2));
            servers.start(3);
            killing.addAll(load.takeLatencies());
            await(servers, "the new broker has the half", client -> copiedBytes(client) > BYTES / 2);
            moving.addAll(load.takeLatencies());
            servers.run(1).kill();
            load.await(Duration.ofSeconds(2));
            servers.start(1);
            killing.addAll(load.takeLatencies());
            try (var again = evacuate(servers)) {
                await(servers, "all is moved", ReassignmentUnderLoadTest::isThrough);
                again.success();
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos);
            moving.addAll(load.takeLatencies());
            var acknowledged = load.finish();
            System.out.printf(
                    "moved %d MiB at %d MiB/s in %d ms, with two brokers killed%n",
                    BYTES >> 20, BYTES_PER_SECOND >> 20, millis);
            System.out.println("produce acks=all, ms, before: " + show(quiet));
            System.out.println("produce acks=all, ms, while it moves: " + show(moving));
            System.out.println("produce acks=all, ms, from a kill until that broker is back: " + show(killing) + ", "
                    + load.unknown() + " unknown");
            check(servers, filled, acknowledged);
        }
    }

    private static Run evacuate(ServerProcesses servers) {
        return Run.weirlog("broker", "evacuate", "1", "--yes", "-b", String.join(",", servers.addresses()));
    }

    private static WeirlogClient connect(ServerProcesses servers) {
        return WeirlogClient.builder()
                .bootstrap(servers.addresses())
                .requestTimeout(Duration.ofSeconds(5))
                .build();
    }

    /// Returns how many records each partition has then.
    private static Map<Integer, Long> fill(ServerProcesses servers) throws Exception {
        try (var client = connect(servers)) {
            // On 1 and 2, whatever would have been chosen.
            client.admin().createTopic(new NewTopic(TOPIC, PARTITIONS, 2, Map.of("segment.bytes", "16777216")));
            var targets = new TreeMap<PartitionRef, List<BrokerId>>();
            ALL.forEach(partition -> targets.put(
                    partition,
                    partition.partition() % 2 == 0
                            ? List.of(new BrokerId(1), new BrokerId(2))
                            : List.of(new BrokerId(2), new BrokerId(1))));
            assertEquals(Map.of(), client.reassignments().start(targets));
            await(servers, "the topic is on 1 and 2", ReassignmentUnderLoadTest::isThrough);
            try (var producer = client.producer(
                    ProducerOptions.builder().batchBytes(512 * 1024).build())) {
                fill(producer);
            }
            var ends = new HashMap<Integer, Long>();
            client.admin()
                    .listOffsets(TOPIC, StartAt.latest())
                    .forEach(end ->
                            ends.put(end.partition().partition(), end.offset().orElseThrow()));
            return ends;
        }
    }

    private static void fill(Producer producer) {
        var random = new Random(1);
        var value = new byte[FILL_VALUE_BYTES];
        for (long sent = 0, count = 0; sent < BYTES; sent += FILL_VALUE_BYTES, count++) {
            random.nextBytes(value);
            var _ = producer.send(ProducerRecord.of(TOPIC, value.clone()).toPartition((int) (count % PARTITIONS)));
        }
        producer.flush(Duration.ofMinutes(10));
    }

    private static boolean isThrough(WeirlogClient client) {
        return client.reassignments().ongoing().stream()
                .map(OngoingMove::partition)
                .noneMatch(ALL::contains);
    }

    private static long copiedBytes(WeirlogClient client) {
        return client.admin().describeCluster().brokers().stream()
                .filter(broker -> broker.id().equals(new BrokerId(3)))
                .mapToLong(broker -> client.reassignments().replicas(broker, ALL).replicas().values().stream()
                        .mapToLong(replica -> replica.sizeBytes())
                        .sum())
                .sum();
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds(WeirlogClient client);
    }

    private static void await(ServerProcesses servers, String what, Condition condition) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + TimeUnit.MINUTES.toNanos(10);
        try (var client = connect(servers)) {
            while (!holds(client, condition)) {
                assertTrue(System.nanoTime() - deadlineNanos < 0, () -> "in vain: " + what);
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    private static boolean holds(WeirlogClient client, Condition condition) {
        try {
            return condition.holds(client);
        } catch (WeirlogException e) {
            return false;
        }
    }

    private static void check(
            ServerProcesses servers, Map<Integer, Long> filled, Map<PartitionRef, Map<Long, String>> acknowledged)
            throws Exception {
        try (var client = connect(servers)) {
            var both = List.of(new BrokerId(2), new BrokerId(3));
            for (var partition : client.admin().describeTopic(TOPIC).partitions()) {
                assertEquals(both, partition.replicas().stream().sorted().toList());
            }
            for (var partition : ALL) {
                readBack(
                        client,
                        partition,
                        filled.getOrDefault(partition.partition(), 0L),
                        acknowledged.getOrDefault(partition, Map.of()));
            }
        }
        servers.stopAll();
        for (var partition : ALL) {
            var directory = "partitions/" + partition;
            assertFalse(Files.exists(servers.dataDir(1).resolve(directory)), "the old one keeps nothing");
            try (var verify = Run.weirlog(
                    "log",
                    "verify",
                    servers.dataDir(2).resolve(directory).toString(),
                    "--compare",
                    servers.dataDir(3).resolve(directory).toString())) {
                verify.success();
            }
        }
    }

    /// Every record that was acknowledged is at its offset, and there once.
    private static void readBack(WeirlogClient client, PartitionRef partition, long from, Map<Long, String> expected) {
        var found = new HashMap<Long, String>();
        var times = new HashMap<String, Integer>();
        long end = client.admin()
                .listOffsets(List.of(partition), StartAt.latest())
                .getFirst()
                .offset()
                .orElseThrow();
        var deadlineNanos = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        try (var consumer = client.consumer(ConsumerOptions.builder()
                .partition(partition.topic(), partition.partition(), StartAt.offset(from))
                .build())) {
            for (var next = from; next < end; ) {
                assertTrue(System.nanoTime() - deadlineNanos < 0, "read to " + next + " of " + end);
                for (var record : consumer.poll(Duration.ofMillis(500))) {
                    var value = record.valueText().orElse("").strip();
                    found.put(record.offset(), value);
                    times.merge(value, 1, Integer::sum);
                    next = record.offset() + 1;
                }
            }
        }
        assertTrue(!expected.isEmpty(), () -> partition + " was not written to");
        expected.forEach((offset, value) -> {
            assertEquals(value, found.get(offset), () -> partition + " at " + offset);
            assertEquals(1, times.get(value), () -> value + " in " + partition);
        });
    }

    private static String show(List<Long> latenciesNanos) {
        var sorted = new ArrayList<>(latenciesNanos);
        sorted.sort(null);
        var text = new StringBuilder(sorted.size() + " records");
        for (var quantile : Arrays.asList(0.5, 0.9, 0.99, 1.0)) {
            var at = (int) Math.min(sorted.size() - 1, Math.ceil(quantile * sorted.size()));
            text.append(", ")
                    .append(quantile == 1.0 ? "max" : "p" + Math.round(quantile * 100))
                    .append(' ')
                    .append(TimeUnit.NANOSECONDS.toMicros(sorted.get(at)) / 1_000.0);
        }
        return text.toString();
    }
}
