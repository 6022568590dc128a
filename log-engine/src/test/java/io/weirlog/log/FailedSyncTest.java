package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.log.fault.Operation;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The process starts again on a kernel that has given up pages after a failed sync: they read well, they count
/// as clean, and a sync of them succeeds although the device never got them.
class FailedSyncTest {
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(1500)
            .indexIntervalBytes(200)
            .segmentIndexBytes(120)
            .build();

    private static FaultyStorage diskWithGivenUpPages(int batchesBefore, int batchesAfter) throws Exception {
        var disk = CrashRun.newDisk(0);
        var log = CrashRun.open(disk, CONFIG);
        log.beginEpoch(TestLogs.EPOCH);
        for (var i = 0; i < batchesBefore; i++) {
            log.append(List.of(TestLogs.batch(2, 150)), TestLogs.EPOCH, 0);
        }
        log.sync();
        for (var i = 0; i < batchesAfter; i++) {
            log.append(List.of(TestLogs.batch(2, 150)), TestLogs.EPOCH, 0);
        }
        disk.faults().failNth(Operation.SYNC, 1);
        assertThrows(LogPoisonedException.class, log::sync);
        assertThrows(LogPoisonedException.class, log::sync);
        return disk;
    }

    @Test
    void whatIsSyncedAfterTheRestartIsOnTheDevice() throws Exception {
        for (var before : List.of(0, 1, 5)) {
            for (var after : List.of(1, 3, 9)) {
                var disk = diskWithGivenUpPages(before, after);
                var restarted = CrashRun.open(disk, CONFIG);
                var end = restarted.sync();
                assertTrue(end.value() >= 2L * before, "synced to " + end);
                var left = CrashRun.open(disk.recoverAs(LossMode.ALL_LOST, 0), CONFIG);
                assertEquals(end, left.logEndOffset(), before + " batches before, " + after + " after");
                assertEquals(end.value(), TestLogs.readAll(left).size());
            }
        }
    }

    @Test
    void aCleanEndAfterTheRestartIsOnTheDevice() throws Exception {
        var disk = diskWithGivenUpPages(2, 2);
        var restarted = CrashRun.open(disk, CONFIG);
        var end = restarted.logEndOffset();
        restarted.close();
        try (var left = CrashRun.open(disk.recoverAs(LossMode.ALL_LOST, 0), CONFIG)) {
            assertTrue(left.recovery().clean());
            assertEquals(end, left.logEndOffset());
            assertEquals(end.value(), TestLogs.readAll(left).size());
        }
    }

    @Test
    void onlyAWriteThatFailedLeavesNoDoubtOfWhatIsThere() throws Exception {
        var disk = CrashRun.newDisk(0);
        var full = CrashRun.open(disk, CONFIG);
        full.beginEpoch(TestLogs.EPOCH);
        full.append(List.of(TestLogs.batch(2, 150)), TestLogs.EPOCH, 0);
        assertTrue(full.mayBeReopened());
        disk.faults().limitGrowth(10);
        assertThrows(LogPoisonedException.class, () -> full.append(List.of(TestLogs.batch(2, 150)), TestLogs.EPOCH, 0));
        assertTrue(full.isPoisoned());
        assertTrue(full.mayBeReopened());

        var other = CrashRun.newDisk(0);
        var unsynced = CrashRun.open(other, CONFIG);
        unsynced.beginEpoch(TestLogs.EPOCH);
        unsynced.append(List.of(TestLogs.batch(2, 150)), TestLogs.EPOCH, 0);
        other.faults().failNth(Operation.SYNC, 1);
        assertThrows(LogPoisonedException.class, unsynced::sync);
        assertFalse(unsynced.mayBeReopened());
    }

    @Test
    void aSyncOfTheFileSystemCountsUntilItsOutcomeIsKnown() throws Exception {
        var log = CrashRun.open(CrashRun.newDisk(0), CONFIG);
        log.beginEpoch(TestLogs.EPOCH);
        log.append(List.of(TestLogs.batch(2, 150)), TestLogs.EPOCH, 0);
        var covered = log.syncer().beginShared().orElseThrow();
        assertFalse(log.mayBeReopened());
        log.syncer().endShared(covered);
        assertTrue(log.mayBeReopened());
        log.append(List.of(TestLogs.batch(2, 150)), TestLogs.EPOCH, 0);
        assertTrue(log.syncer().beginShared().isPresent());
        log.syncer().failShared(new IOException("Input/output error"));
        assertFalse(log.mayBeReopened());
    }
}
