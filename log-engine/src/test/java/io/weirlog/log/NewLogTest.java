package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.log.fault.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// A log that is made: whole or not at all, whenever a crash comes.
class NewLogTest {
    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(1500).preallocate(true).build();
    private static final LeaderEpoch EPOCH = new LeaderEpoch(4);

    private static PartitionLog open(FaultyStorage disk) throws IOException {
        return PartitionLog.open(
                disk, CrashRun.DIRECTORY, TestLogs.IDENTITY, CONFIG, DelayedTasks.AT_ONCE, Optional.of(EPOCH));
    }

    private static FaultyStorage newDisk() throws IOException {
        return CrashRun.newDisk(1);
    }

    @Test
    void whatACrashLeavesBecomesTheSameLog() throws Exception {
        var disk = newDisk();
        var states = new int[1];
        disk.faults().onBoundary(_ -> states[0] += openAfterCrash(disk));
        open(disk);
        assertTrue(states[0] > 200, states[0] + " states");
    }

    private static int openAfterCrash(FaultyStorage disk) {
        var states = 0;
        for (var mode : LossMode.values()) {
            for (var seed = 0; seed < 4; seed++) {
                try {
                    var left = disk.recoverAs(mode, seed);
                    var log = open(left);
                    assertEquals(Optional.of(EPOCH), log.latestEpoch());
                    log.append(List.of(TestLogs.batch(3, 50)), EPOCH, TestLogs.NOW);
                    log.close();
                    assertEquals(new Offset(3), open(left).logEndOffset());
                    states++;
                } catch (IOException e) {
                    throw new AssertionError(mode + ", seed " + seed, e);
                }
            }
        }
        return states;
    }

    @Test
    void itIsDurableOnceItIsOpen() throws Exception {
        for (var mode : LossMode.values()) {
            var disk = newDisk();
            open(disk);
            // Nothing says any more which epoch begins.
            var log = CrashRun.open(disk.recoverAs(mode, 7), CONFIG);
            assertEquals(Optional.of(EPOCH), log.latestEpoch(), mode::toString);
        }
    }

    @Test
    void itCostsTwoSyncsWhereOneCallDoesForMany() throws Exception {
        var disk = newDisk();
        var before = disk.faults().calls(Operation.SYNC_DIRECTORY);
        open(disk);
        assertEquals(3, disk.faults().calls(Operation.SYNC), "the three files' bytes");
        assertEquals(
                before + 3,
                disk.faults().calls(Operation.SYNC_DIRECTORY),
                "its name, the names in it, and the last name");
    }

    @Test
    void recordsWithoutTheNameOfTheirTopicAreLeftAlone() throws Exception {
        var disk = newDisk();
        try (var log = open(disk)) {
            log.append(List.of(TestLogs.batch(3, 50)), EPOCH, TestLogs.NOW);
        }
        disk.delete(CrashRun.DIRECTORY.resolve(LogFileNames.METADATA));
        var e = assertThrows(LogOpenException.class, () -> open(disk));
        assertInstanceOf(LogOpenFailure.OtherTopic.class, e.failure());
        assertTrue(disk.sizeBytes(CrashRun.DIRECTORY.resolve("00000000000000000000.log")) > 0);
    }

    @Test
    void aLogWithAPastIsNoNewOneThoughItIsEmpty() throws Exception {
        var disk = newDisk();
        try (var log = open(disk)) {
            log.truncateFullyAndStartAt(new Offset(40));
        }
        disk.delete(CrashRun.DIRECTORY.resolve(LogFileNames.METADATA));
        var e = assertThrows(LogOpenException.class, () -> open(disk));
        assertInstanceOf(LogOpenFailure.OtherTopic.class, e.failure());
    }

    @Test
    void foreignFilesStay() throws Exception {
        var disk = newDisk();
        disk.createDirectories(CrashRun.DIRECTORY);
        var foreign = CrashRun.DIRECTORY.resolve("notes.txt");
        try (var file = disk.openForWrite(foreign)) {
            file.write(0, ByteBuffer.wrap(new byte[] {1}));
        }
        assertEquals(List.of("notes.txt"), open(disk).recovery().foreignFiles());
        assertTrue(disk.exists(foreign));
    }
}
