package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.TransactionMarker.Outcome;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where no more files can be opened a call fails and nothing is lost: done once more, it leads to the same log.
class OpenFileLimitTest {
    /// More than anything here opens at a time.
    private static final int OPEN_FILES_MAX = 24;
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(1500)
            .indexIntervalBytes(200)
            .segmentIndexBytes(240)
            .build();
    private static final LeaderEpoch NEXT = new LeaderEpoch(1);

    /// Something done to a log. It may be called again after it has failed.
    private interface Act {
        void on(Life life) throws Exception;
    }

    private static final List<Act> ACTS = List.of(
            life -> life.log.beginEpoch(TestLogs.EPOCH),
            life -> life.append(TestLogs.EPOCH, batches(2)),
            life -> life.log.sync(),
            // Rolls several times on the way.
            life -> life.append(TestLogs.EPOCH, batches(20)),
            life -> life.append(TestLogs.EPOCH, List.of(transactional())),
            life -> life.mark(TestLogs.EPOCH),
            life -> life.log.sync(),
            life -> life.append(TestLogs.EPOCH, batches(5)),
            life -> life.log.roll(),
            life -> life.log.deleteRecordsBefore(new Offset(9)),
            life -> life.log.applyRetention(TestLogs.NOW, life.log.logEndOffset()),
            life -> life.reopen(),
            life -> life.log.truncateTo(new Offset(30)),
            life -> life.log.beginEpoch(NEXT),
            life -> life.append(NEXT, batches(12)),
            life -> life.log.sync());

    private static List<ByteBuffer> batches(int count) {
        var batches = new ArrayList<ByteBuffer>();
        for (var i = 0; i < count; i++) {
            batches.add(TestLogs.batch(2, 100 + i));
        }
        return batches;
    }

    private static ByteBuffer transactional() {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(TestLogs.NOW, null, new byte[50], List.of());
        builder.producer(7, (short) 0, 0);
        builder.transactional();
        return builder.build();
    }

    /// One log, from its first opening on.
    private static final class Life {
        final FaultyStorage disk = CrashRun.newDisk(0);
        PartitionLog log = CrashRun.open(disk, CONFIG);
        private long appendedFrom = -1;

        Life() throws IOException {}

        /// Those that are not in the log yet.
        void append(LeaderEpoch epoch, List<ByteBuffer> batches) throws IOException {
            if (appendedFrom < 0) {
                appendedFrom = log.logEndOffset().value();
            }
            var at = appendedFrom;
            var rest = new ArrayList<ByteBuffer>();
            for (var batch : batches) {
                if (at >= log.logEndOffset().value()) {
                    rest.add(batch);
                }
                at += RecordBatch.of(batch).lastOffsetDelta() + 1;
            }
            log.append(rest, epoch, TestLogs.NOW);
            appendedFrom = -1;
        }

        void mark(LeaderEpoch epoch) throws IOException {
            var marker = new TransactionMarker(7, (short) 1, Outcome.ABORT, 3);
            assertInstanceOf(MarkerResult.Written.class, log.appendMarker(marker, epoch, TestLogs.NOW));
        }

        void reopen() throws IOException {
            try {
                log.close();
            } finally {
                // A log that could not be closed properly is recovered.
                disk.faults().calm();
                log = CrashRun.open(disk, CONFIG);
            }
        }

        void run(int limitedAct, int openFiles) throws Exception {
            for (var i = 0; i < ACTS.size(); i++) {
                if (i == limitedAct) {
                    disk.faults().limitOpenFiles(openFiles);
                    try {
                        ACTS.get(i).on(this);
                        disk.faults().calm();
                        continue;
                    } catch (SystemLimitException e) {
                        disk.faults().calm();
                        limited++;
                    }
                }
                ACTS.get(i).on(this);
            }
        }

        int limited;
    }

