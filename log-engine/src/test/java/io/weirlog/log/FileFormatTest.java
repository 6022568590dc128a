package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The bytes of every file, written out: what they are is a promise to all who have logs on disk.
class FileFormatTest {
    @TempDir
    Path directory;

    @Test
    void everyFileHasTheDocumentedBytes() throws Exception {
        var config = LogConfig.builder().indexIntervalBytes(70).build();
        try (var log = TestLogs.open(directory, config)) {
            log.beginEpoch(new LeaderEpoch(3));
            log.append(List.of(batch(1000), batch(500), batch(4000)), new LeaderEpoch(3), 0);
            log.beginEpoch(new LeaderEpoch(5));
            log.append(List.of(batch(2000), batch(2500)), new LeaderEpoch(5), 0);
            log.roll();
            log.append(List.of(batch(6000)), new LeaderEpoch(5), 0);
            log.sync();
        }
        assertEquals(
                List.of(
                        "00000000000000000000.index",
                        "00000000000000000000.log",
                        "00000000000000000000.timeindex",
                        "00000000000000000010.index",
                        "00000000000000000010.log",
                        "00000000000000000010.snapshot",
                        "00000000000000000010.timeindex",
                        "00000000000000000012.snapshot",
                        "clean-shutdown",
                        "leader-epoch-checkpoint",
                        "partition.metadata",
                        "synced-offset"),
                TestLogs.names(directory));

        // A batch of two records has 77 bytes. Whenever more than 70 bytes lie behind an entry, the next batch
        // gets one.
        assertEquals(77, batch(0).remaining());
        assertEquals(
                "00000003" + "0000004d" // last offset 3, at byte 77
                        + "00000005" + "0000009a"
                        + "00000007" + "000000e7"
                        + "00000009" + "00000134",
                hex("00000000000000000000.index"));
        assertEquals(
                "00000000000003e8" + "00000001" // 1000 up to offset 1: the second batch is earlier
                        + "0000000000000fa0" + "00000005", // 4000 up to offset 5, and no later one
                hex("00000000000000000000.timeindex"));
        assertEquals("", hex("00000000000000000010.index"));
        assertEquals("0000000000001770" + "00000001", hex("00000000000000000010.timeindex"));
        // No producers: version 1, the CRC32C of the count 0, the count.
        assertEquals("0001" + "48674bc7" + "00000000", hex("00000000000000000010.snapshot"));
        assertEquals("0\n12\n77\n", text("clean-shutdown"));
        assertEquals("0\n2\n3 0\n5 6\n", text("leader-epoch-checkpoint"));
        assertEquals("version: 0\ntopic_id: AAAAAAAAAAEAAAAAAAAAAg", text("partition.metadata"));
        // Two syncs, two slots: offset 12 with its CRC32C.
        assertEquals(
                "000000000000000c" + "c16b7d5a" + "00000000",
                hex("synced-offset").substring(0, 32));
        assertEquals(hex("synced-offset").substring(0, 32), hex("synced-offset").substring(32));
        assertEquals(
                expectedLog(),
                HexFormat.of().formatHex(Files.readAllBytes(directory.resolve("00000000000000000010.log"))));
    }

    @Test
    void transactionsHaveTheDocumentedBytes() throws Exception {
        try (var log = TestLogs.openLeader(directory, LogConfig.defaults())) {
            var builder = new RecordBatchBuilder(Compression.NONE, BatchFormat.HEADER_BYTES);
            builder.append(1000, null, new byte[] {1}, List.of());
            builder.producer(7, (short) 2, 0);
            builder.transactional();
            log.append(List.of(builder.build()), TestLogs.EPOCH, 0);
            var marker = new TransactionMarker(7, (short) 3, TransactionMarker.Outcome.ABORT, 5);
            log.appendMarker(marker, TestLogs.EPOCH, 2000);
            builder.reset();
            builder.append(3000, null, new byte[] {1}, List.of());
            builder.producer(7, (short) 3, 0);
            builder.transactional();
            log.append(List.of(builder.build()), TestLogs.EPOCH, 0);
            try (var slice = TestLogs.slice(log, new Offset(1), 1, log.logEndOffset())) {
                var bytes = TestLogs.bytes(slice);
                assertEquals(0x30, RecordBatch.of(bytes).attributes(), "transactional, control");
                assertEquals(BatchFormat.NO_SEQUENCE, RecordBatch.of(bytes).baseSequence());
                assertEquals(
                        "20" + "00" + "00" + "00" // 16 bytes, attributes, time and offset as the batch's
                                + "08" + "0000" + "0000" // key: version, abort
                                + "0c" + "0000" + "00000005" // value: version, coordinator epoch
                                + "00",
                        HexFormat.of()
                                .formatHex(
                                        bytes.array(),
                                        bytes.arrayOffset() + BatchFormat.HEADER_BYTES,
                                        bytes.arrayOffset() + bytes.limit()));
            }
        }
        assertEquals(
                "0000" + "0000000000000007" // version, producer id
                        + "0000000000000000" // first offset
                        + "0000000000000001" // last offset
                        + "0000000000000002", // last stable offset
                hex("00000000000000000000.txnindex"));
        assertEquals(
                "00000001" // one producer
                        + "0000000000000007" // producer id
                        + "0003" // epoch
                        + "00000000" // last sequence
                        + "0000000000000002" // last offset
                        + "00000000" // less its first
                        + "0000000000000bb8" // timestamp
                        + "00000005" // coordinator epoch
                        + "0000000000000002", // the open transaction's first offset
                hex("00000000000000000003.snapshot").substring(12));
    }

    /// The producer's bytes but for base offset 10 and epoch 5.
    private static String expectedLog() {
        var batch = batch(6000);
        RecordBatch.stampBaseOffset(batch, 0, 10);
        RecordBatch.stampLeaderEpoch(batch, 0, 5);
        return HexFormat.of().formatHex(batch.array(), batch.arrayOffset(), batch.limit());
    }

    @Test
    void logAppendTimeIsStampedWithoutTouchingTheCallersBytes() throws Exception {
        var config = LogConfig.fromTopicConfig(Map.of("message.timestamp.type", "LogAppendTime"));
        try (var log = TestLogs.openLeader(directory, config)) {
            var batch = batch(1000);
            var before = HexFormat.of().formatHex(batch.array(), batch.arrayOffset(), batch.limit());
            log.append(List.of(batch), TestLogs.EPOCH, 77_000);
            assertEquals(before, HexFormat.of().formatHex(batch.array(), batch.arrayOffset(), batch.limit()));
            RecordBatch.stampLogAppendTime(batch, 0, 77_000);
            RecordBatch.stampLeaderEpoch(batch, 0, 0);
            try (var slice = TestLogs.slice(log, Offset.ZERO, 1000, log.logEndOffset())) {
                assertEquals(batch, TestLogs.bytes(slice));
            }
            for (var record : TestLogs.readAll(log)) {
                assertEquals(77_000, record.timestampMillis());
            }
        }
    }

    private static ByteBuffer batch(long timestampMillis) {
        var builder = new RecordBatchBuilder(Compression.NONE, BatchFormat.HEADER_BYTES);
        builder.append(timestampMillis, new byte[] {1}, null, List.of());
        builder.append(timestampMillis, null, new byte[] {2}, List.of());
        return builder.build();
    }

    private String hex(String name) throws IOException {
        return HexFormat.of().formatHex(Files.readAllBytes(directory.resolve(name)));
    }

    private String text(String name) throws IOException {
        return Files.readString(directory.resolve(name));
    }
}
