package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.TransactionMarker.Outcome;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// P2: what a log knows of its producers is what its batches say, whatever has become of it: closed or killed, cut,
/// with damaged snapshots and indexes; and so is what its follower knows.
class ProducersModelTest {
    private static final int SEEDS = Integer.getInteger("weirlog.model.seeds", 400);
    private static final int STEPS = 40;

    private int aborted;

    @Test
    void theTableIsWhatTheLogSays() throws Exception {
        for (var seed = 0; seed < SEEDS; seed++) {
            try {
                new Run(seed).run();
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertTrue(aborted > SEEDS, aborted + " aborted transactions");
    }

    private final class Run {
        private final Random random;
        private final FaultyStorage disk;
        private final FaultyStorage followersDisk;
        private final LogConfig config;
        /// Every batch of the log, from its very beginning.
        private final List<RecordBatch> batches = new ArrayList<>();
        /// Whether records may be deleted; else snapshots are damaged, and the table comes from the records alone.
        private final boolean deleting;

        private PartitionLog log;
        private PartitionLog follower;

        Run(int seed) throws Exception {
            random = new Random(seed);
            disk = CrashRun.newDisk(seed);
            followersDisk = CrashRun.newDisk(seed);
            deleting = seed % 2 == 0;
            config = LogConfig.builder()
                    .segmentBytes(400 + random.nextInt(3000))
                    .segmentIndexBytes(240)
                    .indexIntervalBytes(100)
                    .build();
            log = CrashRun.open(disk, config);
            log.beginEpoch(TestLogs.EPOCH);
            follower = CrashRun.open(followersDisk, config);
        }

        void run() throws Exception {
            for (var step = 0; step < STEPS; step++) {
                step();
                check(log);
            }
            catchUp();
        }

        private void step() throws Exception {
            switch (random.nextInt(16)) {
                case 0 -> {
                    log.close();
                    log = CrashRun.open(disk, config);
                }
                case 1 -> log = CrashRun.open(disk, config);
                case 2 -> damage();
                case 3 -> truncate();
                case 4 -> log.roll();
                case 5 -> deleteRecords();
                case 6 -> log.sync();
                case 7, 8, 9 -> endTransaction();
                case 10 -> catchUp();
                default -> append();
            }
        }

        private ProducerTable table() {
            var table = new ProducerTable();
            batches.forEach(table::take);
            return table;
        }

        private long end() {
            return batches.isEmpty()
                    ? log.logStartOffset().value()
                    : batches.getLast().nextOffset();
        }

        private void check(PartitionLog checked) throws Exception {
            var table = new ProducerTable();
            var expected = new ArrayList<AbortedTransaction>();
            batches.forEach(batch -> table.take(batch).ifPresent(expected::add));
            assertEquals(end(), checked.logEndOffset().value());
            assertEquals(table.entries(), checked.producers());
            var start = checked.logStartOffset().value();
            var stable = Math.max(start, table.firstOpenTransaction().orElse(end()));
            assertEquals(new Offset(stable), checked.lastStableOffset(checked.logEndOffset()), "P3");
            var half = start + (end() - start) / 2;
            assertEquals(new Offset(Math.min(half, stable)), checked.lastStableOffset(new Offset(half)), "P3");
            checkAborted(checked, expected, start, stable);
            checkAborted(checked, expected, half, stable);
            checkAborted(checked, expected, start, Math.min(half, stable));
        }

        private void checkAborted(PartitionLog checked, List<AbortedTransaction> all, long from, long to)
                throws Exception {
            var expected = all.stream()
                    .filter(each -> from < to && each.firstOffset() < to && each.lastOffset() >= from)
                    .toList();
            aborted += expected.size();
            assertEquals(expected, checked.abortedTransactions(new Offset(from), new Offset(to)));
        }

        private void append() throws Exception {
            var admission = log.admission();
            var buffers = new ArrayList<ByteBuffer>();
            for (var i = random.nextInt(4); i >= 0; i--) {
                var batch = nextBatch();
                if (admission.judge(batch) instanceof ProducerVerdict.Accepted) {
                    buffers.add(batch);
                    add(batch);
                }
            }
            log.append(buffers, TestLogs.EPOCH, TestLogs.NOW);
        }

        private ByteBuffer nextBatch() {
            var builder = new RecordBatchBuilder(Compression.NONE, 256);
            for (var i = random.nextInt(3); i >= 0; i--) {
                builder.append(TestLogs.NOW + i, null, new byte[random.nextInt(100)], List.of());
            }
            var producer = random.nextInt(4);
            if (producer == 0) {
                return builder.build();
            }
            var known = table().entries().stream()
                    .filter(entry -> entry.producerId() == producer)
                    .findFirst();
            var next = known.flatMap(ProducerTable.Entry::last)
                    .map(last -> ProducerTable.plus(last.lastSequence(), 1))
                    .orElse(0);
            builder.producer(
                    producer,
                    known.map(ProducerTable.Entry::epoch).orElse((short) 0),
                    Math.max(0, next - random.nextInt(8) / 7));
            if (producer > 1) {
                builder.transactional();
            }
            return builder.build();
        }

        private void add(ByteBuffer unstamped) {
            var bytes = ByteBuffer.allocate(unstamped.remaining()).put(0, unstamped, 0, unstamped.remaining());
            RecordBatch.stampBaseOffset(bytes, 0, end());
            RecordBatch.stampLeaderEpoch(bytes, 0, TestLogs.EPOCH.value());
            batches.add(RecordBatch.of(bytes));
        }

        private void endTransaction() throws Exception {
            var open = table().entries().stream()
                    .filter(entry -> entry.transactionStart().isPresent() || random.nextInt(20) == 0)
                    .toList();
            if (!open.isEmpty()) {
                var entry = open.get(random.nextInt(open.size()));
                var outcome = random.nextBoolean() ? Outcome.ABORT : Outcome.COMMIT;
                var marker = new TransactionMarker(entry.producerId(), (short) (entry.epoch() + 1), outcome, 3);
                assertEquals(
                        new MarkerResult.Written(new Offset(end())),
                        log.appendMarker(marker, TestLogs.EPOCH, TestLogs.NOW));
                add(marker.encode(TestLogs.NOW));
                assertEquals(new MarkerResult.AlreadyWritten(), log.appendMarker(marker, TestLogs.EPOCH, TestLogs.NOW));
            }
        }

        private void truncate() throws Exception {
            var start = log.logStartOffset().value();
            var offset = start + 1 + random.nextLong(end() - start + 1);
            catchUp();
            var before = end();
            log.truncateTo(new Offset(offset));
            batches.removeIf(batch -> batch.nextOffset() > offset);
            if (offset < before && log.logEndOffset().equals(log.logStartOffset())) {
                batches.clear();
                follower.truncateFullyAndStartAt(log.logStartOffset());
            } else {
                follower.truncateTo(new Offset(offset));
            }
            check(follower);
            log.beginEpoch(TestLogs.EPOCH);
        }

        private void deleteRecords() throws Exception {
            if (deleting && !batches.isEmpty()) {
                catchUp();
                var start = log.logStartOffset().value();
                log.deleteRecordsBefore(new Offset(start + random.nextLong(end() - start + 1)));
            }
        }

        private void damage() throws Exception {
            if (deleting) {
                return;
            }
            for (var name : disk.list(CrashRun.DIRECTORY)) {
                var file = CrashRun.DIRECTORY.resolve(name);
                if (name.endsWith(LogFileNames.SNAPSHOT) && random.nextInt(2) == 0) {
                    if (random.nextBoolean()) {
                        disk.flipBit(file, random.nextLong(8 * disk.sizeBytes(file)));
                    } else {
                        disk.delete(file);
                    }
                }
                if (name.endsWith(LogFileNames.TRANSACTION_INDEX) && random.nextInt(2) == 0) {
                    try (var out = disk.openForWrite(file)) {
                        out.truncate(out.sizeBytes() - 1 - random.nextInt(TransactionIndex.ENTRY_BYTES - 1));
                    }
                }
            }
            log = CrashRun.open(disk, config);
        }

        /// The follower takes over what it has not, and is sometimes closed or killed.
        private void catchUp() throws Exception {
            var start = log.logStartOffset();
            while (follower.logEndOffset().isBefore(log.logEndOffset())) {
                var from = follower.logEndOffset().isBefore(start) ? start : follower.logEndOffset();
                var read = assertInstanceOf(ReadResult.Slice.class, log.read(from, 1 << 20, log.logEndOffset()));
                try (var slice = read.slice()) {
                    follower.appendAsFollower(TestLogs.bytes(slice));
                }
            }
            check(follower);
            if (random.nextInt(3) == 0) {
                if (random.nextBoolean()) {
                    follower.close();
                }
                follower = CrashRun.open(followersDisk, config);
                check(follower);
            }
        }
    }

    /// Once the log's start has passed where a transaction began, nothing before the start holds readers back.
    @Test
    void theLastStableOffsetIsNotBeforeTheLogsStart() throws Exception {
        try (var log = CrashRun.open(CrashRun.newDisk(0), LogConfig.defaults())) {
            log.beginEpoch(TestLogs.EPOCH);
            for (var i = 0; i < 3; i++) {
                var builder = new RecordBatchBuilder(Compression.NONE, 256);
                builder.append(TestLogs.NOW, null, new byte[10], List.of());
                builder.producer(1, (short) 0, i);
                builder.transactional();
                log.append(List.of(builder.build()), TestLogs.EPOCH, TestLogs.NOW);
            }
            assertEquals(Offset.ZERO, log.lastStableOffset(new Offset(3)));
            log.deleteRecordsBefore(new Offset(2));
            assertEquals(new Offset(2), log.lastStableOffset(new Offset(3)));
            assertEquals(OptionalLong.of(0), log.producers().getFirst().transactionStart());
            log.applyRetention(TestLogs.NOW + (1L << 40), new Offset(3));
            assertEquals(new Offset(2), log.logStartOffset(), "T1: the transaction is open");
        }
    }
}