    @Test
    void whatFailsForWantOfOpenFilesIsDoneTheNextTime() throws Exception {
        var undisturbed = new Life();
        undisturbed.run(-1, 0);
        var expected = TestLogs.readAll(undisturbed.log);
        var limited = 0;
        for (var act = 0; act < ACTS.size(); act++) {
            for (var openFiles = 0; openFiles < OPEN_FILES_MAX; openFiles++) {
                var life = new Life();
                try {
                    life.run(act, openFiles);
                    assertEquals(expected, TestLogs.readAll(life.log));
                    assertEquals(undisturbed.log.producers(), life.log.producers());
                    var end = life.log.logEndOffset();
                    var left = CrashRun.open(life.disk.recoverAs(LossMode.ALL_LOST, 0), CONFIG);
                    assertEquals(end, left.logEndOffset());
                    assertEquals(expected, TestLogs.readAll(left));
                    assertEquals(undisturbed.log.logStartOffset(), left.logStartOffset());
                } catch (Exception | AssertionError e) {
                    throw new AssertionError("act " + act + " with " + openFiles + " open files", e);
                }
                limited += life.limited;
            }
        }
        assertTrue(limited > ACTS.size(), limited + " acts met the limit");
    }

    /// An append must not fail after it was written, so an index goes without an entry.
    @Test
    void anIndexThatCannotGrowHasFewerEntries() throws Exception {
        var life = new Life();
        life.log.beginEpoch(TestLogs.EPOCH);
        life.append(TestLogs.EPOCH, batches(1));
        life.disk.faults().limitOpenFiles(0);
        for (var i = 0; i < 3; i++) {
            life.append(TestLogs.EPOCH, batches(1));
        }
        life.disk.faults().calm();
        life.append(TestLogs.EPOCH, batches(1));
        assertEquals(10, TestLogs.readAll(life.log).size());
        life.log.close();
        var again = CrashRun.open(life.disk, CONFIG);
        assertTrue(again.recovery().clean());
        assertEquals(10, TestLogs.readAll(again).size());
    }

    @Test
    void itIsToldFromAFailureOfTheDisk() {
        var file = Path.of("f");
        for (var reason : List.of("Too many open files", "Too many open files in system")) {
            var refused = SystemLimitException.orSame(file, new FileSystemException("f", null, reason));
            assertInstanceOf(SystemLimitException.class, refused);
            assertTrue(refused.toString().contains("ulimit -n"), refused.toString());
        }
        var unmapped = SystemLimitException.orSame(file, new IOException("Map failed", new OutOfMemoryError()));
        assertInstanceOf(SystemLimitException.class, unmapped);
        assertTrue(unmapped.toString().contains("vm.max_map_count"));
        var broken = new FileSystemException("f", null, "Input/output error");
        assertSame(broken, SystemLimitException.orSame(file, broken));
        assertTrue(SystemLimitException.isCauseOf(new LogPoisonedException("poisoned", unmapped)));
    }

    /// Files that are only read stay open up to a number; whoever comes again finds them.
    @Test
    void idleReadersAreClosedAndOpenedAgain(@TempDir Path folder) throws Exception {
        var all = new OpenChannels(2);
        var channels = new ArrayList<ReopenedChannel>();
        for (var i = 0; i < 5; i++) {
            var file = folder.resolve("f" + i);
            Files.write(file, new byte[] {(byte) i});
            channels.add(ReopenedChannel.open(all, file, StandardOpenOption.READ));
        }
        assertTrue(all.count() <= 2);
        channels.getFirst().keepOpen();
        Files.delete(folder.resolve("f0"));
        for (var round = 0; round < 3; round++) {
            for (var i = 0; i < 5; i++) {
                var bytes = ByteBuffer.allocate(1);
                int read = channels.get(i).with(channel -> channel.read(bytes, 0));
                assertEquals(1, read);
                assertEquals(i, bytes.get(0));
                assertTrue(all.count() <= 2);
            }
        }
        for (var channel : channels) {
            channel.close();
        }
        assertEquals(0, all.count());
    }
}
