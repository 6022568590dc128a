package io.weirlog.replication;

import static io.weirlog.replication.LonePartition.ID;
import static io.weirlog.replication.LonePartition.SELF;
import static io.weirlog.replication.LonePartition.assignment;
import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Durability;
import io.weirlog.common.Offset;
import io.weirlog.log.LogConfig;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What happens to a partition's log beside appends.
class LogUpkeepTest {
    private final Path folder;

    @AutoClose
    private final LonePartition broker;

    LogUpkeepTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        broker = new LonePartition(folder);
    }

    @Test
    void retentionRunsByItself() throws Exception {
        broker.host(LogConfig.builder()
                .segmentBytes(2_000)
                .retentionBytes(OptionalLong.of(5_000))
                .build());
        for (var i = 0; i < 100; i++) {
            broker.append();
        }
        await(() -> broker.leading().log().logStartOffset().value() > 100);
        assertEquals(200, broker.leading().log().logEndOffset().value());
        assertInstanceOf(AppendResult.Appended.class, broker.append());
    }

    @Test
    void recordsAreDeletedByRequest() throws Exception {
        broker.host(LogConfig.builder().segmentBytes(2_000).build());
        for (var i = 0; i < 100; i++) {
            broker.append();
        }
        assertEquals(begins(101), delete(101));
        assertEquals(begins(101), delete(0));
        assertEquals(new Offset(101), broker.leading().log().logStartOffset());
        assertEquals(new DeletionResult.OutOfRange(new Offset(101), new Offset(200)), delete(201));
        assertEquals(
                begins(200),
                broker.partitions().deleteRecords(ID, Optional.empty()).get(20, TimeUnit.SECONDS));
        assertEquals(
                200,
                assertInstanceOf(AppendResult.Appended.class, broker.append())
                        .baseOffset()
                        .value());
        broker.close();
        assertEquals(new DeletionResult.ShuttingDown(), delete(202));
        broker.restart();
        broker.host(LogConfig.defaults());
        assertEquals(new Offset(200), broker.leading().log().logStartOffset());
        assertEquals(new Offset(202), broker.leading().highWatermark());
    }

    @Test
    void recordsAreDeletedOnlyWhereThatMayBe() throws Exception {
        assertEquals(new DeletionResult.NotLeader(), delete(0));
        broker.host(LogConfig.fromTopicConfig(Map.of("cleanup.policy", "compact")));
        assertEquals(new DeletionResult.OnlyCompacted(), delete(0));
        broker.assign(
                List.of(SELF),
                Optional.of(SELF),
                4,
                LogConfig.fromTopicConfig(Map.of("cleanup.policy", "compact,delete")));
        assertEquals(begins(0), delete(0));
        broker.assign(List.of(SELF), Optional.empty(), 5, LogConfig.defaults());
        assertEquals(new DeletionResult.NotLeader(), delete(0));
    }

    private static DeletionResult begins(long offset) {
        return new DeletionResult.Begins(new Offset(offset));
    }

    private DeletionResult delete(long before) throws Exception {
        return broker.partitions()
                .deleteRecords(ID, Optional.of(new Offset(before)))
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    void compactionRunsByItselfAndEndsWithItsTopic() throws Exception {
        broker.host(LogConfig.fromTopicConfig(Map.of("cleanup.policy", "compact", "segment.bytes", "2000")));
        for (var i = 0; i < 50; i++) {
            var builder = new RecordBatchBuilder(Compression.LZ4, 128);
            builder.append(i, new byte[] {(byte) (i % 5)}, new byte[500], List.of());
            broker.append(builder, Acks.ALL, Optional.empty(), 20_000).get(20, TimeUnit.SECONDS);
        }
        await(() -> broker.partitions().cleanerStats().recordsRead()
                > broker.partitions().cleanerStats().recordsKept());
        assertEquals(0, broker.partitions().cleanerStats().uncleanableLogs());
        assertEquals(new Offset(50), broker.leading().log().logEndOffset());
        broker.partitions().deleteTopic(ID.topicId());
        await(() -> !Files.exists(folder.resolve("orders-0")));
    }

    @Test
    void aPageCacheTopicIsFlushedAfterSoManyRecordsOrSoMuchTime() throws Exception {
        var config = LogConfig.builder().durability(Durability.PAGE_CACHE);
        broker.host(config.flushMessages(4).build());
        var end = broker.append();
        assertInstanceOf(AppendResult.Appended.class, end);
        var log = broker.leading().log();
        assertTrue(log.syncedOffset().isBefore(log.logEndOffset()), "one append is not enough");
        for (var i = 0; i < 2; i++) {
            broker.append();
        }
        await(() -> log.syncedOffset().value() >= 4);
        broker.append();
        var unflushed = log.logEndOffset();
        broker.assign(List.of(SELF), Optional.of(SELF), 4, config.flushMillis(1).build());
        broker.partitions()
                .assign(assignment(
                        ID,
                        List.of(SELF),
                        Optional.of(SELF),
                        4,
                        config.flushMillis(1).build()));
        await(() -> log.syncedOffset().equals(unflushed));
    }
}
