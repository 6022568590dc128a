package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerConfig;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.core.PartitionMetadata;
import io.weirlog.replication.link.ReplicaTransport;
import io.weirlog.wire.Payload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PartitionsTest {
    private static final BrokerId SELF = new BrokerId(1);
    private static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(1, 2)), 0);

    @TempDir
    private Path folder;

    private Partitions partitions;

    @BeforeEach
    void start() throws IOException {
        partitions = create();
    }

    @AfterEach
    void stop() {
        partitions.close();
    }

    private Partitions create() throws IOException {
        return new Partitions(
                SELF,
                new FileStorage(),
                new PartitionsConfig(
                        List.of(DataDirectory.of(folder)),
                        2,
                        1024,
                        new SyncConfig(2, true),
                        2,
                        Duration.ofMillis(50),
                        Duration.ofMillis(50),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(10),
                        new CleanerConfig(1, 1 << 20, OptionalLong.empty(), Duration.ofMillis(20))),
                ReplicationClock.SYSTEM,
                ReplicaTransport.NONE,
                IsrController.NONE);
    }

    private void host(LogConfig config) throws Exception {
        assign(List.of(SELF), Optional.of(SELF), 4, config);
    }

    private void assign(List<BrokerId> replicas, Optional<BrokerId> leader, int epoch, LogConfig config)
            throws Exception {
        partitions.assign(assignment(ID, replicas, leader, epoch, config));
        assertTrue(partitions.awaitOpen(List.of(ID), 20_000));
    }

    private static PartitionAssignment assignment(
            TopicPartition id, List<BrokerId> replicas, Optional<BrokerId> leader, int epoch, LogConfig config) {
        var standing = new PartitionMetadata.Standing(new BrokerEpoch(1), true);
        var standings = replicas.stream().collect(Collectors.toMap(Function.identity(), replica -> standing));
        var metadata = new PartitionMetadata(new LeaderEpoch(epoch), epoch, replicas, replicas, 1, standings);
        return new PartitionAssignment(id, "orders", leader, metadata, config);
    }

    @Test
    void rolesComeAndGo() throws Exception {
        var config = LogConfig.builder().durability(Durability.FSYNC).build();
        assign(List.of(SELF), Optional.empty(), 4, config);
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.NotLeader(Optional.empty(), new LeaderEpoch(4))),
                append());
        for (int epoch = 5; epoch < 25; epoch += 2) {
            assign(List.of(SELF), Optional.of(SELF), epoch, config);
            var appended = assertInstanceOf(AppendResult.Appended.class, append());
            assertEquals(new LeaderEpoch(epoch), appended.epoch());
            assertEquals(epoch - 5, appended.baseOffset().value());
            assertEquals(Optional.of(new LeaderEpoch(epoch)), leading().log().latestEpoch());
            assign(List.of(SELF), Optional.empty(), epoch + 1, config);
            assertInstanceOf(PartitionView.Following.class, partitions.view(ID).orElseThrow());
            assertInstanceOf(AppendResult.NotAppended.class, append());
        }
    }

    @Test
    void anOlderEpochChangesNothing() throws Exception {
        host(LogConfig.builder().build());
        assign(List.of(SELF), Optional.empty(), 3, LogConfig.builder().build());
        assertEquals(new LeaderEpoch(4), leading().epoch());
    }

    /// Whoever waits when a leadership ends is told so at once, and that the records may be there.
    @Test
    void theEndOfALeadershipIsToldToThoseWhoWait() throws Exception {
        var config = LogConfig.builder().durability(Durability.FSYNC).build();
        host(config);
        for (int epoch = 5; epoch < 45; epoch++) {
            var appends = IntStream.range(0, 20)
                    .mapToObj(_ -> append(Acks.ALL, Optional.empty(), 60_000))
                    .toList();
            assign(List.of(SELF), Optional.of(SELF), epoch, config);
            for (var append : appends) {
                switch (append.get(20, TimeUnit.SECONDS)) {
                    case AppendResult.InLog _ -> {}
                    case AppendResult.NotAppended(var refusal) ->
                        assertInstanceOf(AppendRefusal.NotLeader.class, refusal);
                    case AppendResult.Unknown(var cause, var _) ->
                        assertEquals(AppendResult.UnknownCause.LEADERSHIP_LOST, cause);
                }
            }
        }
    }

    @Test
    void severalReplicasAreWaitedFor() throws Exception {
        assign(
                List.of(SELF, new BrokerId(9)),
                Optional.of(SELF),
                4,
                LogConfig.builder().build());
        assertInstanceOf(
                AppendResult.Appended.class,
                append(Acks.LEADER, Optional.empty(), 20_000).get(20, TimeUnit.SECONDS));
        var unknown = assertInstanceOf(
                AppendResult.Unknown.class,
                append(Acks.ALL, Optional.empty(), 300).get(20, TimeUnit.SECONDS));
        assertEquals(AppendResult.UnknownCause.TIMED_OUT, unknown.cause());
        assertEquals(Offset.ZERO, leading().highWatermark());
    }

    @Test
    void aTopicThatVanishedIsPutAside() throws Exception {
        host(LogConfig.builder().build());
        append();
        partitions.setAside(ID.topicId());
        await(() -> Files.exists(folder.resolve("orders-0.stray")));
        partitions.close();
        assertTrue(partitions.closedCleanly());
        assertFalse(Files.exists(folder.resolve("orders-0")));
    }

    private CompletableFuture<AppendResult> append(Acks acks, Optional<Offset> expected, long timeoutMillis) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        return append(builder, acks, expected, timeoutMillis);
    }

    private CompletableFuture<AppendResult> append(
            RecordBatchBuilder builder, Acks acks, Optional<Offset> expected, long timeoutMillis) {
        var result = new CompletableFuture<AppendResult>();
        partitions.append(
                ID,
                new AppendCommand(
                        Payload.of(builder.build()),
                        builder.recordCount(),
                        acks,
                        expected,
                        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis),
                        result::complete));
        return result;
    }

    private AppendResult append() throws Exception {
        return append(Acks.ALL, Optional.empty(), 20_000).get(20, TimeUnit.SECONDS);
    }

    private CompletableFuture<AppendResult> appendFrom(
            long producerId, int epoch, int sequence, Optional<Offset> expected) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(1000, null, new byte[100], List.of());
        builder.append(2000, null, new byte[100], List.of());
        builder.producer(producerId, (short) epoch, sequence);
        var result = new CompletableFuture<AppendResult>();
        partitions.append(
                ID,
                new AppendCommand(
                        Payload.of(builder.build()),
                        2,
                        Acks.ALL,
                        expected,
                        System.nanoTime() + TimeUnit.SECONDS.toNanos(20),
                        result::complete));
        return result;
    }

    private static AppendResult get(CompletableFuture<AppendResult> result) throws Exception {
        return result.get(20, TimeUnit.SECONDS);
    }

    private static Offset baseOffset(CompletableFuture<AppendResult> result) throws Exception {
        return switch (get(result)) {
            case AppendResult.Appended appended -> appended.baseOffset();
            case AppendResult.Repeated repeated ->
                repeated.first().orElseThrow().baseOffset();
            case AppendResult.NotAppended refused -> throw new AssertionError(refused);
            case AppendResult.Unknown unknown -> throw new AssertionError(unknown);
        };
    }

    @ParameterizedTest
    @EnumSource
    void aRepeatedBatchIsAnsweredLikeTheFirst(Durability durability) throws Exception {
        host(LogConfig.builder().durability(durability).build());
        // Sent without waiting, so that some share a turn and some come before the first is safe.
        var results = new ArrayList<CompletableFuture<AppendResult>>();
        for (var i = 0; i < 20; i++) {
            for (var repeat = 0; repeat < 3; repeat++) {
                results.add(appendFrom(7, 0, 2 * i, Optional.empty()));
            }
        }
        for (var i = 0; i < 60; i++) {
            assertEquals(new Offset(2L * (i / 3)), baseOffset(results.get(i)), "batch " + i);
        }
        var end = new Offset(40);
        assertEquals(end, leading().log().logEndOffset());
        var first = new AppendResult.First(new Offset(38), new LeaderEpoch(4), 2000);
        assertEquals(
                new AppendResult.Repeated(Optional.of(first), 2, 1, durability),
                get(appendFrom(7, 0, 38, Optional.empty())));
        assertEquals(
                new AppendResult.Repeated(Optional.empty(), 2, 1, durability),
                get(appendFrom(7, 0, 0, Optional.empty())),
                "older than what is remembered");
        assertEquals(new Offset(38), baseOffset(appendFrom(7, 0, 38, Optional.of(new Offset(38)))));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.UnexpectedOffset(end.plus(2), end)),
                get(appendFrom(7, 0, 38, Optional.of(end.plus(2)))));
        assertEquals(end, leading().log().logEndOffset());
    }

    @Test
    void whatAProducerMayNotSendIsRefused() throws Exception {
        host(LogConfig.defaults());
        assertEquals(Offset.ZERO, baseOffset(appendFrom(7, 1, 0, Optional.empty())));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.OutOfOrderSequence(2, 4)),
                get(appendFrom(7, 1, 4, Optional.empty())));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.UnknownProducer(4)),
                get(appendFrom(8, 1, 4, Optional.empty())));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.ProducerFenced((short) 1, (short) 0)),
                get(appendFrom(7, 0, 2, Optional.empty())));
        // A refused batch does not count for the one after it.
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.UnexpectedOffset(new Offset(9), new Offset(2))),
                get(appendFrom(7, 1, 2, Optional.of(new Offset(9)))));
        assertEquals(new Offset(2), baseOffset(appendFrom(7, 1, 2, Optional.empty())));
    }

    private PartitionView.Leading leading() {
        return assertInstanceOf(PartitionView.Leading.class, partitions.view(ID).orElseThrow());
    }

    @ParameterizedTest
    @EnumSource
    void anAcknowledgedAppendIsReadable(Durability durability) throws Exception {
        host(LogConfig.builder().durability(durability).build());
        for (var i = 0; i < 100; i++) {
            var appended = assertInstanceOf(AppendResult.Appended.class, append());
            assertEquals(2L * i, appended.baseOffset().value());
            assertEquals(new LeaderEpoch(4), appended.epoch());
            assertEquals(durability, appended.durability());
            assertTrue(leading().highWatermark().value() >= 2L * i + 2);
        }
        if (durability == Durability.FSYNC) {
            assertTrue(leading().log().syncedOffset().value() >= 200);
        }
    }

    @Test
    void manyAppendsShareTurnsAndKeepTheirOrder() throws Exception {
        host(LogConfig.defaults());
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (var i = 0; i < 900; i++) {
            results.add(append(i % 2 == 0 ? Acks.ALL : Acks.LEADER, Optional.empty(), 20_000));
        }
        var expected = 0L;
        for (var result : results) {
            var appended = assertInstanceOf(AppendResult.Appended.class, result.get(20, TimeUnit.SECONDS));
            assertEquals(expected, appended.baseOffset().value());
            expected += 2;
        }
    }

    @Test
    void compareAndAppendLetsOneOfTwoWin() throws Exception {
        host(LogConfig.defaults());
        var first = append(Acks.ALL, Optional.of(Offset.ZERO), 20_000);
        var second = append(Acks.ALL, Optional.of(Offset.ZERO), 20_000);
        assertInstanceOf(AppendResult.Appended.class, first.get(20, TimeUnit.SECONDS));
        var refused = assertInstanceOf(AppendResult.NotAppended.class, second.get(20, TimeUnit.SECONDS));
        assertEquals(new AppendRefusal.UnexpectedOffset(Offset.ZERO, new Offset(2)), refused.refusal());
    }

    @Test
    void anAppendThatComesTooLateIsNotAppended() throws Exception {
        host(LogConfig.defaults());
        var late = append(Acks.ALL, Optional.empty(), -1).get(20, TimeUnit.SECONDS);
        assertEquals(new AppendResult.NotAppended(new AppendRefusal.TimedOut()), late);
        assertEquals(Offset.ZERO, leading().log().logEndOffset());
    }

    @Test
    void aPartitionThatIsNotHereHasNoLeaderHere() throws Exception {
        assertInstanceOf(
                AppendRefusal.NotLeader.class,
                assertInstanceOf(AppendResult.NotAppended.class, append()).refusal());
        assertTrue(partitions.view(ID).isEmpty());
    }

    @Test
    void aWriterWhoseAnswerFailsHarmsNobody() throws Exception {
        host(LogConfig.defaults());
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        partitions.append(
                ID, new AppendCommand(Payload.of(builder.build()), 1, Acks.ALL, Optional.empty(), deadline, result -> {
                    throw new IllegalStateException("as the test wants it");
                }));
        assertEquals(
                1,
                assertInstanceOf(AppendResult.Appended.class, append())
                        .baseOffset()
                        .value());
        assertEquals(3, leading().highWatermark().value());
    }

    @Test
    void aFullInboxRefusesAndLosesNothing() throws Exception {
        host(LogConfig.defaults());
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (var i = 0; i < 20_000; i++) {
            results.add(append(Acks.NONE, Optional.empty(), 20_000));
        }
        var appended = 0;
        for (var result : results) {
            switch (result.get(20, TimeUnit.SECONDS)) {
                case AppendResult.InLog done -> appended++;
                case AppendResult.NotAppended(var refusal) -> assertInstanceOf(AppendRefusal.Overloaded.class, refusal);
                case AppendResult.Unknown unknown -> throw new AssertionError(unknown);
            }
        }
        assertEquals(2L * appended, leading().log().logEndOffset().value());
    }

    @Test
    void aWatchIsWokenByTheWatermark() throws Exception {
        host(LogConfig.defaults());
        var woken = new CountDownLatch(1);
        try (var watch = partitions.watch(ID, Offset.ZERO, woken::countDown)) {
            assertFalse(woken.await(100, TimeUnit.MILLISECONDS));
            append();
            assertTrue(woken.await(20, TimeUnit.SECONDS), watch.toString());
        }
        var atOnce = new CountDownLatch(1);
        partitions.watch(ID, Offset.ZERO, atOnce::countDown).close();
        assertTrue(atOnce.await(20, TimeUnit.SECONDS));
    }

    @Test
    void retentionRunsByItself() throws Exception {
        host(LogConfig.builder()
                .segmentBytes(2_000)
                .retentionBytes(OptionalLong.of(5_000))
                .build());
        for (var i = 0; i < 100; i++) {
            append();
        }
        await(() -> leading().log().logStartOffset().value() > 100);
        assertEquals(200, leading().log().logEndOffset().value());
        assertInstanceOf(AppendResult.Appended.class, append());
    }

    @Test
    void recordsAreDeletedByRequest() throws Exception {
        host(LogConfig.builder().segmentBytes(2_000).build());
        for (var i = 0; i < 100; i++) {
            append();
        }
        assertEquals(begins(101), delete(101));
        assertEquals(begins(101), delete(0));
        assertEquals(new Offset(101), leading().log().logStartOffset());
        assertEquals(new DeletionResult.OutOfRange(new Offset(101), new Offset(200)), delete(201));
        assertEquals(begins(200), partitions.deleteRecords(ID, Optional.empty()).get(20, TimeUnit.SECONDS));
        assertEquals(
                200,
                assertInstanceOf(AppendResult.Appended.class, append())
                        .baseOffset()
                        .value());
        partitions.close();
        assertEquals(new DeletionResult.ShuttingDown(), delete(202));
        partitions = create();
        host(LogConfig.defaults());
        assertEquals(new Offset(200), leading().log().logStartOffset());
        assertEquals(new Offset(202), leading().highWatermark());
    }

    @Test
    void recordsAreDeletedOnlyWhereThatMayBe() throws Exception {
        assertEquals(new DeletionResult.NotLeader(), delete(0));
        host(LogConfig.fromTopicConfig(Map.of("cleanup.policy", "compact")));
        assertEquals(new DeletionResult.OnlyCompacted(), delete(0));
        assign(
                List.of(SELF),
                Optional.of(SELF),
                4,
                LogConfig.fromTopicConfig(Map.of("cleanup.policy", "compact,delete")));
        assertEquals(begins(0), delete(0));
        assign(List.of(SELF), Optional.empty(), 5, LogConfig.defaults());
        assertEquals(new DeletionResult.NotLeader(), delete(0));
    }

    private static DeletionResult begins(long offset) {
        return new DeletionResult.Begins(new Offset(offset));
    }

    private DeletionResult delete(long before) throws Exception {
        return partitions.deleteRecords(ID, Optional.of(new Offset(before))).get(20, TimeUnit.SECONDS);
    }

    @Test
    void compactionRunsByItselfAndEndsWithItsTopic() throws Exception {
        host(LogConfig.fromTopicConfig(Map.of("cleanup.policy", "compact", "segment.bytes", "2000")));
        for (var i = 0; i < 50; i++) {
            var builder = new RecordBatchBuilder(Compression.LZ4, 128);
            builder.append(i, new byte[] {(byte) (i % 5)}, new byte[500], List.of());
            append(builder, Acks.ALL, Optional.empty(), 20_000).get(20, TimeUnit.SECONDS);
        }
        await(() -> partitions.cleanerStats().recordsRead()
                > partitions.cleanerStats().recordsKept());
        assertEquals(0, partitions.cleanerStats().uncleanableLogs());
        assertEquals(new Offset(50), leading().log().logEndOffset());
        partitions.deleteTopic(ID.topicId());
        await(() -> !Files.exists(folder.resolve("orders-0")));
    }

    @Test
    void aPageCacheTopicIsFlushedAfterSoManyRecordsOrSoMuchTime() throws Exception {
        var config = LogConfig.builder().durability(Durability.PAGE_CACHE);
        host(config.flushMessages(4).build());
        var end = append();
        assertInstanceOf(AppendResult.Appended.class, end);
        var log = leading().log();
        assertTrue(log.syncedOffset().isBefore(log.logEndOffset()), "one append is not enough");
        for (var i = 0; i < 2; i++) {
            append();
        }
        await(() -> log.syncedOffset().value() >= 4);
        append();
        var unflushed = log.logEndOffset();
        assign(List.of(SELF), Optional.of(SELF), 4, config.flushMillis(1).build());
        partitions.assign(assignment(
                ID, List.of(SELF), Optional.of(SELF), 4, config.flushMillis(1).build()));
        await(() -> log.syncedOffset().equals(unflushed));
    }

    @Test
    void whatWasAppendedIsThereAfterReopening() throws Exception {
        host(LogConfig.defaults());
        append();
        partitions.close();
        assertInstanceOf(
                AppendRefusal.ShuttingDown.class,
                assertInstanceOf(AppendResult.NotAppended.class, append()).refusal());
        partitions = create();
        host(LogConfig.defaults());
        assertEquals(2, leading().highWatermark().value());
    }

    @Test
    void aDeletedTopicLeavesNothing() throws Exception {
        host(LogConfig.defaults());
        append();
        var woken = new CountDownLatch(1);
        partitions.watch(ID, new Offset(2), woken::countDown);
        partitions.deleteTopic(ID.topicId());
        assertTrue(woken.await(20, TimeUnit.SECONDS));
        await(() -> !Files.exists(folder.resolve("orders-0")));
        assertTrue(partitions.view(ID).isEmpty());
    }

    @Test
    void aDirectoryOfAnotherTopicIdIsKeptAside() throws Exception {
        partitions.assign(assignment(
                new TopicPartition(new TopicId(new UUID(9, 9)), 0),
                List.of(SELF),
                Optional.of(SELF),
                0,
                LogConfig.defaults()));
        await(() -> Files.exists(folder.resolve("orders-0/partition.metadata")));
        partitions.close();
        partitions = create();
        host(LogConfig.defaults());
        assertEquals(Offset.ZERO, leading().highWatermark());
        assertTrue(Files.exists(folder.resolve("orders-0.stray/partition.metadata")));
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadline < 0, "the condition did not come true");
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }
}
