package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Random histories of a compacted log against the dumbest model of one: a list of records.
class CompactionModelTest {
    /// The long run is `-Dweirlog.compaction.seeds=20000`.
    private static final int SEEDS = Integer.getInteger("weirlog.compaction.seeds", 120);

    private static final int STEPS = 40;
    private static final long RETENTION = 10_000;

    @TempDir
    Path directory;

    @Test
    void aCompactedLogIsWhatTheModelSays() throws Exception {
        var cleanings = 0;
        for (var seed = 0; seed < SEEDS; seed++) {
            var place = directory.resolve("seed-" + seed);
            var run = new Run(place, seed);
            try {
                run.start();
                for (var step = 0; step < STEPS; step++) {
                    run.step();
                }
                run.log.close();
                cleanings += run.cleanings;
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + " after " + run.trace, e);
            }
            TestLogs.deleteDirectory(place);
        }
        assertTrue(cleanings > SEEDS, "cleanings: " + cleanings);
    }

    /// One log and its model.
    private static final class Run {
        private final Path place;
        private final Random random;
        private final LogConfig config;
        private final CompactionMemory memory;
        private final List<String> trace = new ArrayList<>();
        private List<Record> records = new ArrayList<>();
        /// When the tombstone at an offset may go.
        private final Map<Long, Long> horizons = new HashMap<>();
        private long logStart;
        private long now = TestLogs.NOW;
        private int epoch;
        private int cleanings;
        private PartitionLog log;

        Run(Path place, int seed) throws IOException {
            this.place = place;
            this.random = new Random(seed);
            this.config = LogConfig.builder()
                    .segmentBytes(600 + random.nextInt(2000))
                    .indexIntervalBytes(random.nextInt(300))
                    .segmentIndexBytes(100 + random.nextInt(200))
                    .compacted(true)
                    .deleting(random.nextBoolean())
                    .compaction(CompactionConfig.DEFAULTS.withDeleteRetentionMillis(RETENTION))
                    .build();
            this.memory = new CompactionMemory(
                    (20 + random.nextInt(200)) * (long) OffsetMap.SLOT_BYTES, 0.75, random.nextLong(), 1);
            this.log = TestLogs.openUnsynced(place, config);
        }

        void start() throws IOException {
            log.beginEpoch(new LeaderEpoch(epoch));
        }

        void step() throws Exception {
            now += random.nextInt(4000);
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3, 4 -> append();
                case 5 -> {
                    trace.add("roll");
                    log.roll();
                }
                case 6, 7, 8 -> clean();
                case 9 -> reopen();
                case 10 -> {
                    if (random.nextInt(3) == 0) {
                        truncate();
                    }
                }
                default -> {
                    if (random.nextInt(3) == 0) {
                        deleteRecords();
                    }
                }
            }
            check();
        }

        private void append() throws Exception {
            var batches = new ArrayList<ByteBuffer>();
            var end = log.logEndOffset().value();
            trace.add("append at " + end);
            for (var i = random.nextInt(4); i >= 0; i--) {
                var compression = Compression.fromId(random.nextInt(5)).orElseThrow();
                var builder = new RecordBatchBuilder(compression, 100);
                for (var j = random.nextInt(6); j >= 0; j--) {
                    var record = record(end++);
                    builder.append(record.timestampMillis(), record.key(), record.value(), record.headers());
                    records.add(record);
                }
                batches.add(builder.build());
            }
            log.append(batches, new LeaderEpoch(epoch), now);
        }

        private Record record(long offset) {
            var key = ("k" + (int) Math.abs(random.nextGaussian() * 12)).getBytes(UTF_8);
            var value = random.nextInt(5) == 0 ? null : new byte[random.nextInt(80)];
            if (value != null) {
                random.nextBytes(value);
            }
            var headers = random.nextInt(3) == 0
                    ? List.of(new RecordHeader("h" + random.nextInt(9), new byte[random.nextInt(9)]))
                    : List.<RecordHeader>of();
            return new Record(offset, now - random.nextInt(100_000), key, value, headers);
        }

        private void clean() throws Exception {
            var end = log.logEndOffset().value();
            var cleanPointMax = new Offset(random.nextBoolean() ? end : random.nextLong(end + 1));
            trace.add("clean to " + cleanPointMax);
            var outcome = log.compaction().clean(OwnerThread.Step::run, memory, bytes -> {}, cleanPointMax, now);
            if (outcome instanceof CleaningOutcome.Cleaned cleaned) {
                cleanings++;
                assertTrue(cleaned.firstDirtyOffset().value() <= cleanPointMax.value(), "C2: " + cleaned);
                modelClean(cleaned.firstDirtyOffset().value());
            }
        }

        private void modelClean(long cleanEnd) {
            var latest = new HashMap<String, Long>();
            for (var record : records) {
                if (record.offset() < cleanEnd) {
                    latest.put(new String(record.key(), UTF_8), record.offset());
                }
            }
            var left = new ArrayList<Record>();
            for (var record : records) {
                if (record.offset() >= cleanEnd || stays(record, latest)) {
                    left.add(record);
                }
            }
            records = left;
        }

        private boolean stays(Record record, Map<String, Long> latest) {
            if (latest.getOrDefault(new String(record.key(), UTF_8), -1L) != record.offset()) {
                return false;
            }
            if (record.value() != null) {
                return true;
            }
            var horizon = horizons.putIfAbsent(record.offset(), now + RETENTION);
            return horizon == null || now < horizon;
        }

        private void reopen() throws IOException {
            trace.add("reopen");
            if (random.nextBoolean()) {
                log.close();
            }
            // A log that was not closed is left alone: the process has died.
            log = TestLogs.openUnsynced(place, config);
            epoch += random.nextInt(2);
            log.beginEpoch(new LeaderEpoch(epoch));
        }

        private void truncate() throws IOException {
            var end = log.logEndOffset().value();
            var at = Math.max(logStart, end - random.nextInt(30));
            trace.add("truncate to " + at);
            var newEnd = log.truncateTo(new Offset(at)).value();
            assertTrue(newEnd <= Math.max(at, 0) && newEnd >= logStart, "ends at " + newEnd);
            records.removeIf(record -> record.offset() >= newEnd);
            horizons.keySet().removeIf(offset -> offset >= newEnd);
            log.beginEpoch(new LeaderEpoch(++epoch));
        }

        private void deleteRecords() throws IOException {
            logStart = Math.max(logStart, random.nextLong(log.logEndOffset().value() + 1));
            trace.add("delete before " + logStart);
            log.deleteRecordsBefore(new Offset(logStart));
            if (random.nextBoolean()) {
                log.applyRetention(now, log.logEndOffset());
            }
            records.removeIf(record -> record.offset() < logStart);
        }

        private void check() throws Exception {
            assertEquals(logStart, log.logStartOffset().value());
            assertEquals(records, TestLogs.readAll(log));
            var from = logStart + random.nextLong(log.logEndOffset().value() - logStart + 1);
            assertEquals(
                    records.stream().filter(record -> record.offset() >= from).toList(),
                    TestLogs.readAll(log, new Offset(from), 1 + random.nextInt(500), log.logEndOffset()));
            var time = now - random.nextInt(100_000);
            assertEquals(
                    records.stream()
                            .filter(record -> record.timestampMillis() >= time)
                            .findFirst()
                            .map(record ->
                                    new TimestampAndOffset(record.timestampMillis(), new Offset(record.offset()))),
                    log.findByTimestamp(time, log.logEndOffset()));
        }
    }
}
