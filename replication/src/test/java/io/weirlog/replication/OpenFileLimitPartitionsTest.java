package io.weirlog.replication;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerConfig;
import io.weirlog.log.LogConfig;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.core.PartitionMetadata;
import io.weirlog.replication.link.ReplicaTransport;
import io.weirlog.wire.Payload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A broker that may open no more files has no broken disk: it goes on as soon as it may.
class OpenFileLimitPartitionsTest {
    private static final BrokerId SELF = new BrokerId(1);
    private static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(1, 2)), 0);
    private static final TopicPartition NEW = new TopicPartition(new TopicId(new UUID(1, 2)), 1);
    /// Each batch begins a segment.
    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(200).build();

    @TempDir
    private Path folder;

    private final FailingStorage disk = new FailingStorage();
    private Partitions partitions;

    @BeforeEach
    void start() throws Exception {
        partitions = new Partitions(
                SELF,
                disk.storage(),
                new PartitionsConfig(
                        List.of(DataDirectory.of(folder)),
                        1,
                        1024,
                        new SyncConfig(1, true),
                        1,
                        Duration.ofMinutes(1),
                        Duration.ofMillis(50),
                        Duration.ofMillis(50),
                        Duration.ofSeconds(1),
                        CleanerConfig.DEFAULTS),
                ReplicationClock.SYSTEM,
                ReplicaTransport.NONE,
                IsrController.NONE);
        assign(ID, 4);
        assertTrue(partitions.awaitOpen(List.of(ID), 20_000));
    }

    @AfterEach
    void stop() {
        disk.filesAgain();
        partitions.close();
        assertTrue(partitions.closedCleanly());
    }

    private void assign(TopicPartition id, int epoch) {
        var standing = new PartitionMetadata.Standing(new BrokerEpoch(1), true);
        var metadata = new PartitionMetadata(
                new LeaderEpoch(epoch), epoch, List.of(SELF), List.of(SELF), 1, Map.of(SELF, standing));
        partitions.assign(new PartitionAssignment(id, "orders", Optional.of(SELF), metadata, CONFIG));
    }

    private CompletableFuture<AppendResult> append(TopicPartition id) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        var result = new CompletableFuture<AppendResult>();
        partitions.append(
                id,
                new AppendCommand(
                        Payload.of(builder.build()),
                        1,
                        Acks.ALL,
                        Optional.empty(),
                        System.nanoTime() + TimeUnit.SECONDS.toNanos(20),
                        result::complete));
        return result;
    }

    private long appended(TopicPartition id) throws Exception {
        return assertInstanceOf(AppendResult.Appended.class, append(id).get(20, TimeUnit.SECONDS))
                .baseOffset()
                .value();
    }

    @Test
    void anAppendIsRefusedAndTheNextOneIsWritten() throws Exception {
        assertEquals(0, appended(ID));
        disk.noMoreFiles("");
        for (var i = 0; i < 5; i++) {
            var refused =
                    assertInstanceOf(AppendResult.NotAppended.class, append(ID).get(20, TimeUnit.SECONDS));
            var limit = assertInstanceOf(AppendRefusal.Overloaded.class, refused.refusal())
                    .limit();
            assertTrue(limit.contains("ulimit -n"), limit);
        }
        assertOnline();
        disk.filesAgain();
        for (var i = 1; i < 5; i++) {
            assertEquals(i, appended(ID));
        }
        var leading = assertInstanceOf(
                PartitionView.Leading.class, partitions.view(ID).orElseThrow());
        assertEquals(new Offset(5), leading.log().logEndOffset());
    }

    /// The second batch begins a segment, so the sync has to open what belongs to the first.
    @Test
    void aSyncIsDoneALittleLater() throws Exception {
        assertEquals(0, appended(ID));
        disk.noMoreFiles("weirlog-sync");
        var before = disk.refused();
        var waits = append(ID);
        await(() -> disk.refused() > before);
        assertFalse(waits.isDone());
        assertOnline();
        disk.filesAgain();
        assertInstanceOf(AppendResult.Appended.class, waits.get(20, TimeUnit.SECONDS));
    }

    @Test
    void aPartitionIsOpenedAndLedALittleLater() throws Exception {
        assertEquals(0, appended(ID));
        disk.noMoreFiles("");
        var before = disk.refused();
        assign(NEW, 1);
        assign(ID, 5);
        await(() ->
                disk.refused() > before + 1 && !(partitions.view(ID).orElseThrow() instanceof PartitionView.Leading));
        assertInstanceOf(PartitionView.Opening.class, partitions.view(NEW).orElseThrow());
        assertOnline();
        disk.filesAgain();
        for (var id : List.of(ID, NEW)) {
            await(() -> partitions.view(id).orElseThrow() instanceof PartitionView.Leading);
        }
        assertEquals(1, appended(ID));
        assertEquals(0, appended(NEW));
    }

    private void assertOnline() {
        assertEquals(Map.of(folder, Optional.empty()), partitions.dataDirectories());
        assertFalse(partitions.failure().isDone());
    }
}
