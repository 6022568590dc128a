package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Every bit of a segment that a disk may flip.
class BitFlipTest {
    private static final LogConfig CONFIG =
            LogConfig.builder().indexIntervalBytes(4000).segmentIndexBytes(1200).build();
    private static final int SEGMENT_BYTES = 64 << 10;

    private static FaultyStorage segmentOf64Kib() throws Exception {
        var disk = CrashRun.newDisk(0);
        var log = CrashRun.open(disk, CONFIG);
        log.beginEpoch(TestLogs.EPOCH);
        while (log.sizeBytes() < SEGMENT_BYTES) {
            log.append(List.of(TestLogs.batch(3, 700)), TestLogs.EPOCH, 0);
        }
        log.sync();
        return disk;
    }

    @Test
    void everyFlipInASegmentIsDetected() throws Exception {
        var disk = segmentOf64Kib();
        var file = CrashRun.DIRECTORY.resolve("00000000000000000000.log");
        // No entry is ever due, so that one pair of indexes serves all scans.
        var config = LogConfig.builder().indexIntervalBytes(Integer.MAX_VALUE).build();
        var context = new LogContext(
                disk, CrashRun.DIRECTORY.resolveSibling("scratch"), TestLogs.IDENTITY, config, DelayedTasks.AT_ONCE);
        disk.createDirectories(context.directory());
        var epochs = Optional.of(EpochHistory.EMPTY.begin(TestLogs.EPOCH, Offset.ZERO));
        try (var indexes = SegmentIndexes.create(context, 0)) {
            var bits = 8L * disk.sizeBytes(file);
            assertTrue(bits >= 8L * SEGMENT_BYTES);
            var unnoticed = new ArrayList<Long>();
            for (var bit = 0L; bit < bits; bit++) {
                disk.flipBit(file, bit);
                var producers = new ScannedProducers(context, new ProducerTable());
                var outcome =
                        new SegmentScan(false, epochs, 0, new ArrayList<>(), producers).scan(disk, file, 0, indexes);
                disk.flipBit(file, bit);
                if (outcome.problem().isEmpty()) {
                    unnoticed.add(bit);
                    continue;
                }
                assertTrue(outcome.validBytes() <= bit / 8, "bit " + bit + " was found at " + outcome.validBytes());
            }
            System.out.println(bits + " bits of a segment flipped: " + (bits - unnoticed.size()) + " detected, "
                    + unnoticed.size() + " harmless");
            // No bit of a segment means nothing.
            assertEquals(List.of(), unnoticed);
        }
    }

    /// The same through the whole of opening a log, for every 331st bit.
    @Test
    void openingNamesTheDamage() throws Exception {
        var disk = segmentOf64Kib();
        var file = CrashRun.DIRECTORY.resolve("00000000000000000000.log");
        var openings = 0;
        for (var bit = 0L; bit < 8L * disk.sizeBytes(file); bit += 331) {
            disk.flipBit(file, bit);
            var left = disk.recoverAs(LossMode.ALL_KEPT, 0);
            try {
                CrashRun.open(left, CONFIG);
                throw new AssertionError("bit " + bit + " was not noticed");
            } catch (LogOpenException e) {
                var failure = assertInstanceOf(LogOpenFailure.CorruptMiddle.class, e.failure());
                assertEquals(file, failure.file());
                assertTrue(failure.position() <= bit / 8, "bit " + bit + " was found at " + failure.position());
            }
            assertEquals(disk.sizeBytes(file), left.sizeBytes(file));
            disk.flipBit(file, bit);
            openings++;
        }
        System.out.println(openings + " logs with a flipped bit opened: all refused, the damage named");
    }
}
