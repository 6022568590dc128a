package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompactionTest {
    static final CompactionMemory MEMORY = new CompactionMemory(1 << 20, 0.75, 3, 4);
    private static final long DAY = 86_400_000;
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(1000)
            .indexIntervalBytes(100)
            .segmentIndexBytes(2000)
            .compacted(true)
            .deleting(false)
            .build();

    @TempDir
    Path directory;

    /// One batch with a record for each `key=value`, or `key` alone for a tombstone.
    static ByteBuffer batch(Compression compression, String... records) {
        var builder = new RecordBatchBuilder(compression, 256);
        for (var record : records) {
            var parts = record.split("=", 2);
            builder.append(
                    TestLogs.NOW + builder.recordCount(),
                    parts[0].getBytes(UTF_8),
                    parts.length == 1 ? null : parts[1].getBytes(UTF_8),
                    List.of(new RecordHeader("h", new byte[] {1})));
        }
        return builder.build();
    }

    private static void append(PartitionLog log, String... records) throws Exception {
        log.append(List.of(batch(Compression.NONE, records)), TestLogs.EPOCH, TestLogs.NOW);
    }

    static CleaningOutcome clean(PartitionLog log, long nowMillis) throws Exception {
        return log.compaction().clean(OwnerThread.Step::run, MEMORY, bytes -> {}, log.logEndOffset(), nowMillis);
    }

    private static List<String> contents(PartitionLog log) throws Exception {
        return TestLogs.readAll(log).stream().map(CompactionTest::show).toList();
    }

    private static String show(Record record) {
        return record.offset() + ":" + text(record.key()) + "=" + text(record.value());
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "" : new String(bytes, UTF_8);
    }

    private static List<RecordBatch> batches(PartitionLog log) throws Exception {
        var batches = new ArrayList<RecordBatch>();
        for (var at = log.logStartOffset(); at.isBefore(log.logEndOffset()); ) {
            try (var slice = TestLogs.slice(log, at, 1 << 20, log.logEndOffset())) {
                for (var rest = TestLogs.bytes(slice); rest.hasRemaining(); ) {
                    var batch = RecordBatch.parse(rest);
                    batches.add(batch);
                    rest.position(rest.position() + batch.sizeBytes());
                }
                at = slice.nextOffset();
            }
        }
        return batches;
    }

    @Test
    void theLatestRecordOfEachKeyStaysAtItsOffset() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1", "b=1", "c=1");
            append(log, "b=2", "a=2");
            append(log, "b=3");
            log.roll();
            append(log, "a=3");
            var before = TestLogs.readAll(log);
            var outcome = assertInstanceOf(CleaningOutcome.Cleaned.class, clean(log, TestLogs.NOW));
            assertEquals(new Offset(6), outcome.firstDirtyOffset());
            // The active segment is as it was, and what is in it replaces nothing yet (C2).
            assertEquals(List.of("2:c=1", "4:a=2", "5:b=3", "6:a=3"), contents(log));
            for (var record : TestLogs.readAll(log)) {
                assertEquals(before.get((int) record.offset()), record);
            }
            assertEquals(new Offset(7), log.logEndOffset());
            assertInstanceOf(CleaningOutcome.NothingToClean.class, clean(log, TestLogs.NOW));
        }
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            assertEquals(List.of("2:c=1", "4:a=2", "5:b=3", "6:a=3"), contents(log));
            assertInstanceOf(CleaningOutcome.NothingToClean.class, clean(log, TestLogs.NOW));
            append(log, "c=2");
            log.roll();
            clean(log, TestLogs.NOW);
            assertEquals(List.of("5:b=3", "6:a=3", "7:c=2"), contents(log));
        }
    }

    @Test
    void aBatchThatKeepsAllIsNotTouchedAndOneThatLosesSomeKeepsItsPlace() throws Exception {
        for (var compression : Compression.values()) {
            try (var log = TestLogs.openLeader(directory.resolve(compression.configValue()), CONFIG)) {
                log.append(List.of(batch(compression, "a=1", "b=1", "c=1", "d=1")), TestLogs.EPOCH, TestLogs.NOW);
                log.append(List.of(batch(compression, "a=2", "c=2")), TestLogs.EPOCH, TestLogs.NOW);
                log.roll();
                var before = batches(log);
                clean(log, TestLogs.NOW);
                var after = batches(log);
                assertEquals(before.get(1).slice(), after.get(1).slice());
                var rewritten = after.getFirst();
                assertEquals(0, rewritten.baseOffset());
                assertEquals(3, rewritten.lastOffsetDelta());
                assertEquals(2, rewritten.recordCount());
                assertEquals(compression.id(), rewritten.compressionId());
                assertEquals(before.getFirst().baseTimestamp(), rewritten.baseTimestamp());
                assertEquals(TestLogs.NOW + 3, rewritten.maxTimestamp());
                assertEquals(List.of("1:b=1", "3:d=1", "4:a=2", "5:c=2"), contents(log));
            }
        }
    }

    @Test
    void readersKeepTheSegmentsThatTheyAreIn() throws Exception {
        var later = new ArrayList<Runnable>();
        var log = PartitionLog.open(
                new FileStorage(), directory, TestLogs.IDENTITY, CONFIG, (task, delayMillis) -> later.add(task));
        log.beginEpoch(TestLogs.EPOCH);
        for (var i = 0; i < 60; i++) {
            append(log, "key" + i % 5 + "=" + "v".repeat(50) + i);
        }
        log.roll();
        var before = TestLogs.slice(log, Offset.ZERO, 1 << 20, log.logEndOffset());
        var bytes = TestLogs.bytes(before);
        var outcome = assertInstanceOf(CleaningOutcome.Cleaned.class, clean(log, TestLogs.NOW));
        assertTrue(outcome.segmentsBefore() > 4, outcome.toString());
        assertEquals(60, outcome.recordsRead());
        assertEquals(5, outcome.recordsKept());
        assertTrue(log.sizeBytes() < 1500, "bytes: " + log.sizeBytes());
        assertEquals(bytes, TestLogs.bytes(before));
        before.close();
        later.forEach(Runnable::run);
        assertFalse(
                TestLogs.names(directory).stream().anyMatch(name -> name.contains(".log.") || name.contains("swap")));
        assertEquals(5, contents(log).size());
        // What has become small is put together the next time.
        append(log, "key0=");
        log.roll();
        outcome = assertInstanceOf(CleaningOutcome.Cleaned.class, clean(log, TestLogs.NOW));
        assertTrue(outcome.segmentsAfter() <= 2, outcome.toString());
        log.close();
    }

    /// C3: a tombstone stays for `delete.retention.ms` after the first cleaning, then it goes.
    @Test
    void tombstonesStayForTheirTime() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1", "b=1");
            append(log, "a", "c=1");
            log.roll();
            clean(log, TestLogs.NOW);
            assertEquals(List.of("1:b=1", "2:a=", "3:c=1"), contents(log));
            var tombstone = batches(log).get(1);
            assertTrue(tombstone.hasDeleteHorizon());
            assertEquals(TestLogs.NOW + DAY, tombstone.baseTimestamp());
            assertEquals(TestLogs.NOW, TestLogs.readAll(log).get(1).timestampMillis());
            append(log, "d=1");
            log.roll();
            clean(log, TestLogs.NOW + DAY - 1);
            assertEquals(List.of("1:b=1", "2:a=", "3:c=1", "4:d=1"), contents(log));
            append(log, "e=1");
            log.roll();
            clean(log, TestLogs.NOW + DAY);
            assertEquals(List.of("1:b=1", "3:c=1", "4:d=1", "5:e=1"), contents(log));
        }
    }

    /// A follower, and who asks for the log's end, must not find it before its last offset.
    @Test
    void theLastBatchThatLosesAllItsRecordsIsKeptEmpty() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1");
            append(log, "b=1");
            append(log, "a");
            log.roll();
            clean(log, TestLogs.NOW);
            append(log, "b");
            log.roll();
            clean(log, TestLogs.NOW + DAY);
            log.append(List.of(batchWithoutKey()), TestLogs.EPOCH, TestLogs.NOW);
            log.roll();
            clean(log, TestLogs.NOW + 2 * DAY);
            assertEquals(List.of(), contents(log));
            var last = batches(log).getLast();
            assertEquals(0, last.recordCount());
            assertEquals(log.logEndOffset().value(), last.nextOffset());
        }
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            assertEquals(new Offset(5), log.logEndOffset());
        }
    }

    /// As a topic takes it that is not compacted yet.
    private static ByteBuffer batchWithoutKey() {
        var builder = new RecordBatchBuilder(Compression.NONE, 100);
        builder.append(TestLogs.NOW, (byte[]) null, new byte[1], List.of());
        return builder.build();
    }

    @Test
    void nothingBeyondTheCleanPointIsLookedAt() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1", "b=1");
            log.roll();
            append(log, "a=2");
            log.roll();
            append(log, "b=2");
            log.roll();
            assertInstanceOf(CleaningOutcome.NothingToClean.class, cleanUpTo(log, 1));
            cleanUpTo(log, 3);
            assertEquals(List.of("1:b=1", "2:a=2", "3:b=2"), contents(log));
        }
    }

    private static CleaningOutcome cleanUpTo(PartitionLog log, long cleanPointMax) throws Exception {
        return log.compaction()
                .clean(OwnerThread.Step::run, MEMORY, bytes -> {}, new Offset(cleanPointMax), TestLogs.NOW);
    }

    /// What does not fit the memory is cleaned the next time.
    @Test
    void aSmallMemoryTakesSeveralCleanings() throws Exception {
        var memory = new CompactionMemory(20 * OffsetMap.SLOT_BYTES, 0.5, 1, 1);
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            for (var i = 0; i < 60; i++) {
                append(log, "k" + i % 20 + "=" + i, "x=" + i);
            }
            log.roll();
            var rounds = 0;
            for (var clean = false; !clean; rounds++) {
                var outcome = log.compaction()
                        .clean(OwnerThread.Step::run, memory, bytes -> {}, log.logEndOffset(), TestLogs.NOW);
                clean = outcome instanceof CleaningOutcome.NothingToClean;
            }
            assertTrue(rounds > 5, "rounds: " + rounds);
            assertEquals(21, contents(log).size());
            log.append(
                    List.of(batch(Compression.NONE, "1=", "2=", "3=", "4=", "5=", "6=", "7=", "8=", "9=", "0=", "!=")),
                    TestLogs.EPOCH,
                    TestLogs.NOW);
            log.roll();
            var e = assertThrows(
                    IOException.class,
                    () -> log.compaction()
                            .clean(OwnerThread.Step::run, memory, bytes -> {}, log.logEndOffset(), TestLogs.NOW));
            assertTrue(String.valueOf(e.getMessage()).contains("log.cleaner.dedupe.buffer.size"), e.toString());
        }
    }

    @Test
    void aTruncationMeanwhileEndsTheCleaningAndOneBelowTheCleanPartStartsItOver() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1");
            log.roll();
            append(log, "a=2");
            log.roll();
            var overtaken = log.compaction()
                    .clean(
                            step -> {
                                log.truncateTo(new Offset(1));
                                step.run();
                            },
                            MEMORY,
                            bytes -> {},
                            log.logEndOffset(),
                            TestLogs.NOW);
            assertInstanceOf(CleaningOutcome.Overtaken.class, overtaken);
            assertEquals(List.of("0:a=1"), contents(log));
            append(log, "a=3");
            append(log, "b=1");
            log.roll();
            clean(log, TestLogs.NOW);
            assertEquals(List.of("1:a=3", "2:b=1"), contents(log));
            log.truncateTo(new Offset(2));
            assertEquals(0, CleanerOffsetFile.read(new FileStorage(), directory));
            append(log, "a=4");
            log.roll();
            clean(log, TestLogs.NOW);
            assertEquals(List.of("2:a=4"), contents(log));
        }
    }

    @Test
    void recordsBeforeTheLogStartGo() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1", "b=1", "c=1", "d=1");
            append(log, "d=2");
            log.roll();
            log.deleteRecordsBefore(new Offset(2));
            clean(log, TestLogs.NOW);
            assertEquals(List.of("2:c=1", "4:d=2"), contents(log));
            assertEquals(1, batches(log).getFirst().recordCount());
            assertEquals(new Offset(2), log.logStartOffset());
        }
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            assertEquals(List.of("2:c=1", "4:d=2"), contents(log));
        }
    }

    /// Damage must not get a new checksum, nor may a damaged key replace another.
    @Test
    void aDamagedBatchStopsTheCleaning() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1");
            append(log, "a=2");
            log.roll();
            flip(LogFileNames.segmentFile(directory, 0, LogFileNames.LOG), 70);
            assertThrows(CorruptLogException.class, () -> clean(log, TestLogs.NOW));
            assertFalse(TestLogs.names(directory).stream().anyMatch(name -> name.endsWith(LogFileNames.CLEANED)));
        }
    }

    private static void flip(Path file, long position) throws Exception {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var one = ByteBuffer.allocate(1);
            channel.read(one, position);
            one.put(0, (byte) (one.get(0) ^ 4)).rewind();
            channel.write(one, position);
        }
    }

    /// KAFKA-5431: zeros at the end of a segment that was made longer in advance are no records; neither before nor
    /// after a cleaning do they stop a restart.
    @Test
    void aZeroTailIsCutBeforeAndAfterACleaning() throws Exception {
        for (var round = 0; round < 3; round++) {
            try (var log = TestLogs.openLeader(directory, CONFIG)) {
                append(log, "a=" + round, "b=" + round);
                log.roll();
                append(log, "c=" + round);
                assertInstanceOf(CleaningOutcome.Cleaned.class, clean(log, TestLogs.NOW));
            }
            Files.delete(directory.resolve(LogFileNames.CLEAN_SHUTDOWN));
            var last = TestLogs.names(directory).stream()
                    .filter(name -> name.endsWith(LogFileNames.LOG))
                    .reduce((first, second) -> second)
                    .orElseThrow();
            Files.write(directory.resolve(last), new byte[5000], StandardOpenOption.APPEND);
        }
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            assertEquals(5000, log.recovery().cutBytes());
            assertEquals(List.of("5:c=1", "6:a=2", "7:b=2", "8:c=2"), contents(log));
        }
    }

    @Test
    void aDamagedNoteCostsOneCleaningFromTheStart() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            append(log, "a=1");
            log.roll();
            clean(log, TestLogs.NOW);
        }
        Files.writeString(directory.resolve(LogFileNames.CLEANER_OFFSET), "0\nx\n");
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            var need = log.compaction().need(log.logEndOffset(), TestLogs.NOW);
            assertEquals(Offset.ZERO, need.firstDirtyOffset());
            assertEquals(1.0, need.dirtyRatio());
        }
        // A log that is no longer compacted still has gaps, and opens after a crash.
        CleanerOffsetFile.write(new FileStorage(), directory, 77);
        try (var log = TestLogs.openLeader(directory, LogConfig.fromTopicConfig(Map.of("segment.bytes", "4096")))) {
            assertEquals(
                    Offset.ZERO,
                    log.compaction().need(log.logEndOffset(), TestLogs.NOW).firstDirtyOffset());
            assertEquals(0, CleanerOffsetFile.read(new FileStorage(), directory));
        }
    }
}
