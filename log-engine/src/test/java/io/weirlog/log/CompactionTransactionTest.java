package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.weirlog.common.Offset;
import io.weirlog.log.TransactionMarker.Outcome;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compaction of what producers with ids have written.
class CompactionTransactionTest {
    private static final long DAY = 86_400_000;
    private static final LogConfig CONFIG = LogConfig.builder().compacted(true).build();

    @TempDir
    Path directory;

    private static void append(PartitionLog log, long producerId, int epoch, int sequence, String... records)
            throws Exception {
        log.append(List.of(batch(producerId, epoch, sequence, true, records)), TestLogs.EPOCH, TestLogs.NOW);
    }

    private static ByteBuffer batch(
            long producerId, int epoch, int sequence, boolean transactional, String... records) {
        var builder = new RecordBatchBuilder(Compression.LZ4, 256);
        builder.producer(producerId, (short) epoch, sequence);
        if (transactional) {
            builder.transactional();
        }
        for (var record : records) {
            var parts = record.split("=", 2);
            builder.append(TestLogs.NOW, parts[0].getBytes(UTF_8), parts[1].getBytes(UTF_8), List.of());
        }
        return builder.build();
    }

    private static void end(PartitionLog log, long producerId, int epoch, Outcome outcome) throws Exception {
        var marker = new TransactionMarker(producerId, (short) epoch, outcome, 0);
        assertInstanceOf(MarkerResult.Written.class, log.appendMarker(marker, TestLogs.EPOCH, TestLogs.NOW));
    }

    /// First to last offset and number of records of each batch; those of markers in brackets.
    private static List<String> batches(PartitionLog log) throws Exception {
        var shown = new ArrayList<String>();
        for (var at = log.logStartOffset(); at.isBefore(log.logEndOffset()); ) {
            try (var slice = TestLogs.slice(log, at, 1 << 20, log.logEndOffset())) {
                for (var rest = TestLogs.bytes(slice); rest.hasRemaining(); ) {
                    var batch = RecordBatch.parse(rest);
                    var text = batch.baseOffset() + "-" + batch.lastOffset() + ":" + batch.recordCount();
                    shown.add(batch.isControl() ? "[" + text + "]" : text);
                    rest.position(rest.position() + batch.sizeBytes());
                }
                at = slice.nextOffset();
            }
        }
        return shown;
    }

    @Test
    void abortedRecordsGoAndReplaceNothingAndMarkersStayWhileTheyAreNeeded() throws Exception {
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            log.append(List.of(CompactionTest.batch(Compression.NONE, "a=0", "b=0")), TestLogs.EPOCH, TestLogs.NOW);
            append(log, 7, 0, 0, "a=1");
            end(log, 7, 1, Outcome.ABORT);
            append(log, 7, 1, 0, "b=1");
            end(log, 7, 2, Outcome.COMMIT);
            log.roll();
            append(log, 8, 0, 0, "a=2");
            log.roll();

            // C2: the open transaction is not touched.
            var outcome = assertInstanceOf(CleaningOutcome.Cleaned.class, CompactionTest.clean(log, TestLogs.NOW));
            assertEquals(new Offset(6), outcome.firstDirtyOffset());
            assertEquals(List.of("0-1:1", "[3-3:1]", "4-4:1", "[5-5:1]", "6-6:1"), batches(log));

            end(log, 8, 1, Outcome.ABORT);
            log.roll();
            assertEquals(
                    1, log.abortedTransactions(Offset.ZERO, log.logEndOffset()).size());
            CompactionTest.clean(log, TestLogs.NOW + DAY);
            assertEquals(List.of("0-1:1", "4-4:1", "[5-5:1]", "[7-7:1]"), batches(log));
            assertEquals(List.of(), log.abortedTransactions(Offset.ZERO, log.logEndOffset()));

            log.append(List.of(CompactionTest.batch(Compression.NONE, "b=2")), TestLogs.EPOCH, TestLogs.NOW);
            log.roll();
            CompactionTest.clean(log, TestLogs.NOW + 2 * DAY);
            // The last marker of each producer that may still write tells its epoch; 5 has its horizon now.
            assertEquals(List.of("0-1:1", "[5-5:1]", "[7-7:1]", "8-8:1"), batches(log));
        }
    }

    /// An aborted transaction that reaches beyond what was mapped is still known as aborted.
    @Test
    void anAbortedTransactionThatIsCleanedInPartStaysAborted() throws Exception {
        var memory = new CompactionMemory(20 * OffsetMap.SLOT_BYTES, 0.5, 1, 1);
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            log.append(
                    List.of(CompactionTest.batch(Compression.NONE, "a=", "b=", "c=", "d=", "e=", "f=", "g=")),
                    TestLogs.EPOCH,
                    TestLogs.NOW);
            append(log, 7, 0, 0, "a=1");
            log.append(
                    List.of(CompactionTest.batch(Compression.NONE, "a=", "b=", "c=", "h=", "i=", "j=", "k=")),
                    TestLogs.EPOCH,
                    TestLogs.NOW);
            append(log, 7, 0, 1, "b=1");
            end(log, 7, 1, Outcome.ABORT);
            log.roll();
            var outcome = log.compaction()
                    .clean(OwnerThread.Step::run, memory, bytes -> {}, log.logEndOffset(), TestLogs.NOW);
            assertEquals(
                    new Offset(8),
                    assertInstanceOf(CleaningOutcome.Cleaned.class, outcome).firstDirtyOffset());
            assertEquals(List.of("0-6:7", "8-14:7", "15-15:1", "[16-16:1]"), batches(log));
            assertEquals(
                    1,
                    log.abortedTransactions(new Offset(15), log.logEndOffset()).size());
        }
    }

    /// P2: what a log says of its producers is the same after its compaction, also without snapshots.
    @Test
    void theStateOfProducersSurvives() throws Exception {
        List<ProducerTable.Entry> before;
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            for (var sequence = 0; sequence < 20; sequence++) {
                log.append(List.of(batch(1, 0, sequence, false, "a=" + sequence)), TestLogs.EPOCH, TestLogs.NOW);
                log.append(List.of(batch(2, 5, 2 * sequence, false, "a=", "b=")), TestLogs.EPOCH, TestLogs.NOW);
            }
            append(log, 7, 0, 0, "a=end");
            end(log, 7, 1, Outcome.COMMIT);
            log.append(List.of(CompactionTest.batch(Compression.NONE, "a=", "b=")), TestLogs.EPOCH, TestLogs.NOW);
            log.roll();
            CompactionTest.clean(log, TestLogs.NOW);
            before = log.producers();
            assertEquals(3, before.size());
            assertEquals(List.of("57-57:0", "58-59:0", "[61-61:1]", "62-63:2"), batches(log));
        }
        for (var name : TestLogs.names(directory)) {
            if (name.endsWith(LogFileNames.SNAPSHOT)) {
                Files.delete(directory.resolve(name));
            }
        }
        try (var log = TestLogs.openLeader(directory, CONFIG)) {
            assertEquals(before, log.producers());
            log.append(List.of(batch(1, 0, 20, false, "c=")), TestLogs.EPOCH, TestLogs.NOW);
        }
    }
}
