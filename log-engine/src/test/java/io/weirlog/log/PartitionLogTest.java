package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionLogTest {
    private static final LogConfig SMALL = LogConfig.builder()
            .segmentBytes(1000)
            .indexIntervalBytes(100)
            .segmentIndexBytes(2000)
            .build();

    @TempDir
    Path directory;

    @Test
    void anEmptyLogIsEmpty() throws Exception {
        try (var log = TestLogs.open(directory, SMALL)) {
            assertEquals(Offset.ZERO, log.logStartOffset());
            assertEquals(Offset.ZERO, log.logEndOffset());
            assertEquals(Offset.ZERO, log.syncedOffset());
            assertEquals(0, log.sizeBytes());
            assertEquals(Optional.empty(), log.latestEpoch());
            assertEquals(Optional.empty(), log.findByTimestamp(0, Offset.ZERO));
            assertEquals(new EpochEnd(new LeaderEpoch(4), Offset.ZERO), log.endOffsetForEpoch(new LeaderEpoch(4)));
            assertTrue(TestLogs.slice(log, Offset.ZERO, 100, Offset.ZERO).isEmpty());
            assertEquals(
                    new ReadResult.OutOfRange(Offset.ZERO, Offset.ZERO), log.read(new Offset(1), 100, new Offset(1)));
        }
    }

    @Test
    void anEmptyLogStaysOneOverCleanAndUncleanEnds() throws Exception {
        TestLogs.open(directory, SMALL).close();
        try (var log = TestLogs.open(directory, SMALL)) {
            assertTrue(log.recovery().clean());
            assertEquals(Optional.empty(), log.latestEpoch());
        }
        Files.delete(directory.resolve(LogFileNames.CLEAN_SHUTDOWN));
        var log = TestLogs.open(directory, SMALL);
        assertFalse(log.recovery().clean());
        log.beginEpoch(TestLogs.EPOCH);
        assertEquals(
                Optional.of(TestLogs.EPOCH), TestLogs.open(directory, SMALL).latestEpoch());
    }

    @Test
    void oneAppendIsOneWriteHoweverManyBatches() throws Exception {
        var storage = new UnsyncedStorage();
        try (var log = PartitionLog.open(storage, directory, TestLogs.IDENTITY, LogConfig.defaults())) {
            log.beginEpoch(TestLogs.EPOCH);
            var batches = Collections.nCopies(100, TestLogs.batch(2, 20));
            var result = log.append(batches, TestLogs.EPOCH, 0);
            assertEquals(1, storage.writes.get());
            assertEquals(100, result.batchCount());
            assertEquals(new Offset(198), result.baseOffset(99));
            assertEquals(new Offset(200), result.logEndOffset());
        }
    }

    @Test
    void anAppendNeedsItsEpochToHaveBegun() throws Exception {
        try (var log = TestLogs.open(directory, SMALL)) {
            var batches = List.of(TestLogs.batch(1, 1));
            assertThrows(InvariantViolation.class, () -> log.append(batches, TestLogs.EPOCH, 0));
            log.beginEpoch(new LeaderEpoch(7));
            log.append(batches, new LeaderEpoch(7), 0);
            assertThrows(InvariantViolation.class, () -> log.append(batches, new LeaderEpoch(6), 0));
            assertThrows(InvariantViolation.class, () -> log.beginEpoch(new LeaderEpoch(6)));
        }
    }

    /// L6: after an error no append, no sync, no marker of a clean end; and nothing that was not written is seen.
    @Test
    void aFailedWriteOrSyncPoisonsTheLog() throws Exception {
        var failures = List.<Consumer<UnsyncedStorage>>of(s -> s.failWrites = true, s -> s.failSyncs = true);
        for (var failure : failures) {
            var place = directory.resolve("log-" + failures.indexOf(failure));
            var storage = new UnsyncedStorage();
            var log = PartitionLog.open(storage, place, TestLogs.IDENTITY, SMALL);
            log.beginEpoch(TestLogs.EPOCH);
            log.append(List.of(TestLogs.batch(1, 1)), TestLogs.EPOCH, 0);
            log.sync();
            failure.accept(storage);
            assertThrows(LogPoisonedException.class, () -> {
                log.append(List.of(TestLogs.batch(2, 1)), TestLogs.EPOCH, 0);
                log.sync();
            });
            storage.failWrites = false;
            storage.failSyncs = false;
            var syncs = storage.fileSyncs.get();
            var e = assertThrows(LogPoisonedException.class, log::sync);
            assertInstanceOf(IOException.class, e.getCause());
            assertThrows(
                    LogPoisonedException.class, () -> log.append(List.of(TestLogs.batch(2, 1)), TestLogs.EPOCH, 0));
            assertThrows(LogPoisonedException.class, () -> log.beginEpoch(new LeaderEpoch(1)));
            assertThrows(LogPoisonedException.class, log::roll);
            assertEquals(new Offset(1), log.syncedOffset());
            assertEquals(
                    1, TestLogs.readAll(log, Offset.ZERO, 100, new Offset(1)).size(), "reads go on");
            log.close();
            assertEquals(syncs, storage.fileSyncs.get(), "nothing is synced again");
            assertFalse(Files.exists(place.resolve(LogFileNames.CLEAN_SHUTDOWN)));
        }
    }

    @Test
    void syncsCoverRolledSegmentsAndTheirNames() throws Exception {
        var storage = new UnsyncedStorage();
        var log = PartitionLog.open(storage, directory, TestLogs.IDENTITY, SMALL);
        log.beginEpoch(TestLogs.EPOCH);
        log.append(List.of(TestLogs.batch(1, 1)), TestLogs.EPOCH, 0);
        var directorySyncs = storage.directorySyncs.get();
        log.sync();
        assertEquals(directorySyncs + 1, storage.directorySyncs.get(), "the new segment's name");
        var syncs = storage.fileSyncs.get();
        log.sync();
        assertEquals(syncs, storage.fileSyncs.get(), "nothing new, nothing to sync");
        log.append(List.of(TestLogs.batch(1, 1)), TestLogs.EPOCH, 0);
        log.sync();
        assertEquals(syncs + 1, storage.fileSyncs.get(), "only the active segment");
        log.roll();
        log.append(List.of(TestLogs.batch(1, 1)), TestLogs.EPOCH, 0);
        log.roll();
        log.append(List.of(TestLogs.batch(1, 1)), TestLogs.EPOCH, 0);
        assertEquals(new Offset(4), log.sync());
        assertEquals(
                syncs + 1 + 2 * 4 + 1 + 1,
                storage.fileSyncs.get(),
                "two closed segments with two indexes and a snapshot each, the active one, the note of the offset");
        assertEquals(directorySyncs + 2 + 2, storage.directorySyncs.get());
    }

    @Test
    void slicesOutliveTheirLog() throws Exception {
        for (var delete : new boolean[] {false, true}) {
            var place = directory.resolve("log-" + delete);
            var log = TestLogs.openLeader(place, SMALL);
            for (var i = 0; i < 20; i++) {
                log.append(List.of(TestLogs.batch(3, 50)), TestLogs.EPOCH, 0);
            }
            var slice = TestLogs.slice(log, new Offset(2), 1 << 20, log.logEndOffset());
            var expected = TestLogs.bytes(slice);
            if (delete) {
                log.delete();
                assertFalse(Files.exists(place));
                assertEquals(List.of("log-false"), TestLogs.names(directory));
            } else {
                log.close();
                log.close(); // The second time does nothing.
            }
            var out = new ByteArrayOutputStream();
            slice.writeTo(out);
            assertEquals(expected, ByteBuffer.wrap(out.toByteArray()));
            slice.close();
            slice.close();
            assertThrows(IllegalStateException.class, () -> slice.writeTo(out));
            assertThrows(IllegalStateException.class, () -> log.read(Offset.ZERO, 1, new Offset(1)));
        }
    }

    @Test
    void largeSlicesAreWrittenInPieces() throws Exception {
        try (var log = TestLogs.openLeader(directory, LogConfig.defaults())) {
            log.append(List.of(TestLogs.batch(1, 300_000), TestLogs.batch(1, 100)), TestLogs.EPOCH, 0);
            try (var slice = TestLogs.slice(log, Offset.ZERO, 1, log.logEndOffset())) {
                assertTrue(slice.length() > 300_000, "the first batch, however large");
                assertEquals(new Offset(1), slice.nextOffset());
                var largest = new int[1];
                var out = new ByteArrayOutputStream() {
                    @Override
                    public synchronized void write(byte[] bytes, int offset, int length) {
                        largest[0] = Math.max(largest[0], length);
                        super.write(bytes, offset, length);
                    }
                };
                slice.writeTo(out);
                assertTrue(largest[0] <= 64 * 1024);
                assertEquals(
                        1, TestLogs.records(ByteBuffer.wrap(out.toByteArray())).size());
                var middle = ByteBuffer.allocateDirect(1000);
                slice.copyTo(200_000, middle);
                assertEquals(ByteBuffer.wrap(out.toByteArray(), 200_000, 1000), middle.flip());
                assertThrows(
                        IndexOutOfBoundsException.class,
                        () -> slice.copyTo(slice.length() - 999, ByteBuffer.allocate(1000)));
            }
        }
    }

    @Test
    void aFollowerHoldsTheSameBytesAndEpochs() throws Exception {
        try (var leader = TestLogs.open(directory.resolve("leader"), SMALL);
                var follower = TestLogs.open(directory.resolve("follower"), SMALL)) {
            for (var epoch = 0; epoch < 6; epoch += 2) {
                leader.beginEpoch(new LeaderEpoch(epoch));
                for (var i = 0; i < 5; i++) {
                    leader.append(List.of(TestLogs.batch(3, 50), TestLogs.batch(1, 9)), new LeaderEpoch(epoch), 0);
                }
            }
            var at = Offset.ZERO;
            while (at.isBefore(leader.logEndOffset())) {
                try (var slice = TestLogs.slice(leader, at, 700, leader.logEndOffset())) {
                    follower.appendAsFollower(TestLogs.bytes(slice).asReadOnlyBuffer());
                    at = slice.nextOffset();
                    assertEquals(at, follower.logEndOffset());
                }
            }
            assertEquals(TestLogs.readAll(leader), TestLogs.readAll(follower));
            assertEquals(leader.sizeBytes(), follower.sizeBytes());
            for (var epoch = 0; epoch < 7; epoch++) {
                var asked = new LeaderEpoch(epoch);
                assertEquals(leader.endOffsetForEpoch(asked), follower.endOffsetForEpoch(asked));
            }
        }
    }

    @Test
    void aFollowerRefusesWhatDoesNotContinueItsLog() throws Exception {
        try (var log = TestLogs.open(directory, SMALL)) {
            log.appendAsFollower(stamped(0, 3));
            var end = log.logEndOffset();
            for (var wrong : List.of(
                    stamped(0, 3), // Again.
                    stamped(3, 3), // A gap.
                    stamped(2, 2), // An older epoch.
                    stamped(2, -1),
                    stamped(-1, 3),
                    stamped(2, 3).put(60, (byte) 9), // Damaged.
                    stamped(2, 3).limit(70),
                    ByteBuffer.allocate(100))) {
                assertThrows(MalformedBatchException.class, () -> log.appendAsFollower(wrong));
            }
            // The second of two is wrong: the first is not taken either.
            var two = ByteBuffer.allocate(1000)
                    .put(stamped(2, 3))
                    .put(stamped(5, 3))
                    .flip();
            assertThrows(MalformedBatchException.class, () -> log.appendAsFollower(two));
            assertEquals(end, log.logEndOffset());
            log.appendAsFollower(stamped(2, 4));
            assertEquals(new Offset(4), log.logEndOffset());
            assertEquals(Optional.of(new LeaderEpoch(4)), log.latestEpoch());
        }
    }

    @Test
    void segmentsRollBySizeTimeAndIndexRoom() throws Exception {
        var byTime = LogConfig.builder().segmentMillis(100).build();
        try (var log = TestLogs.openLeader(directory.resolve("time"), byTime)) {
            for (var time : new long[] {1000, 1099, 1100, 1101, 900, 1201, 1202}) {
                log.append(List.of(TestLogs.batch(Compression.NONE, time, 1, 1, new Random(1))), TestLogs.EPOCH, 0);
            }
        }
        assertEquals(List.of(0L, 3L, 6L), segments("time"));

        var byIndex =
                LogConfig.builder().segmentIndexBytes(48).indexIntervalBytes(1).build();
        try (var log = TestLogs.openLeader(directory.resolve("index"), byIndex)) {
            for (var i = 0; i < 9; i++) {
                log.append(List.of(TestLogs.batch(Compression.NONE, i, 1, 1, new Random(1))), TestLogs.EPOCH, 0);
            }
        }
        // Room for four time entries, the last of which is kept for the end; the first batch gets none.
        assertEquals(List.of(0L, 4L, 8L), segments("index"));

        var bySize = LogConfig.builder()
                .segmentBytes(2 * TestLogs.batch(1, 1).remaining())
                .build();
        try (var log = TestLogs.openLeader(directory.resolve("size"), bySize)) {
            log.append(Collections.nCopies(5, TestLogs.batch(1, 1)), TestLogs.EPOCH, 0);
            log.roll();
            log.roll(); // An empty segment is not rolled.
        }
        assertEquals(List.of(0L, 2L, 4L, 5L), segments("size"));
    }

    private List<Long> segments(String name) throws IOException {
        return TestLogs.names(directory.resolve(name)).stream()
                .flatMapToLong(file -> LogFileNames.baseOffset(file, LogFileNames.LOG).stream())
                .boxed()
                .toList();
    }

    private static ByteBuffer stamped(long baseOffset, int epoch) {
        var batch = TestLogs.batch(2, 10);
        RecordBatch.stampBaseOffset(batch, 0, baseOffset);
        RecordBatch.stampLeaderEpoch(batch, 0, epoch);
        return batch;
    }
}
