package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Random steps on a real log and on a list that does the same in the dumbest way; after each step both must agree.
class PartitionLogModelTest {
    /// The long run is `-Dweirlog.model.seeds=100000`.
    private static final int SEEDS = Integer.getInteger("weirlog.model.seeds", 2_000);

    private static final int STEPS = 60;
    /// Most seeds run on a disk in memory, which is many times faster; these on the real file system.
    private static final int REAL_DISK_EVERY = 24;

    @TempDir
    Path directory;

    @Test
    void aLogDoesWhatAListDoes() throws Exception {
        for (var seed = 0; seed < SEEDS; seed++) {
            try {
                run(seed);
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        System.out.println(SEEDS + " seeds of " + STEPS + " steps each");
    }

    private void run(int seed) throws Exception {
        if (seed % REAL_DISK_EVERY == 0) {
            var place = directory.resolve("seed-" + seed);
            new Run(seed, new UnsyncedStorage(), place).run();
            TestLogs.deleteDirectory(place);
        } else {
            new Run(seed, CrashRun.newDisk(seed), CrashRun.DIRECTORY).run();
        }
    }

    private record ModelBatch(long baseOffset, LeaderEpoch epoch, List<Record> records) {}

    /// A slice that a slow reader has not closed yet, and what has to be in it whatever becomes of the log.
    private record Held(LogSlice slice, ByteBuffer bytes) {}

    private static final class Run {
        private final Random random;
        private final Path place;
        private final LogConfig config;
        private final Storage storage;
        private final List<ModelBatch> model = new ArrayList<>();
        private PartitionLog log;
        private LeaderEpoch epoch = new LeaderEpoch(0);
        private long clock = TestLogs.NOW;
        private long start;
        private final List<Held> held = new ArrayList<>();

        Run(int seed, Storage storage, Path place) throws Exception {
            this.random = new Random(seed);
            this.storage = storage;
            this.place = place;
            this.config = LogConfig.builder()
                    .segmentBytes(500 + random.nextInt(8000))
                    .indexIntervalBytes(random.nextInt(600))
                    .segmentIndexBytes(24 + random.nextInt(400))
                    .retentionBytes(OptionalLong.of(random.nextInt(20_000)))
                    .segmentMillis(1 + random.nextInt(100_000))
                    .build();
            this.log = open();
            log.beginEpoch(epoch);
        }

        private PartitionLog open() throws Exception {
            return PartitionLog.open(storage, place, TestLogs.IDENTITY, config);
        }

        void run() throws Exception {
            for (var step = 0; step < STEPS; step++) {
                step();
                assertEquals(end(), log.logEndOffset().value());
                assertEquals(start, log.logStartOffset().value());
            }
            reopen(true);
            assertEquals(allRecords(), TestLogs.readAll(log));
            log.close();
        }

        private void step() throws Exception {
            switch (random.nextInt(22)) {
                case 0 -> reopen(true);
                case 1 -> reopen(false);
                case 2 -> log.roll();
                case 3 -> beginEpoch();
                case 4 -> checkTimestamp();
                case 5 -> checkEpochs();
                case 6 -> {
                    log.sync();
                    assertEquals(end(), log.syncedOffset().value());
                }
                case 7, 8, 9, 10 -> checkRead();
                case 11 -> hold();
                case 12 -> truncate();
                case 14 -> {
                    startAt(start + random.nextLong(end() - start + 1));
                    log.deleteRecordsBefore(new Offset(start));
                }
                case 15 -> {
                    var highWatermark = boundary();
                    log.applyRetention(clock, new Offset(highWatermark));
                    var newStart = log.logStartOffset().value();
                    assertTrue(newStart >= start && newStart <= Math.max(start, highWatermark), "T1");
                    startAt(newStart);
                }
                case 13 -> {
                    if (random.nextInt(4) == 0) {
                        truncateFully();
                    }
                }
                default -> append();
            }
        }

        private void append() throws Exception {
            var buffers = new ArrayList<ByteBuffer>();
            var added = new ArrayList<ModelBatch>();
            var base = end();
            for (var i = random.nextInt(random.nextInt(10) == 0 ? 40 : 4) + 1; i > 0; i--) {
                clock += random.nextInt(2000) - 200;
                var compression = Compression.fromId(random.nextInt(5)).orElseThrow();
                var batch = TestLogs.batch(compression, clock, 1 + random.nextInt(5), random.nextInt(300), random);
                var stamped = ByteBuffer.allocate(batch.remaining())
                        .put(batch.duplicate())
                        .flip();
                RecordBatch.stampBaseOffset(stamped, 0, base);
                var records = RecordReader.readAll(RecordBatch.of(stamped), 1 << 20);
                added.add(new ModelBatch(base, epoch, records));
                base += records.size();
                buffers.add(random.nextBoolean() ? batch : batch.asReadOnlyBuffer());
            }
            var result = log.append(buffers, epoch, clock);
            for (var i = 0; i < added.size(); i++) {
                assertEquals(added.get(i).baseOffset(), result.baseOffset(i).value());
            }
            model.addAll(added);
        }

        private void hold() throws Exception {
            var from = new Offset(start + random.nextLong(end() - start + 1));
            var slice = TestLogs.slice(log, from, random.nextInt(2000), log.logEndOffset());
            held.add(new Held(slice, TestLogs.bytes(slice)));
        }

        private void checkHeld() throws Exception {
            for (var slice : held) {
                assertEquals(slice.bytes(), TestLogs.bytes(slice.slice()));
                slice.slice().close();
            }
            held.clear();
        }

        private void truncate() throws Exception {
            var offset = start + random.nextLong(end() - start + 3);
            if (start > 0 && random.nextInt(8) == 0) {
                offset = random.nextLong(start);
            }
            var end = log.truncateTo(new Offset(offset));
            var cutAt = offset;
            if (cutAt < start) {
                start = cutAt;
                model.clear();
            }
            model.removeIf(batch -> batch.baseOffset() + batch.records().size() > cutAt);
            if (!model.isEmpty() && end() < start) {
                model.clear(); // Nothing that can be read is left of the batch that the log began in.
            }
            assertEquals(end(), end.value());
            assertTrue(log.syncedOffset().value() <= end());
            if (cutAt <= end()) {
                var latest = model.isEmpty()
                        ? Optional.<LeaderEpoch>empty()
                        : Optional.of(model.getLast().epoch());
                assertEquals(latest, log.latestEpoch(), "R4: trimmed with the log");
            }
            reopenAfterCut();
        }

        private void startAt(long newStart) {
            start = newStart;
            model.removeIf(batch -> batch.baseOffset() + batch.records().size() <= newStart);
        }

        private void truncateFully() throws Exception {
            start = random.nextLong(2 * end() + 2);
            model.clear();
            log.truncateFullyAndStartAt(new Offset(start));
            assertEquals(new Offset(start), log.logStartOffset());
            assertEquals(new Offset(start), log.syncedOffset());
            assertEquals(Optional.empty(), log.latestEpoch());
            reopenAfterCut();
        }

        private void reopenAfterCut() throws Exception {
            if (random.nextBoolean()) {
                reopen(random.nextBoolean());
            }
            log.beginEpoch(epoch);
        }

        private void beginEpoch() throws Exception {
            epoch = new LeaderEpoch(epoch.value() + random.nextInt(3));
            log.beginEpoch(epoch);
        }

        /// Leaves the log as it is when the process dies, or closes it.
        private void reopen(boolean clean) throws Exception {
            checkHeld();
            if (clean) {
                log.close();
            }
            // The end of a process that has written nothing since the last clean end is as good as that.
            var marked = storage.exists(log.directory().resolve(LogFileNames.CLEAN_SHUTDOWN));
            assertTrue(marked || !clean);
            var reopened = open();
            assertEquals(marked, reopened.recovery().clean());
            assertEquals(0, reopened.recovery().cutBytes());
            assertEquals(log.latestEpoch(), reopened.latestEpoch());
            // A segment that was closed at the log's start goes with the next opening.
            assertTrue(reopened.sizeBytes() <= log.sizeBytes());
            assertTrue(start > 0 || reopened.sizeBytes() == log.sizeBytes());
            log = reopened;
        }

        private void checkRead() throws Exception {
            var from = random.nextLong(end() + 3);
            var upTo = boundary();
            var maxBytes = random.nextInt(2000);
            if (from > end() || from < start) {
                var outOfRange = assertInstanceOf(
                        ReadResult.OutOfRange.class, log.read(new Offset(from), maxBytes, new Offset(upTo)));
                assertEquals(new ReadResult.OutOfRange(new Offset(start), new Offset(end())), outOfRange);
                return;
            }
            var expected = allRecords().stream()
                    .filter(record -> record.offset() >= from && record.offset() < upTo)
                    .toList();
            assertEquals(expected, TestLogs.readAll(log, new Offset(from), maxBytes, new Offset(upTo)));
            try (var slice = TestLogs.slice(log, new Offset(from), maxBytes, new Offset(upTo))) {
                var batches = 0;
                for (var rest = TestLogs.bytes(slice); rest.hasRemaining(); batches++) {
                    rest.position(rest.position() + RecordBatch.parse(rest).sizeBytes());
                }
                assertTrue(slice.length() <= maxBytes || batches == 1, "one batch, or what was asked for");
                assertEquals(from >= upTo, slice.isEmpty());
            }
        }

        private void checkTimestamp() throws Exception {
            var timestamp = TestLogs.NOW + random.nextLong(Math.max(1, clock - TestLogs.NOW + 2000));
            var upTo = boundary();
            var expected = allRecords().stream()
                    .filter(record -> record.timestampMillis() >= timestamp)
                    .findFirst()
                    .filter(record -> record.offset() < upTo)
                    .map(record -> new TimestampAndOffset(record.timestampMillis(), new Offset(record.offset())));
            assertEquals(expected, log.findByTimestamp(timestamp, new Offset(upTo)));
        }

        private void checkEpochs() {
            var asked = new LeaderEpoch(random.nextInt(epoch.value() + 2));
            var known = model.stream()
                    .map(ModelBatch::epoch)
                    .filter(e -> !e.isAfter(asked))
                    .max(LeaderEpoch::compareTo);
            var end = model.stream()
                    .filter(batch -> batch.epoch().isAfter(asked))
                    .findFirst()
                    .map(batch -> Math.max(start, batch.baseOffset()))
                    .orElse(end());
            var answer = log.endOffsetForEpoch(asked);
            assertEquals(end, answer.endOffset().value());
            // An epoch that has begun but has no record yet is known to the log and not to the model.
            if (!asked.equals(epoch) && known.isPresent() && !known.equals(Optional.of(answer.epoch()))) {
                assertEquals(epoch, answer.epoch());
            }
        }

        private long boundary() {
            var index = random.nextInt(model.size() + 1);
            return index == model.size() ? end() : model.get(index).baseOffset();
        }

        private long end() {
            if (model.isEmpty()) {
                return start;
            }
            var last = model.getLast();
            return last.baseOffset() + last.records().size();
        }

        private List<Record> allRecords() {
            return model.stream()
                    .flatMap(batch -> batch.records().stream())
                    .filter(record -> record.offset() >= start)
                    .toList();
        }
    }
}
