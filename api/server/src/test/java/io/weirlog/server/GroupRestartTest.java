package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.FetchOffsetsRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every broker is restarted in turn while a producer writes and three groups read: none loses a committed offset, none
/// goes back behind one, and each reads everything.
@Timeout(180)
class GroupRestartTest {
    private static final String TOPIC = "rides";
    private static final int NODES = 3;
    private static final int PARTITIONS = 6;
    private static final int MEMBERS = 2;
    private static final int PROGRESS = 30;
    private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

    @TempDir
    private Path folder;

    /// Those that can be asked, by id.
    private final Map<Integer, TestNode> running = new ConcurrentHashMap<>();
    /// By partition, one past the highest offset that was acknowledged to the producer.
    private final Map<Integer, Long> written = new ConcurrentHashMap<>();
    private final List<GroupWorker.Ledger> groups = IntStream.range(0, 3)
            .mapToObj(number -> new GroupWorker.Ledger("group-" + number))
            .toList();
    private final Map<String, GroupWorker> workers = new HashMap<>();
    private final Map<String, Long> fetched = new HashMap<>();
    private long fetches;
    private long unanswered;
    private volatile boolean stopping;

    private void produce() {
        for (int number = 0; !stopping; number++) {
            var partition = number % PARTITIONS;
            while (!append(partition, "v" + number)) {
                Thread.onSpinWait();
            }
            LockSupport.parkNanos(PACE_NANOS);
        }
    }

    private boolean append(int partition, String value) {
        try {
            var result = anyNode(partition).append(TOPIC, partition, value).getFirst();
            if (result.hasAppended()) {
                written.merge(partition, result.getAppended().getBaseOffset() + 1, Math::max);
            }
            return result.hasAppended();
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    private TestNode anyNode(int number) {
        var nodes = List.copyOf(running.values());
        return nodes.get(number % nodes.size());
    }

    /// Opens streams for members that have none, and compares what the coordinators say with what was acknowledged.
    private void tend() {
        for (int group = 0; group < groups.size(); group++) {
            for (int member = 0; member < MEMBERS; member++) {
                var key = group + "/" + member;
                var worker = workers.get(key);
                if (worker == null || worker.hasEnded()) {
                    workers.put(key, new GroupWorker(anyNode(group + member), TOPIC, groups.get(group)));
                }
            }
            groups.get(group).check();
            compare(groups.get(group), group);
        }
    }

    private void compare(GroupWorker.Ledger group, int number) {
        var acknowledged = group.acknowledged();
        try {
            var offsets = new HashMap<Integer, Long>();
            anyNode(number)
                    .groups()
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .fetchOffsets(FetchOffsetsRequest.newBuilder()
                            .setGroupId(group.group)
                            .build())
                    .getOffsetsList()
                    .forEach(offset -> offsets.put(offset.getPartition(), offset.getNextOffset()));
            acknowledged.forEach((partition, offset) -> assertTrue(
                    offsets.getOrDefault(partition, -1L) >= offset,
                    () -> "%s lost %d of partition %d: %s".formatted(group.group, offset, partition, offsets)));
            offsets.forEach((partition, offset) -> {
                var before = fetched.merge(group.group + "/" + partition, offset, Math::max);
                assertEquals(before, offset, "the offset of partition " + partition + " went back");
            });
            fetches++;
        } catch (StatusRuntimeException e) {
            // By way of a broker that stops, or has no coordinator to ask for too long: the next round tells.
            unanswered++;
        }
    }

    private void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, () -> what + " does not come about");
            tend();
        }
    }

    private void awaitProgress(String what) {
        var before = groups.stream().mapToLong(GroupWorker.Ledger::records).toArray();
        await(
                what,
                () -> IntStream.range(0, groups.size())
                        .allMatch(group -> groups.get(group).records() >= before[group] + PROGRESS));
    }

    private boolean everythingIsRead() {
        return groups.stream()
                .allMatch(group -> written.entrySet().stream()
                        .allMatch(end -> group.acknowledged(end.getKey()) >= end.getValue()));
    }

    @Test
    void noCommittedOffsetIsLostOrGoesBackWhileEveryBrokerIsRestarted() throws Exception {
        // The second stops without waiting until others lead in its place.
        try (var cluster = new TestCluster(folder, NODES, NODES).with(2, ConfigKeys.SHUTDOWN_GRACE, "0s")) {
            cluster.start(1, 2, 3);
            for (int id = 1; id <= NODES; id++) {
                running.put(id, cluster.node(id));
            }
            cluster.node(1)
                    .admin()
                    .createTopic(CreateTopicRequest.newBuilder()
                            .setName(TOPIC)
                            .setPartitions(PARTITIONS)
                            .setReplicationFactor(NODES)
                            .build());
            var producer = Thread.ofPlatform().start(this::produce);
            awaitProgress("reading");
            for (int id = 1; id <= NODES; id++) {
                restart(cluster, id);
            }
            stopping = true;
            producer.join();
            await("reading everything", this::everythingIsRead);
            assertEverythingWasRead();
            workers.values().forEach(GroupWorker::leave);
        } finally {
            stopping = true;
        }
    }

    private void restart(TestCluster cluster, int id) {
        running.remove(id);
        cluster.stop(id);
        awaitProgress("reading without node " + id);
        cluster.start(id);
        running.put(id, cluster.node(id));
        awaitProgress("reading with node " + id);
    }

    private void assertEverythingWasRead() {
        var all = new ArrayList<String>();
        written.forEach((partition, end) -> {
            for (long offset = 0; offset < end; offset++) {
                for (var group : groups) {
                    if (!group.hasRead(partition, offset)) {
                        all.add(group.group + " did not read offset " + offset + " of partition " + partition);
                    }
                }
            }
        });
        assertEquals(List.of(), all);
        for (var group : groups) {
            group.check();
            System.out.printf(
                    "%s: %d records read, %d of them again after the last commit; %d looks at committed offsets,"
                            + " %d without an answer%n",
                    group.group, group.records(), group.readAgain(), fetches, unanswered);
        }
    }
}
