package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.record.Compression;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Every bit of a segment's indexes that a disk may flip: no lookup gives another answer for it (X1, X2).
class IndexFlipTest {
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(4500)
            .indexIntervalBytes(250)
            .segmentIndexBytes(400)
            .fileDeleteDelayMillis(0)
            .build();
    private static final List<String> SUFFIXES = List.of(LogFileNames.OFFSET_INDEX, LogFileNames.TIME_INDEX);
    private static final int TIMES = 40;

    /// Three segments with times that rise, fall and repeat.
    private static FaultyStorage threeSegments() throws Exception {
        var disk = CrashRun.newDisk(0);
        var random = new Random(7);
        try (var log = CrashRun.open(disk, CONFIG)) {
            log.beginEpoch(TestLogs.EPOCH);
            for (var i = 0; i < 72; i++) {
                var time = TestLogs.NOW + Math.max(0, i / 3 - random.nextInt(4)) + (i % 9 == 4 ? 3 : 0);
                var batch = TestLogs.batch(Compression.NONE, time, 1 + i % 2, 40 + random.nextInt(90), random);
                log.append(List.of(batch), TestLogs.EPOCH, 0);
            }
        }
        return disk;
    }

    private interface Lookup {
        Object run(LogReader reader) throws Exception;
    }

    /// Reads from every offset, up to some bytes and some offset; and searches for every time.
    private static List<Lookup> lookups(long endOffset) {
        var lookups = new ArrayList<Lookup>();
        for (var from = 0L; from < endOffset; from++) {
            var start = new Offset(from);
            for (var upTo : List.of(endOffset, Math.min(endOffset, from + 9))) {
                var limit = new Offset(upTo);
                lookups.add(reader -> place(reader.read(start, (int) (start.value() * 37 % 1500), limit)));
            }
        }
        for (var i = -1; i < TIMES; i++) {
            var time = TestLogs.NOW + i;
            lookups.add(reader -> reader.findByTimestamp(time, new Offset(endOffset)));
        }
        return lookups;
    }

    private static Object place(ReadResult result) {
        if (!(result instanceof ReadResult.Slice(var slice))) {
            return result;
        }
        try (slice) {
            return slice.baseOffset() + " to " + slice.nextOffset() + ", " + slice.length() + " bytes";
        }
    }

    private static List<Object> answers(LogReader reader, List<Lookup> lookups) throws Exception {
        var answers = new ArrayList<>();
        for (var lookup : lookups) {
            answers.add(lookup.run(reader));
        }
        return answers;
    }

    private static LogContext context(FaultyStorage disk) {
        return new LogContext(disk, CrashRun.DIRECTORY, TestLogs.IDENTITY, CONFIG, DelayedTasks.AT_ONCE);
    }

    /// A reader of completed segments that have not been opened yet.
    private static LogReader coldReader(FaultyStorage disk, List<Long> bases) throws Exception {
        var context = context(disk);
        var segments = new Segment[bases.size()];
        for (var i = 0; i < segments.length - 1; i++) {
            var size = (int) disk.sizeBytes(context.segmentFile(bases.get(i), LogFileNames.LOG));
            segments[i] = Segment.completed(context, bases.get(i), size, bases.get(i + 1));
        }
        var last = bases.getLast();
        segments[segments.length - 1] = Segment.active(context, last, SegmentIndexes.inMemory(context, last, 0));
        var view = LogView.of(segments, last, 0, EpochHistory.EMPTY);
        return new LogReader(context, new LogState(TestLogs.IDENTITY, view));
    }

    private static List<Long> bases(FaultyStorage disk) throws Exception {
        var bases = new ArrayList<Long>();
        for (var name : disk.list(CrashRun.DIRECTORY)) {
            LogFileNames.baseOffset(name, LogFileNames.LOG).ifPresent(bases::add);
        }
        return bases;
    }

