package io.weirlog.deploy.cluster;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannelBuilder;
import io.weirlog.client.NewTopic;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.GroupsServiceGrpc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The group consumer in Python, made from the contract alone, is given one address of three, and goes on while the
/// leader of what it reads, its group's coordinator and the broker that it is connected to are killed in turn. It
/// prints every acknowledged record, each partition in order, and twice only what it had not committed when its stream
/// broke.
class GroupConsumerTest {
    private static final String TOPIC = "orders";
    private static final String GROUP = "readers";
    private static final int PARTITIONS = 2;
    private static final int NODES = 3;
    private static final int RECORDS_BETWEEN = 100;

    @TempDir
    private Path folder;

    @FunctionalInterface
    private interface Victim {
        int choose(Scene scene);
    }

    /// What runs: `acknowledged` are the numbers of the records that are in the log.
    private record Scene(
            ServerProcesses servers, WeirlogClient client, Run consumer, ConcurrentSkipListSet<Long> acknowledged) {}

    @Test
    void survivesTheDeathOfEachBrokerThatItNeeds() throws Exception {
        var consumerFile = Repository.ROOT.resolve("api/examples/python/group_consumer.py");
        try (var lines = Files.lines(consumerFile)) {
            assertTrue(lines.count() < 100, "the consumer has grown");
        }
        Repository.needs("Python's gRPC (python3-grpcio)", pythonHasGrpc());
        var net = ProcessHandle.current().pid() % 250;
        try (var servers = new ServerProcesses(
                folder, NODES, id -> "127.71." + net + "." + id, id -> List.of(), List.of("http.port=off"))) {
            servers.startAll();
            try (var client = WeirlogClient.builder()
                            .bootstrap(servers.addresses())
                            .requestTimeout(Duration.ofSeconds(3))
                            .build();
                    var consumer = Run.of(new ProcessBuilder(
                            "/usr/bin/python3", consumerFile.toString(), "-v", servers.address(1), GROUP, TOPIC))) {
                client.admin().createTopic(new NewTopic(TOPIC, PARTITIONS, NODES, Map.of("min.insync.replicas", "2")));
                killInTurn(new Scene(servers, client, consumer, new ConcurrentSkipListSet<>()));
            }
        }
    }

