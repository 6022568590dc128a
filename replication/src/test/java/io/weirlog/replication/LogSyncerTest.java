package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import io.weirlog.log.LogPoisonedException;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.log.PartitionLog;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Logs that come while the only thread is busy with one of them.
class LogSyncerTest {
    private static final TopicId TOPIC = new TopicId(new UUID(1, 2));
    private static final LeaderEpoch EPOCH = new LeaderEpoch(1);

    @TempDir
    private Path folder;

    private final FailingStorage disk = new FailingStorage();
    private final List<PartitionLog> logs = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        for (var i = 0; i <= SyncChoice.SHARING_LOGS_MIN; i++) {
            var identity = new PartitionIdentity("orders", new TopicPartition(TOPIC, i));
            var log = PartitionLog.open(disk.storage(), folder.resolve("orders-" + i), identity, LogConfig.defaults());
            log.beginEpoch(EPOCH);
            append(log);
            logs.add(log);
        }
    }

    @AfterEach
    void close() throws IOException {
        for (var log : logs) {
            log.close();
        }
    }

    private static void append(PartitionLog log) throws IOException {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        log.append(List.of(builder.build()), EPOCH, System.currentTimeMillis());
    }

    /// Lets the first log's sync hold the thread until all others have asked.
    private List<CompletableFuture<Offset>> syncAll(LogSyncer syncer, int count) throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var first = syncer.ticket(
                logs.getFirst(),
                end -> {
                    entered.countDown();
                    await(release);
                },
                failure -> {});
        syncer.request(first);
        await(entered);
        var results = new ArrayList<CompletableFuture<Offset>>();
        for (var log : logs.subList(1, 1 + count)) {
            var result = new CompletableFuture<Offset>();
            results.add(result);
            var ticket = syncer.ticket(log, result::complete, result::completeExceptionally);
            syncer.request(ticket);
            syncer.request(ticket);
        }
        release.countDown();
        return results;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private LogSyncer syncer(boolean shared) {
        return LogSyncer.of(disk.storage(), List.of(folder), new SyncConfig(1, shared));
    }

    private static void assertSynced(List<CompletableFuture<Offset>> results) throws Exception {
        for (var result : results) {
            assertEquals(new Offset(1), result.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void oneCallServesTheManyThatWait() throws Exception {
        try (var syncer = syncer(true)) {
            assertSynced(syncAll(syncer, SyncChoice.SHARING_LOGS_MIN));
        }
        assertEquals(1, disk.fileSystemSyncs());
    }

    @Test
    void fewAreSyncedByThemselves() throws Exception {
        try (var syncer = syncer(true)) {
            assertSynced(syncAll(syncer, SyncChoice.SHARING_LOGS_MIN - 1));
        }
        assertEquals(0, disk.fileSystemSyncs());
    }

    @Test
    void whereOneCallIsNotWantedEachIsSyncedByItself() throws Exception {
        try (var syncer = syncer(false)) {
            assertSynced(syncAll(syncer, SyncChoice.SHARING_LOGS_MIN));
        }
        assertEquals(0, disk.fileSystemSyncs());
    }

    @Test
    void aFailedCallFailsAllWhoWaitAndIsNotTriedAgain() throws Exception {
        try (var syncer = syncer(true)) {
            disk.failFileSystemSyncs();
            for (var result : syncAll(syncer, SyncChoice.SHARING_LOGS_MIN)) {
                assertTrue(result.handle((end, failure) -> failure instanceof LogPoisonedException)
                        .get(20, TimeUnit.SECONDS));
            }
            append(logs.getFirst());
            var result = new CompletableFuture<Offset>();
            syncer.request(syncer.ticket(logs.getFirst(), result::complete, result::completeExceptionally));
            assertEquals(new Offset(2), result.get(20, TimeUnit.SECONDS), "it is synced by itself");
        }
        assertEquals(1, disk.fileSystemSyncs());
    }
}
