package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.Record;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TruncationTest {
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(700)
            .indexIntervalBytes(100)
            .segmentIndexBytes(2000)
            .build();
    private static final int BATCHES = 14;
    private static final int RECORDS = 3;

    @TempDir
    Path directory;

    /// Batches of three records in several segments, two in each epoch, all synced and the log closed.
    private static List<Record> write(Path place) throws Exception {
        try (var log = TestLogs.openUnsynced(place, CONFIG)) {
            for (var i = 0; i < BATCHES; i++) {
                var epoch = new LeaderEpoch(i / 2);
                log.beginEpoch(epoch);
                log.append(List.of(TestLogs.batch(RECORDS, 50)), epoch, 0);
            }
            log.sync();
            return TestLogs.readAll(log);
        }
    }

    /// Dies before every single change that a truncation makes on disk.
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 6, 7, 20, 39, 41})
    void aTruncationThatIsCutShortLeavesALogBetweenOldAndNew(long offset) throws Exception {
        var origin = directory.resolve("origin");
        var records = write(origin);
        var kept = offset / RECORDS * RECORDS;
        var finished = false;
        var states = 0;
        for (var changes = 0; !finished; changes++, states++) {
            var place = directory.resolve("dies-" + changes);
            TestLogs.copyDirectory(origin, place);
            finished = dies(place, changes, log -> log.truncateTo(new Offset(offset)));
            try (var log = TestLogs.openUnsynced(place, CONFIG)) {
                var end = log.logEndOffset().value();
                assertTrue(end >= kept && end <= records.size(), "ends at " + end + " after " + changes);
                assertEquals(records.subList(0, (int) end), TestLogs.readAll(log));
                if (finished) {
                    assertEquals(kept, end);
                }
                checkEpochs(log, end);
                log.truncateTo(new Offset(offset));
                log.beginEpoch(new LeaderEpoch(50));
                log.append(List.of(TestLogs.batch(1, 5)), new LeaderEpoch(50), 0);
                assertEquals(kept + 1, log.logEndOffset().value());
            }
            TestLogs.deleteDirectory(place);
        }
        assertTrue(states > 8, "only " + states + " places to die at");
    }

    private static void checkEpochs(PartitionLog log, long end) {
        for (var epoch = 0; epoch < BATCHES / 2; epoch++) {
            var epochEnd = Math.min((epoch + 1L) * 2 * RECORDS, end);
            assertEquals(
                    epochEnd,
                    log.endOffsetForEpoch(new LeaderEpoch(epoch)).endOffset().value());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 5, 6, 42, 1000})
    void aFullTruncationThatIsCutShortLeavesAPrefixOrTheNewLog(long start) throws Exception {
        var origin = directory.resolve("origin");
        var records = write(origin);
        var finished = false;
        for (var changes = 0; !finished; changes++) {
            var place = directory.resolve("dies-" + changes);
            TestLogs.copyDirectory(origin, place);
            finished = dies(place, changes, log -> log.truncateFullyAndStartAt(new Offset(start)));
            try (var log = TestLogs.openUnsynced(place, CONFIG)) {
                var found = TestLogs.readAll(log);
                assertEquals(records.subList(0, found.size()), found, "after " + changes);
                if (finished || (log.logStartOffset().value() == start && start > 0)) {
                    assertEquals(new Offset(start), log.logStartOffset());
                    assertEquals(new Offset(start), log.logEndOffset());
                    assertEquals(Optional.empty(), log.latestEpoch());
                } else {
                    assertEquals(Offset.ZERO, log.logStartOffset());
                }
                log.truncateFullyAndStartAt(new Offset(start));
                log.beginEpoch(new LeaderEpoch(3));
                var result = log.append(List.of(TestLogs.batch(2, 5)), new LeaderEpoch(3), 0);
                assertEquals(new Offset(start), result.baseOffset(0));
            }
            TestLogs.deleteDirectory(place);
        }
    }

    @FunctionalInterface
    private interface LogUse {
        void apply(PartitionLog log) throws Exception;
    }

    /// False if it died on the way.
    private static boolean dies(Path place, int changes, LogUse use) throws Exception {
        var storage = new UnsyncedStorage();
        var log = PartitionLog.open(storage, place, TestLogs.IDENTITY, CONFIG);
        storage.changesLeft.set(changes);
        try {
            use.apply(log);
            return true;
        } catch (LogPoisonedException e) {
            assertThrows(LogPoisonedException.class, () -> log.truncateTo(Offset.ZERO));
            return false;
        } finally {
            storage.changesLeft.set(Integer.MAX_VALUE);
        }
    }

    @Test
    void openSlicesStayWhatTheyWere() throws Exception {
        var records = write(directory);
        var storage = new UnsyncedStorage();
        try (var log = PartitionLog.open(storage, directory, TestLogs.IDENTITY, CONFIG)) {
            var first = TestLogs.slice(log, new Offset(0), 1 << 20, log.logEndOffset());
            var middle = TestLogs.slice(log, new Offset(20), 1 << 20, log.logEndOffset());
            var end = TestLogs.slice(log, new Offset(41), 1 << 20, log.logEndOffset());
            log.truncateTo(new Offset(22));
            log.truncateTo(new Offset(3));
            log.beginEpoch(new LeaderEpoch(20));
            for (var i = 0; i < BATCHES; i++) {
                log.append(List.of(TestLogs.batch(2, 90)), new LeaderEpoch(20), 0);
            }
            for (var slice : List.of(first, middle, end)) {
                var from = (int) slice.baseOffset().value();
                var to = (int) slice.nextOffset().value();
                assertEquals(records.subList(from, to), TestLogs.records(TestLogs.bytes(slice)));
                slice.close();
            }
            assertEquals(records.subList(0, 3), TestLogs.readAll(log).subList(0, 3));
            assertEquals(3 + 2 * BATCHES, TestLogs.readAll(log).size());
        }
    }

    /// KAFKA-10706: the epoch goes though no record does.
    @Test
    void anEpochWithoutRecordsIsTrimmed() throws Exception {
        write(directory);
        try (var log = TestLogs.open(directory, CONFIG)) {
            var end = log.logEndOffset();
            log.beginEpoch(new LeaderEpoch(30));
            log.truncateTo(end.plus(5));
            assertEquals(Optional.of(new LeaderEpoch(30)), log.latestEpoch());
            log.truncateTo(end);
            assertEquals(Optional.of(new LeaderEpoch(BATCHES / 2 - 1)), log.latestEpoch());
            assertEquals(end, log.logEndOffset());
        }
        try (var log = TestLogs.open(directory, CONFIG)) {
            assertEquals(Optional.of(new LeaderEpoch(BATCHES / 2 - 1)), log.latestEpoch());
        }
    }
}
