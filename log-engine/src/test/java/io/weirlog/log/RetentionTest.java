package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
    private static final LogConfig.Builder SMALL =
            LogConfig.builder().segmentBytes(700).indexIntervalBytes(100).segmentIndexBytes(2000);
    private static final LogConfig CONFIG = SMALL.build();
    private static final int BATCHES = 14;

    @TempDir
    Path directory;

    /// Batches of three records, a second apart, an epoch for each two.
    private static List<Record> write(Path place) throws Exception {
        try (var log = TestLogs.openUnsynced(place, CONFIG)) {
            for (var i = 0; i < BATCHES; i++) {
                var epoch = new LeaderEpoch(i / 2);
                log.beginEpoch(epoch);
                var time = TestLogs.NOW + i * 1000L;
                log.append(List.of(TestLogs.batch(Compression.NONE, time, 3, 50, new Random(i))), epoch, time);
            }
            return TestLogs.readAll(log);
        }
    }

    /// T1: whenever the process dies, the log begins where it did or where it was to begin, and only moves on.
    @Test
    void aDeletionThatIsCutShortMovesTheStartOrDoesNot() throws Exception {
        var origin = directory.resolve("origin");
        var records = write(origin);
        var finished = false;
        for (var changes = 0; !finished; changes++) {
            var place = directory.resolve("dies-" + changes);
            TestLogs.copyDirectory(origin, place);
            var storage = new UnsyncedStorage();
            var dying = PartitionLog.open(storage, place, TestLogs.IDENTITY, CONFIG);
            storage.changesLeft.set(changes);
            try {
                dying.deleteRecordsBefore(new Offset(20));
                finished = true;
            } catch (LogPoisonedException e) {
                assertThrows(LogPoisonedException.class, () -> dying.deleteRecordsBefore(new Offset(20)));
            }
            try (var log = TestLogs.openUnsynced(place, CONFIG)) {
                var start = (int) log.logStartOffset().value();
                assertTrue(start == 20 || (start == 0 && !finished), "starts at " + start);
                assertEquals(records.subList(start, records.size()), TestLogs.readAll(log));
                assertEquals(
                        new TimestampAndOffset(records.get(start).timestampMillis(), log.logStartOffset()),
                        log.findByTimestamp(0, log.logEndOffset()).orElseThrow());
                assertEquals(
                        new EpochEnd(new LeaderEpoch(3), new Offset(24)), log.endOffsetForEpoch(new LeaderEpoch(3)));
                assertFalse(TestLogs.names(place).stream().anyMatch(name -> name.endsWith(LogFileNames.DELETED)));
            }
            TestLogs.deleteDirectory(place);
        }
    }

    @Test
    void filesAreUnlinkedLaterAndLeftOversAtTheNextOpening() throws Exception {
        var records = write(directory);
        var tasks = new ArrayList<Runnable>();
        var storage = new UnsyncedStorage();
        var log = PartitionLog.open(storage, directory, TestLogs.IDENTITY, CONFIG, (task, delayMillis) -> {
            assertEquals(60_000, delayMillis);
            tasks.add(task);
        });
        var slice = TestLogs.slice(log, new Offset(3), 1 << 20, log.logEndOffset());
        log.deleteRecordsBefore(new Offset(20));
        assertEquals(
                new ReadResult.OutOfRange(new Offset(20), log.logEndOffset()),
                log.read(new Offset(19), 1, log.logEndOffset()));
        assertEquals(3L * tasks.size(), deleted());
        assertTrue(tasks.size() >= 2, "segments: " + tasks.size());
        tasks.getFirst().run();
        assertEquals(3L * (tasks.size() - 1), deleted());
        assertEquals(records.subList(3, (int) slice.nextOffset().value()), TestLogs.records(TestLogs.bytes(slice)));
        slice.close();
        log.close();
        TestLogs.openUnsynced(directory, CONFIG).close();
        assertEquals(0, deleted());
        tasks.forEach(Runnable::run); // Finds nothing, says nothing.
    }

    private long deleted() throws Exception {
        return TestLogs.names(directory).stream()
                .filter(name -> name.endsWith(LogFileNames.DELETED))
                .count();
    }

    @Test
    void retentionDeletesByTimeBelowTheWatermark() throws Exception {
        var records = write(directory);
        var config = SMALL.retentionMillis(OptionalLong.of(5000)).build();
        try (var log = TestLogs.openUnsynced(directory, config)) {
            var end = log.logEndOffset();
            var now = TestLogs.NOW + 16_000;
            assertEquals(new RetentionOutcome(0, 0), log.applyRetention(now, new Offset(5)));
            var outcome = log.applyRetention(now, end);
            assertTrue(outcome.segments() > 2 && outcome.sizeBytes() > 1000, outcome.toString());
            var start = (int) log.logStartOffset().value();
            assertEquals(records.subList(start, records.size()), TestLogs.readAll(log));
            // A batch is within five seconds, its segment's batches before it need not be.
            assertTrue(records.get(start).timestampMillis() >= now - 5000 - 3000, "starts at " + start);
            assertTrue(records.get(start).timestampMillis() < now - 5000 + 1000, "starts at " + start);

            // Everything is too old: the active segment is closed and goes as well.
            assertEquals(
                    log.sizeBytes(),
                    log.applyRetention(TestLogs.NOW + 60_000, end).sizeBytes());
            assertEquals(end, log.logStartOffset());
            assertEquals(0, log.sizeBytes());
        }
        try (var log = TestLogs.openUnsynced(directory, config)) {
            assertEquals(new Offset(3 * BATCHES), log.logStartOffset());
            assertEquals(new Offset(3 * BATCHES), log.logEndOffset());
        }
    }

    /// In the page cache only, the records behind the new start can be lost; then the log begins there, empty.
    @Test
    void aStartBeyondWhatThePowerLossLeftBeginsAnEmptyLog() throws Exception {
        write(directory);
        Files.delete(directory.resolve(LogFileNames.CLEAN_SHUTDOWN));
        LogStartFile.write(new FileStorage(), directory, 100);
        try (var log = TestLogs.openUnsynced(directory, CONFIG)) {
            assertEquals(new Offset(100), log.logStartOffset());
            assertEquals(new Offset(100), log.logEndOffset());
        }
        try (var log = TestLogs.openUnsynced(directory, CONFIG)) {
            assertTrue(log.recovery().clean());
            assertEquals(new Offset(100), log.logEndOffset());
        }
    }

    @Test
    void lostFirstSegmentsAreTold() throws Exception {
        write(directory);
        try (var log = TestLogs.openUnsynced(directory, CONFIG)) {
            log.deleteRecordsBefore(new Offset(4));
            assertThrows(IllegalArgumentException.class, () -> log.deleteRecordsBefore(new Offset(3 * BATCHES + 1)));
            log.deleteRecordsBefore(new Offset(2));
            assertEquals(new Offset(4), log.logStartOffset());
        }
        var first = TestLogs.names(directory).stream()
                .filter(name -> name.endsWith(LogFileNames.LOG))
                .findFirst()
                .orElseThrow();
        Files.delete(directory.resolve(first));
        var e = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertInstanceOf(LogOpenFailure.CorruptMiddle.class, e.failure());
    }
}
