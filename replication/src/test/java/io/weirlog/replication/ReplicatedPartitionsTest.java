package io.weirlog.replication;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerConfig;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.link.FollowerStreams;
import io.weirlog.wire.Payload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Three brokers in one process, with real logs, owner threads and streams that carry objects instead of bytes.
class ReplicatedPartitionsTest {
    private static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(1, 2)), 0);
    private static final BrokerId ONE = new BrokerId(1);
    private static final BrokerId TWO = new BrokerId(2);
    private static final BrokerId THREE = new BrokerId(3);
    private static final List<BrokerId> ALL = List.of(ONE, TWO, THREE);

    @TempDir
    private Path folder;

    private final Map<BrokerId, FollowerStreams> reachable = new ConcurrentHashMap<>();
    private final Map<BrokerId, Partitions> brokers = new HashMap<>();
    private final Map<BrokerId, LoopTransport> transports = new HashMap<>();
    private @Nullable TestController made;

    private void start(LogConfig config, int inSyncMin) throws Exception {
        made = new TestController(
                ID,
                config,
                ALL,
                inSyncMin,
                assignment -> brokers.values().forEach(broker -> broker.assign(assignment)));
        for (var id : ALL) {
            start(id);
        }
        controller().publish();
        for (var broker : brokers.values()) {
            assertTrue(broker.awaitOpen(List.of(ID), 20_000));
        }
    }

    private void start(BrokerId id) throws IOException {
        var transport = new LoopTransport(id, reachable);
        var broker = new Partitions(
                id,
                new FileStorage(),
                new PartitionsConfig(
                        List.of(DataDirectory.of(folder.resolve(id.toString()))),
                        1,
                        1024,
                        new SyncConfig(1, true),
                        1,
                        Duration.ofMinutes(1),
                        Duration.ofMillis(50),
                        Duration.ofMillis(600),
                        Duration.ofSeconds(1),
                        CleanerConfig.DEFAULTS),
                ReplicationClock.SYSTEM,
                transport,
                changes -> controller().alter(changes));
        transports.put(id, transport);
        brokers.put(id, broker);
        reachable.put(id, broker.followers());
    }

    private TestController controller() {
        return Objects.requireNonNull(made);
    }

    private Partitions broker(BrokerId id) {
        return Objects.requireNonNull(brokers.get(id));
    }

    private LoopTransport transport(BrokerId id) {
        return Objects.requireNonNull(transports.get(id));
    }

    @AfterEach
    void stop() {
        brokers.values().forEach(Partitions::close);
    }

    private CompletableFuture<AppendResult> append(BrokerId leader, Acks acks) {
        return append(leader, acks, new RecordBatchBuilder(Compression.NONE, 128));
    }

    /// A batch of producer 7 with two records.
    private CompletableFuture<AppendResult> append(BrokerId leader, int baseSequence) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.producer(7, (short) 0, baseSequence);
        return append(leader, Acks.ALL, builder);
    }

    private CompletableFuture<AppendResult> append(BrokerId leader, Acks acks, RecordBatchBuilder builder) {
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        var result = new CompletableFuture<AppendResult>();
        broker(leader)
                .append(
                        ID,
                        new AppendCommand(
                                Payload.of(builder.build()),
                                2,
                                acks,
                                Optional.empty(),
                                System.nanoTime() + TimeUnit.SECONDS.toNanos(20),
                                result::complete));
        return result;
    }

    private AppendResult.Appended appended(BrokerId leader) throws Exception {
        return assertInstanceOf(
                AppendResult.Appended.class, append(leader, Acks.ALL).get(20, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @EnumSource
    void whatIsAcknowledgedByAllIsOnAllReplicas(Durability durability) throws Exception {
        start(LogConfig.builder().durability(durability).build(), 2);
        for (var i = 0; i < 50; i++) {
            var appended = appended(ONE);
            assertEquals(2L * i, appended.baseOffset().value());
            assertEquals(3, appended.acknowledgedBy());
        }
        awaitSameLogs(ALL, 100);
    }

    @Test
    void manyAppendsInFlightReachAllReplicasInOrder() throws Exception {
        start(LogConfig.defaults(), 2);
        var results = new ArrayList<CompletableFuture<AppendResult>>();
        for (var i = 0; i < 800; i++) {
            results.add(append(ONE, Acks.ALL));
        }
        for (var i = 0; i < results.size(); i++) {
            var appended =
                    assertInstanceOf(AppendResult.Appended.class, results.get(i).get(20, TimeUnit.SECONDS));
            assertEquals(2L * i, appended.baseOffset().value());
        }
        awaitSameLogs(ALL, 1600);
    }

    @Test
    void aFollowerThatIsGoneLeavesTheInSyncSetAndComesBack() throws Exception {
        start(LogConfig.defaults(), 2);
        appended(ONE);
        reachable.remove(ONE);
        transport(THREE).cut(ONE);
        var waits = append(ONE, Acks.ALL);
        await(() -> controller().current().metadata().inSync().equals(List.of(ONE, TWO)));
        assertInstanceOf(AppendResult.Appended.class, waits.get(20, TimeUnit.SECONDS));
        reachable.put(ONE, broker(ONE).followers());
        await(() -> controller().current().metadata().inSync().size() == 3);
        assertEquals(3, appended(ONE).acknowledgedBy());
        awaitSameLogs(ALL, 6);
    }

    @Test
    void withTooFewInSyncNothingIsAcknowledgedToThoseWhoWaitForAll() throws Exception {
        start(LogConfig.defaults(), 3);
        appended(ONE);
        reachable.remove(ONE);
        transport(TWO).cut(ONE);
        await(() -> controller().current().metadata().inSync().size() == 2);
        var refused = assertInstanceOf(
                AppendResult.NotAppended.class, append(ONE, Acks.ALL).get(20, TimeUnit.SECONDS));
        assertEquals(new AppendRefusal.NotEnoughReplicas(2, 3), refused.refusal());
        assertInstanceOf(AppendResult.Appended.class, append(ONE, Acks.LEADER).get(20, TimeUnit.SECONDS));
    }

    @Test
    void aNewLeaderGoesOnAndTheOldOneCutsWhatNobodyElseHas() throws Exception {
        start(LogConfig.defaults(), 2);
        appended(ONE);
        // Nobody hears the leader any more; what it appends stays its own.
        reachable.remove(ONE);
        transport(TWO).cut(ONE);
        transport(THREE).cut(ONE);
        var lost = append(ONE, Acks.ALL);
        await(() -> broker(ONE).view(ID).orElseThrow() instanceof PartitionView.Leading leading
                && leading.log().logEndOffset().equals(new Offset(4)));
        controller().elect(TWO);
        var unknown = assertInstanceOf(AppendResult.Unknown.class, lost.get(20, TimeUnit.SECONDS));
        assertEquals(AppendResult.UnknownCause.LEADERSHIP_LOST, unknown.cause());
        await(() -> broker(TWO).view(ID).orElseThrow() instanceof PartitionView.Leading);
        assertEquals(2, appended(TWO).baseOffset().value());
        reachable.put(ONE, broker(ONE).followers());
        controller().unfence();
        await(() -> controller().current().metadata().inSync().size() == 3);
        assertEquals(3, appended(TWO).acknowledgedBy());
        awaitSameLogs(ALL, 6);
    }

    /// P1: nobody is told that something is safe because it was sent twice.
    @Test
    void aRepeatedBatchIsAnsweredOnceTheFirstCounts() throws Exception {
        start(LogConfig.defaults(), 2);
        appended(ONE);
        reachable.remove(ONE);
        transport(TWO).cut(ONE);
        transport(THREE).cut(ONE);
        var first = append(ONE, 0);
        var again = append(ONE, 0);
        await(() -> controller().current().metadata().inSync().equals(List.of(ONE)));
        var refused = append(ONE, 2);
        assertInstanceOf(AppendResult.NotAppended.class, refused.get(20, TimeUnit.SECONDS), "too few in sync");
        var late = append(ONE, 0);
        // The owner takes them in order.
        assertInstanceOf(AppendResult.Appended.class, append(ONE, Acks.LEADER).get(20, TimeUnit.SECONDS));
        assertTrue(Stream.of(first, again, late).noneMatch(CompletableFuture::isDone));
        reachable.put(ONE, broker(ONE).followers());
        var appended = assertInstanceOf(AppendResult.Appended.class, first.get(20, TimeUnit.SECONDS));
        assertEquals(new Offset(2), appended.baseOffset());
        assertEquals(Optional.of(new Offset(2)), firstOffset(again));
        assertEquals(Optional.of(new Offset(2)), firstOffset(late));
    }

    private static Optional<Offset> firstOffset(CompletableFuture<AppendResult> repeated) throws Exception {
        return assertInstanceOf(AppendResult.Repeated.class, repeated.get(20, TimeUnit.SECONDS))
                .first()
                .map(AppendResult.First::baseOffset);
    }

    /// P2: what a log says of its producers is the same for whoever has it, and is cut with it.
    @Test
    void aNewLeaderTellsRepeatedBatchesAsTheOldOneDid() throws Exception {
        start(LogConfig.defaults(), 2);
        for (var i = 0; i < 7; i++) {
            assertInstanceOf(AppendResult.Appended.class, append(ONE, 2 * i).get(20, TimeUnit.SECONDS));
        }
        awaitSameLogs(ALL, 14);
        reachable.remove(ONE);
        transport(TWO).cut(ONE);
        transport(THREE).cut(ONE);
        var lost = append(ONE, 14);
        await(() -> broker(ONE).view(ID).orElseThrow() instanceof PartitionView.Leading leading
                && leading.log().logEndOffset().equals(new Offset(16)));
        controller().elect(TWO);
        assertInstanceOf(AppendResult.Unknown.class, lost.get(20, TimeUnit.SECONDS));
        await(() -> broker(TWO).view(ID).orElseThrow() instanceof PartitionView.Leading);
        for (var i = 2; i < 7; i++) {
            assertEquals(Optional.of(new Offset(2L * i)), firstOffset(append(TWO, 2 * i)));
        }
        assertEquals(Optional.empty(), firstOffset(append(TWO, 0)));
        var other = append(TWO, Acks.ALL).get(20, TimeUnit.SECONDS);
        assertEquals(
                new Offset(14),
                assertInstanceOf(AppendResult.Appended.class, other).baseOffset());
        var again = append(TWO, 14).get(20, TimeUnit.SECONDS);
        assertEquals(
                new Offset(16),
                assertInstanceOf(AppendResult.Appended.class, again).baseOffset());
        reachable.put(ONE, broker(ONE).followers());
        controller().unfence();
        await(() -> controller().current().metadata().inSync().size() == 3);
        awaitSameLogs(ALL, 18);
        // The former leader had the batch elsewhere, and cut it away.
        controller().elect(ONE);
        await(() -> broker(ONE).view(ID).orElseThrow() instanceof PartitionView.Leading);
        assertEquals(Optional.of(new Offset(16)), firstOffset(append(ONE, 14)));
        assertEquals(Optional.of(new Offset(12)), firstOffset(append(ONE, 12)));
    }

    @ParameterizedTest
    @EnumSource
    void whatIsDeletedByRequestIsGoneOnAllReplicasAndStaysSo(Durability durability) throws Exception {
        start(LogConfig.builder().durability(durability).build(), 2);
        for (var i = 0; i < 10; i++) {
            appended(ONE);
        }
        assertEquals(new DeletionResult.NotLeader(), delete(TWO, 7));
        // One that is away hears of it when it is back.
        transport(THREE).cut(ONE);
        assertEquals(new DeletionResult.Begins(new Offset(7)), delete(ONE, 7));
        await(() -> ALL.stream().allMatch(replica -> logStart(replica) == 7));
        awaitSameLogs(ALL, 20);
        controller().elect(TWO);
        await(() -> broker(TWO).view(ID).orElseThrow() instanceof PartitionView.Leading);
        assertEquals(20, appended(TWO).baseOffset().value());
        brokers.values().forEach(Partitions::close);
        brokers.clear();
        reachable.clear();
        for (var id : ALL) {
            start(id);
        }
        controller().publish();
        for (var broker : brokers.values()) {
            assertTrue(broker.awaitOpen(List.of(ID), 20_000));
        }
        ALL.forEach(replica -> assertEquals(7, logStart(replica)));
        assertEquals(22, appended(TWO).baseOffset().value());
    }

    private DeletionResult delete(BrokerId broker, long before) throws Exception {
        return broker(broker).deleteRecords(ID, Optional.of(new Offset(before))).get(20, TimeUnit.SECONDS);
    }

    private long logStart(BrokerId broker) {
        return switch (broker(broker).view(ID).orElseThrow()) {
            case PartitionView.Leading leading -> leading.log().logStartOffset().value();
            case PartitionView.Following following ->
                following.log().logStartOffset().value();
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> -1;
        };
    }

    /// It is not alone in the in-sync set, and nobody has acknowledged anything yet in its new life.
    @ParameterizedTest
    @EnumSource
    void aLeaderThatComesBackServesReadersAtOnce(Durability durability) throws Exception {
        start(LogConfig.builder().durability(durability).build(), 2);
        for (var i = 0; i < 10; i++) {
            appended(ONE);
        }
        awaitSameLogs(ALL, 20);
        brokers.values().forEach(Partitions::close);
        brokers.clear();
        reachable.clear();
        start(ONE);
        controller().publish();
        assertTrue(broker(ONE).awaitOpen(List.of(ID), 20_000));
        var leading = assertInstanceOf(
                PartitionView.Leading.class, broker(ONE).view(ID).orElseThrow());
        assertEquals(new Offset(20), leading.highWatermark());
        assertTrue(leading.knowsItsEnd());
    }

    /// Waits until all replicas count everything, and compares their bytes.
    private void awaitSameLogs(List<BrokerId> replicas, long end) throws Exception {
        await(() -> replicas.stream().allMatch(replica -> highWatermark(replica) == end));
        var expected = segment(ONE);
        for (var replica : replicas) {
            assertEquals(-1, Arrays.mismatch(expected, segment(replica)), "replica " + replica + " differs");
        }
    }

    private long highWatermark(BrokerId broker) {
        return switch (broker(broker).view(ID).orElseThrow()) {
            case PartitionView.Leading leading -> leading.highWatermark().value();
            case PartitionView.Following following -> following.highWatermark().value();
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> -1;
        };
    }

    private byte[] segment(BrokerId broker) throws IOException {
        return Files.readAllBytes(folder.resolve(broker.toString()).resolve("orders-0/00000000000000000000.log"));
    }
}
