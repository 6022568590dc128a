package io.weirlog.replication;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerConfig;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.log.Storage;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.link.FollowerStreams;
import io.weirlog.wire.Payload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two brokers with two data directories each, and a partition in each of these.
class FailingDirectoriesTest {
    private static final TopicId TOPIC = new TopicId(new UUID(1, 2));
    private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);
    private static final TopicPartition SECOND = new TopicPartition(TOPIC, 1);
    private static final BrokerId ONE = new BrokerId(1);
    private static final BrokerId TWO = new BrokerId(2);

    @TempDir
    private Path folder;

    private final FailingStorage disks = new FailingStorage();
    private final TestRoom room = new TestRoom();
    private final Map<BrokerId, FollowerStreams> reachable = new ConcurrentHashMap<>();
    private final Map<BrokerId, Partitions> brokers = new ConcurrentHashMap<>();
    private final Map<TopicPartition, TestController> controllers = new ConcurrentHashMap<>();

    private static final class TestRoom implements DiskRoom {
        volatile boolean full;

        @Override
        public boolean mayFollow(Path directory) {
            return !full;
        }

        @Override
        public boolean mayResume(Path directory) {
            return !full;
        }
    }

    @BeforeEach
    void start() throws Exception {
        for (var id : List.of(FIRST, SECOND)) {
            controllers.put(
                    id,
                    new TestController(
                            id,
                            LogConfig.defaults(),
                            List.of(ONE, TWO),
                            1,
                            assignment -> brokers.values().forEach(broker -> broker.assign(assignment))));
        }
        start(ONE, disks.storage());
        start(TWO, new FileStorage());
        for (var id : List.of(FIRST, SECOND)) {
            controller(id).publish();
            for (var broker : brokers.values()) {
                assertTrue(broker.awaitOpen(List.of(id), 20_000));
            }
        }
    }

    private void start(BrokerId id, Storage storage) throws Exception {
        var broker = new Partitions(
                id,
                storage,
                new PartitionsConfig(
                                List.of(DataDirectory.of(disk(id, "a")), DataDirectory.of(disk(id, "b"))),
                                1,
                                1024,
                                new SyncConfig(1, true),
                                1,
                                Duration.ofMinutes(1),
                                Duration.ofMillis(50),
                                Duration.ofMinutes(1),
                                Duration.ofSeconds(1),
                                CleanerConfig.DEFAULTS)
                        .withRoom(id.equals(ONE) ? room : DiskRoom.UNKNOWN),
                ReplicationClock.SYSTEM,
                new LoopTransport(id, reachable),
                changes -> CompletableFuture.completedFuture(changes.stream()
                        .flatMap(change -> controller(change.partition()).alter(List.of(change)).join().stream())
                        .toList()));
        brokers.put(id, broker);
        reachable.put(id, broker.followers());
    }

    @AfterEach
    void stop() {
        brokers.values().forEach(Partitions::close);
    }

    private Path disk(BrokerId id, String name) {
        return folder.resolve(id.toString()).resolve(name);
    }

    private TestController controller(TopicPartition id) {
        return Objects.requireNonNull(controllers.get(id));
    }

    private Partitions broker(BrokerId id) {
        return Objects.requireNonNull(brokers.get(id));
    }

    private AppendResult append(BrokerId leader, TopicPartition id) throws Exception {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        var result = new CompletableFuture<AppendResult>();
        broker(leader)
                .append(
                        id,
                        new AppendCommand(
                                Payload.of(builder.build()),
                                1,
                                Acks.ALL,
                                Optional.empty(),
                                System.nanoTime() + TimeUnit.SECONDS.toNanos(20),
                                result::complete));
        return result.get(20, TimeUnit.SECONDS);
    }

    private long appended(BrokerId leader, TopicPartition id) throws Exception {
        return assertInstanceOf(AppendResult.Appended.class, append(leader, id))
                .baseOffset()
                .value();
    }

    @Test
    void theOthersServeOnAndAnotherBrokerLeads() throws Exception {
        assertEquals(0, appended(ONE, FIRST));
        assertEquals(0, appended(ONE, SECOND));
        disks.fail(disk(ONE, "a"));
        var unknown = assertInstanceOf(AppendResult.Unknown.class, append(ONE, FIRST));
        assertEquals(AppendResult.UnknownCause.STORAGE_FAILED, unknown.cause());
        assertInstanceOf(
                AppendRefusal.StorageFailed.class,
                assertInstanceOf(AppendResult.NotAppended.class, append(ONE, FIRST))
                        .refusal());
        await(() -> broker(TWO).view(FIRST).orElseThrow() instanceof PartitionView.Leading);
        assertEquals(List.of(TWO), controller(FIRST).current().metadata().inSync());
        appended(TWO, FIRST);
        assertEquals(1, appended(ONE, SECOND), "the other directory is none the worse");
        assertTrue(offline(ONE, "a").isPresent());
        assertTrue(offline(ONE, "b").isEmpty());
        assertFalse(broker(ONE).failure().isDone());
        disks.fail(disk(ONE, "b"));
        append(ONE, SECOND);
        var end = broker(ONE).failure().get(20, TimeUnit.SECONDS);
        assertEquals("no data directory is left that works", end.getMessage());
    }

    /// Nothing is broken: what could not be written is cut, and the replica comes back.
    @Test
    void aLeaderOnAFullDiskLeavesUntilThereIsRoom() throws Exception {
        assertEquals(0, appended(ONE, FIRST));
        room.full = true;
        disks.fill(disk(ONE, "a"));
        assertInstanceOf(AppendResult.Unknown.class, append(ONE, FIRST));
        await(() -> broker(TWO).view(FIRST).orElseThrow() instanceof PartitionView.Leading);
        assertEquals(1, appended(TWO, FIRST));
        var failed = assertInstanceOf(
                PartitionView.Failed.class, broker(ONE).view(FIRST).orElseThrow());
        assertTrue(failed.message().contains("its disk is full"), failed.message());
        assertTrue(offline(ONE, "a").isEmpty());
        assertEquals(0, appended(ONE, SECOND));
        disks.makeRoom(disk(ONE, "a"));
        room.full = false;
        awaitBothInSync();
        assertEquals(2, appended(TWO, FIRST));
        assertTrue(offline(ONE, "a").isEmpty());
    }

    @Test
    void aFollowerWithoutRoomLeavesAndCatchesUp() throws Exception {
        controller(FIRST).elect(TWO);
        controller(FIRST).unfence();
        await(() -> controller(FIRST).current().metadata().inSync().size() == 2
                && broker(TWO).view(FIRST).orElseThrow() instanceof PartitionView.Leading);
        assertEquals(0, appended(TWO, FIRST));
        room.full = true;
        assertEquals(1, appended(TWO, FIRST));
        assertEquals(List.of(TWO), controller(FIRST).current().metadata().inSync());
        assertInstanceOf(PartitionView.Failed.class, broker(ONE).view(FIRST).orElseThrow());
        room.full = false;
        awaitBothInSync();
    }

    /// And the follower's log has all that the leader's has.
    private void awaitBothInSync() throws InterruptedException {
        await(() -> controller(FIRST).current().metadata().inSync().size() == 2
                && broker(ONE).view(FIRST).orElseThrow() instanceof PartitionView.Following following
                && broker(TWO).view(FIRST).orElseThrow() instanceof PartitionView.Leading leading
                && following.log().logEndOffset().equals(leading.log().logEndOffset()));
    }

    private Optional<String> offline(BrokerId broker, String disk) {
        return Objects.requireNonNull(broker(broker).dataDirectories().get(disk(broker, disk)));
    }

    /// Nobody waits for it until the lag would show.
    @Test
    void aFollowerLeavesByItself() throws Exception {
        controller(FIRST).elect(TWO);
        controller(FIRST).unfence();
        await(() -> controller(FIRST).current().metadata().inSync().size() == 2
                && broker(TWO).view(FIRST).orElseThrow() instanceof PartitionView.Leading);
        assertEquals(0, appended(TWO, FIRST));
        disks.fail(disk(ONE, "a"));
        assertEquals(1, appended(TWO, FIRST));
        assertEquals(List.of(TWO), controller(FIRST).current().metadata().inSync());
    }

    /// L3: what was once synced is damaged. The replica leaves, keeps the damaged copy aside and fetches everything.
    @Test
    void aDamagedLogIsFetchedAgain() throws Exception {
        for (var i = 0; i < 20; i++) {
            appended(ONE, FIRST);
        }
        var one = broker(ONE);
        reachable.remove(ONE);
        brokers.remove(ONE);
        one.close();
        var log = disk(ONE, "a").resolve("orders-0/00000000000000000000.log");
        var bytes = Files.readAllBytes(log);
        bytes[bytes.length / 2] ^= 1;
        Files.write(log, bytes);
        Files.delete(disk(ONE, "a").resolve("orders-0/clean-shutdown"));
        start(ONE, new FileStorage());
        controller(FIRST).publish();
        await(() -> controller(FIRST).current().leader().equals(Optional.of(TWO))
                && controller(FIRST).current().metadata().inSync().size() == 2);
        var copy = assertInstanceOf(
                PartitionView.Following.class, broker(ONE).view(FIRST).orElseThrow());
        assertEquals(20, copy.log().logEndOffset().value());
        assertTrue(Files.exists(disk(ONE, "a").resolve("orders-0.stray")));
        assertEquals(20, appended(TWO, FIRST));
    }
}