    @Test
    void noFlipInACompletedSegmentChangesAnAnswer() throws Exception {
        var disk = threeSegments();
        var bases = bases(disk);
        assertTrue(bases.size() >= 3, "segments: " + bases);
        var lookups = lookups(bases.getLast());
        var expected = answers(coldReader(disk, bases), lookups);
        var flips = 0;
        for (var suffix : SUFFIXES) {
            var file = context(disk).segmentFile(bases.getFirst(), suffix);
            for (var bit = 0L; bit < 8 * disk.sizeBytes(file); bit++) {
                for (var i = 0; i < lookups.size(); i++) {
                    // Each lookup meets indexes that were opened before the flip, so that only it can notice.
                    var reader = coldReader(disk, bases);
                    var _ = lookups.get((i + 1) % lookups.size()).run(reader);
                    disk.flipBit(file, bit);
                    var answer = lookups.get(i).run(reader);
                    disk.flipBit(file, bit);
                    assertEquals(expected.get(i), answer, "bit " + bit + " of " + file + ", lookup " + i);
                }
                flips++;
            }
        }
        System.out.println(flips + " flips in two indexes, " + lookups.size() + " lookups each");
        assertTrue(flips > 800, flips + " flips");
    }

    /// The flip is there before the segment is opened, or comes while it is written; the owner then goes on.
    @Test
    void noFlipInAnActiveSegmentChangesAnAnswer() throws Exception {
        var left = threeSegments();
        var active = bases(left).getLast();
        var names = context(left);
        for (var suffix : SUFFIXES) {
            Path file = names.segmentFile(active, suffix);
            for (var bit = 0L; bit < 8 * left.sizeBytes(file); bit++) {
                var before = left.recoverAs(LossMode.ALL_KEPT, 0);
                before.flipBit(file, bit);
                var whileOpen = left.recoverAs(LossMode.ALL_KEPT, 0);
                try (var sound = CrashRun.open(left.recoverAs(LossMode.ALL_KEPT, 0), CONFIG);
                        var flipped = CrashRun.open(before, CONFIG);
                        var flippedLater = CrashRun.open(whileOpen, CONFIG)) {
                    var _ = flippedLater.findByTimestamp(TestLogs.NOW + TIMES, sound.logEndOffset());
                    whileOpen.flipBit(file, bit);
                    for (var round = 0; round < 2; round++) {
                        var place = "bit " + bit + " of " + file + ", round " + round;
                        assertSameAnswers(sound, flipped, active, place + ", flipped before");
                        assertSameAnswers(sound, flippedLater, active, place + ", flipped later");
                        for (var log : List.of(sound, flipped, flippedLater)) {
                            var batch = TestLogs.batch(
                                    Compression.NONE, TestLogs.NOW + 20 + bit % 9, 1, 300, new Random(bit));
                            log.beginEpoch(TestLogs.EPOCH);
                            log.append(List.of(batch, batch), TestLogs.EPOCH, 0);
                        }
                    }
                    for (var log : List.of(sound, flipped, flippedLater)) {
                        log.roll();
                        log.applyRetention(TestLogs.NOW, log.logEndOffset());
                    }
                    assertSameAnswers(sound, flipped, active, "bit " + bit + " of " + file + ", rolled");
                    assertSameAnswers(sound, flippedLater, active, "bit " + bit + " of " + file + ", rolled, later");
                }
            }
        }
    }

    private static void assertSameAnswers(PartitionLog sound, PartitionLog flipped, long active, String place)
            throws Exception {
        var end = sound.logEndOffset();
        for (var i = -1; i < TIMES; i += 3) {
            assertEquals(
                    sound.findByTimestamp(TestLogs.NOW + i, end),
                    flipped.findByTimestamp(TestLogs.NOW + i, end),
                    place);
        }
        for (var from = new Offset(active); from.isBefore(end); from = from.plus(3)) {
            assertEquals(place(sound.read(from, 700, end)), place(flipped.read(from, 700, end)), place);
        }
    }

    /// A time that a flip has put into the past must not make a segment look old.
    @Test
    void retentionDoesNotBelieveADamagedTime() throws Exception {
        var left = threeSegments();
        var file = context(left).segmentFile(0, LogFileNames.TIME_INDEX);
        var lastEntry = left.sizeBytes(file) - TimeIndex.ENTRY_BYTES;
        for (var bit = 8 * lastEntry; bit < 8 * lastEntry + Long.SIZE; bit++) {
            var disk = left.recoverAs(LossMode.ALL_KEPT, 0);
            disk.flipBit(file, bit);
            try (var log = CrashRun.open(disk, CONFIG)) {
                var outcome = log.applyRetention(TestLogs.NOW + 1000, log.logEndOffset());
                assertEquals(new RetentionOutcome(0, 0), outcome, "bit " + bit);
            }
        }
    }
}