    private static void killInTurn(Scene scene) throws Exception {
        var pauses = new LinkedHashMap<String, Long>();
        Map<String, Victim> victims = new LinkedHashMap<>();
        victims.put("leader", GroupConsumerTest::leader);
        victims.put("coordinator", GroupConsumerTest::coordinator);
        victims.put("connected", GroupConsumerTest::connected);
        try (var writer = new Writer(scene)) {
            awaitProgress(scene);
            for (var victim : victims.entrySet()) {
                var id = victim.getValue().choose(scene);
                var what = victim.getKey() + " " + id + " (leader " + leader(scene) + ", coordinator "
                        + coordinator(scene) + ", connected " + connected(scene) + ")";
                scene.servers.run(id).kill();
                var killed = System.nanoTime();
                awaitProgress(scene);
                pauses.put(what, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed));
                scene.servers.start(id);
                await("all replicas are in sync again", () -> allInSync(scene));
            }
            writer.finish();
        }
        await(
                "the consumer prints all " + scene.acknowledged,
                () -> printed(scene).containsAll(scene.acknowledged));
        System.out.println("records " + scene.acknowledged.size() + "; until the consumer was beyond the killing of: "
                + pauses + " ms");
        check(scene);
    }

    private static int leader(Scene scene) {
        var first = scene.client.admin().describeTopic(TOPIC).partitions().getFirst();
        return first.leader().orElseThrow().broker().value();
    }

    private static int coordinator(Scene scene) {
        return group(
                scene,
                stub -> stub.describeGroup(DescribeGroupRequest.newBuilder()
                                .setGroupId(GROUP)
                                .setWithoutOffsets(true)
                                .build())
                        .getCoordinator()
                        .getBrokerId());
    }

    private static int connected(Scene scene) {
        var address = scene.consumer.lines().stream()
                .filter(line -> line.startsWith("connected "))
                .reduce("", (before, after) -> after)
                .replace("connected ", "");
        return scene.servers.addresses().indexOf(address) + 1;
    }

    private static <T> T group(Scene scene, Function<GroupsServiceGrpc.GroupsServiceBlockingStub, T> call) {
        var channel = ManagedChannelBuilder.forTarget(scene.servers.address(connected(scene)))
                .usePlaintext()
                .build();
        try {
            return call.apply(GroupsServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS));
        } finally {
            channel.shutdownNow();
        }
    }

    /// What is written from now on is printed too.
    private static void awaitProgress(Scene scene) throws InterruptedException {
        var from = scene.acknowledged.isEmpty() ? -1 : scene.acknowledged.last();
        await("the writer writes", () -> scene.acknowledged.tailSet(from, false).size() >= RECORDS_BETWEEN);
        var wanted = List.copyOf(scene.acknowledged);
        await(
                "the consumer prints what was written after " + from,
                () -> printed(scene).containsAll(wanted));
    }

    private static boolean allInSync(Scene scene) {
        try {
            return scene.client.admin().describeTopic(TOPIC).partitions().stream()
                    .allMatch(partition -> partition.inSyncReplicas().size() == NODES);
        } catch (WeirlogException e) {
            return false;
        }
    }

    private static Set<Long> printed(Scene scene) {
        var values = new HashSet<Long>();
        records(scene).forEach(fields -> values.add(Long.parseLong(fields[2])));
        return values;
    }

    private static Stream<String[]> records(Scene scene) {
        return scene.consumer.lines().stream().map(line -> line.split("\t", -1)).filter(fields -> fields.length == 3);
    }

    /// Goes through what the consumer has told, in order.
    private static void check(Scene scene) {
        var next = new TreeMap<Integer, Long>();
        var last = new TreeMap<Integer, Long>();
        var committed = new TreeMap<Integer, Long>();
        var values = new HashSet<Long>();
        var again = 0;
        for (var line : scene.consumer.lines()) {
            var fields = line.split("[\t ]", -1);
            if (fields[0].equals("committed")) {
                committed.merge(Integer.parseInt(fields[1]), Long.parseLong(fields[2]), Math::max);
            } else if (fields[0].equals("assigned")) {
                var partition = Integer.parseInt(fields[1]);
                var start = Long.parseLong(fields[2]);
                assertTrue(start >= committed.getOrDefault(partition, 0L), () -> line + " after " + committed);
                assertTrue(start <= next.getOrDefault(partition, 0L), () -> line + " leaves out from " + next);
                last.put(partition, start);
            } else if (line.indexOf('\t') > 0) {
                var partition = Integer.parseInt(fields[0]);
                var offset = Long.parseLong(fields[1]);
                assertEquals(last.get(partition), offset, () -> "in order: " + line);
                last.put(partition, offset + 1);
                if (offset < next.getOrDefault(partition, 0L)) {
                    again++;
                    assertTrue(offset >= committed.getOrDefault(partition, 0L), () -> line + " after " + committed);
                }
                next.merge(partition, offset + 1, Math::max);
                values.add(Long.parseLong(fields[2]));
            }
        }
        assertTrue(values.containsAll(scene.acknowledged), "something acknowledged was not printed");
        System.out.println("printed twice: " + again + "; committed: " + committed);
        var stored = group(
                scene,
                stub -> stub.fetchOffsets(
                        FetchOffsetsRequest.newBuilder().setGroupId(GROUP).build()));
        assertEquals(PARTITIONS, stored.getOffsetsCount());
        stored.getOffsetsList()
                .forEach(offset -> assertTrue(
                        offset.getNextOffset() >= committed.getOrDefault(offset.getPartition(), 0L),
                        () -> offset + " is less than was acknowledged: " + committed));
    }

    /// Writes numbers, some hundred in a second, to all partitions.
    private static final class Writer implements AutoCloseable {
        private static final Duration PAUSE = Duration.ofMillis(5);

        private final Scene scene;
        private final AtomicLong failures = new AtomicLong();
        private final Thread thread =
                Thread.ofPlatform().name("writer").daemon().unstarted(this::write);
        private volatile boolean stopping;

        Writer(Scene scene) {
            this.scene = scene;
            thread.start();
        }

        private void write() {
            try (var producer = scene.client.producer()) {
                for (var number = 0L; !stopping; number++) {
                    var sent = number;
                    var _ = producer.send(ProducerRecord.of(TOPIC, Long.toString(sent))
                                    .toPartition((int) (sent % PARTITIONS)))
                            .whenComplete((acknowledgement, failure) -> {
                                if (failure == null) {
                                    scene.acknowledged.add(sent);
                                } else {
                                    failures.incrementAndGet();
                                }
                            });
                    LockSupport.parkNanos(PAUSE.toNanos());
                }
            }
        }

        /// Ends when everything was answered.
        void finish() throws InterruptedException {
            stopping = true;
            assertTrue(thread.join(Duration.ofSeconds(60)), "the writer does not end");
            assertEquals(0, failures.get(), "records that could not be written");
        }

        @Override
        public void close() {
            stopping = true;
        }
    }

    private static boolean pythonHasGrpc() throws InterruptedException {
        try (var run = Run.of(new ProcessBuilder("/usr/bin/python3", "-c", "import grpc"))) {
            return run.exitCode() == 0;
        }
    }
}
