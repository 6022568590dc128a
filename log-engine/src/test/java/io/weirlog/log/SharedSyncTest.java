package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.log.fault.Operation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedSyncTest {
    private static final Path DATA = Path.of("/data");
    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(1500).segmentIndexBytes(120).build();

    private FaultyStorage disk = new FaultyStorage(0);
    private final List<WaitingLog> waiters = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        disk = CrashRun.newDisk(0);
        waiters.clear();
        for (var i = 0; i < 3; i++) {
            var log = open(disk, i);
            log.beginEpoch(TestLogs.EPOCH);
            waiters.add(new WaitingLog(log));
        }
    }

    private static PartitionLog open(FaultyStorage disk, int number) throws IOException {
        return PartitionLog.open(disk, DATA.resolve("orders-" + number), TestLogs.IDENTITY, CONFIG);
    }

    private static void append(PartitionLog log, int batches) throws IOException {
        for (var i = 0; i < batches; i++) {
            log.append(List.of(TestLogs.batch(1, 400)), TestLogs.EPOCH, TestLogs.NOW);
        }
    }

    private SharedSync shared() throws IOException {
        return SharedSync.open(disk, DATA).orElseThrow();
    }

    private Offset leftOf(int number) throws IOException {
        return open(disk.recoverAs(LossMode.ALL_LOST, 0), number).logEndOffset();
    }

    @Test
    void oneCallServesAllWhoWait() throws Exception {
        for (var i = 0; i < waiters.size(); i++) {
            append(waiters.get(i).log(), 1 + 4 * i);
        }
        var syncs = disk.faults().calls(Operation.SYNC_FILE_SYSTEM);
        var fileSyncs = disk.faults().calls(Operation.SYNC);
        shared().sync(waiters);
        assertEquals(syncs + 1, disk.faults().calls(Operation.SYNC_FILE_SYSTEM));
        for (var i = 0; i < waiters.size(); i++) {
            assertEquals(new Offset(1 + 4 * i), waiters.get(i).end());
            assertEquals(new Offset(1 + 4 * i), leftOf(i), "segments and their names");
        }
        // Making the file that keeps the offset takes one, the first time.
        assertTrue(disk.faults().calls(Operation.SYNC) <= fileSyncs + waiters.size());
    }

    @Test
    void whatComesDuringTheCallIsNotCovered() throws Exception {
        append(waiters.getFirst().log(), 1);
        disk.faults().onBoundary(next -> {
            if (next == Operation.SYNC_FILE_SYSTEM) {
                disk.faults().onBoundary(other -> {});
                try {
                    append(waiters.getFirst().log(), 5);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        shared().sync(waiters);
        assertEquals(new Offset(1), waiters.getFirst().end());
        var next = new WaitingLog(waiters.getFirst().log());
        shared().sync(List.of(next));
        assertEquals(new Offset(6), next.end());
        assertEquals(new Offset(6), leftOf(0));
    }

    @Test
    void aSyncOfOneLogMeanwhileDoesNotRelyOnTheCall() throws Exception {
        append(waiters.getFirst().log(), 5);
        disk.faults().onBoundary(next -> {
            if (next == Operation.SYNC_FILE_SYSTEM) {
                disk.faults().onBoundary(other -> {});
                try {
                    assertEquals(new Offset(5), waiters.getFirst().log().sync());
                    assertEquals(new Offset(5), leftOf(0));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        shared().sync(waiters);
        assertEquals(new Offset(5), waiters.getFirst().end());
    }

    @Test
    void whatIsCutDuringTheCallIsNotCovered() throws Exception {
        var log = waiters.getFirst().log();
        append(log, 5);
        disk.faults().onBoundary(next -> {
            if (next == Operation.SYNC_FILE_SYSTEM) {
                disk.faults().onBoundary(other -> {});
                try {
                    log.truncateTo(new Offset(2));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        shared().sync(waiters);
        assertEquals(new Offset(2), waiters.getFirst().end());
        assertEquals(new Offset(2), log.syncedOffset());
        assertEquals(new Offset(2), leftOf(0));
    }

    /// L6: also a log to which nothing happened, for nobody knows; but not one that did not wait.
    @Test
    void aFailurePoisonsAllThatWereToBeCovered() throws Exception {
        var waiting = waiters.subList(0, 2);
        for (var waiter : waiters) {
            append(waiter.log(), 1);
        }
        var shared = shared();
        disk.faults().failNth(Operation.SYNC_FILE_SYSTEM, 1);
        shared.sync(waiting);
        for (var waiter : waiting) {
            assertThrows(LogPoisonedException.class, waiter::end);
            assertThrows(LogPoisonedException.class, waiter.log()::sync);
            assertThrows(LogPoisonedException.class, () -> append(waiter.log(), 1));
        }
        assertFalse(shared.isUsable());
        append(waiters.getLast().log(), 1);
        var calls = disk.faults().calls(Operation.SYNC_FILE_SYSTEM);
        shared.sync(List.of(waiters.getLast()));
        assertThrows(LogPoisonedException.class, waiters.getLast()::end);
        assertEquals(calls, disk.faults().calls(Operation.SYNC_FILE_SYSTEM), "it is not tried again");
    }

    @Test
    void oneThatIsPoisonedOrClosedFailsAlone() throws Exception {
        for (var waiter : waiters) {
            append(waiter.log(), 1);
        }
        disk.faults().failNth(Operation.SYNC, 1);
        assertThrows(LogPoisonedException.class, waiters.get(0).log()::sync);
        waiters.get(1).log().close();
        shared().sync(waiters);
        assertThrows(LogPoisonedException.class, waiters.get(0)::end);
        assertThrows(IOException.class, waiters.get(1)::end);
        assertEquals(new Offset(1), waiters.get(2).end());
    }

    @Test
    void whoHasNothingToWaitForDoesNotCallTheDisk() throws Exception {
        shared().sync(waiters);
        var calls = disk.faults().calls(Operation.SYNC_FILE_SYSTEM);
        var again = new WaitingLog(waiters.getFirst().log());
        shared().sync(List.of(again));
        assertEquals(Offset.ZERO, again.end());
        assertTrue(again.isTold());
        assertEquals(calls, disk.faults().calls(Operation.SYNC_FILE_SYSTEM));
    }

    @Test
    void aDiskWithoutItHasNone() throws Exception {
        assertTrue(SharedSync.open(new UnsyncedStorage(), Path.of(".")).isEmpty());
    }

    @Test
    void onlyAKernelThatTellsOfEveryFailureIsReliable() {
        assertTrue(LinuxFileSystemSync.isReliable("Linux", "5.17.0-1-generic"));
        assertTrue(LinuxFileSystemSync.isReliable("Linux", "6.1"));
        assertFalse(LinuxFileSystemSync.isReliable("Linux", "5.15.0-100"));
        assertFalse(LinuxFileSystemSync.isReliable("Linux", "4.4.0"));
        assertFalse(LinuxFileSystemSync.isReliable("Linux", "unknown"));
        assertFalse(LinuxFileSystemSync.isReliable("Mac OS X", "14.5"));
    }

    /// On the real disk, if it has what it takes.
    @Test
    void theRealCallCanBeMade(@TempDir Path directory) throws Exception {
        var storage = new FileStorage();
        var shared = SharedSync.open(storage, directory);
        if (shared.isPresent()) {
            try (var open = shared.get();
                    var log = PartitionLog.open(storage, directory.resolve("orders-0"), TestLogs.IDENTITY, CONFIG)) {
                log.beginEpoch(TestLogs.EPOCH);
                append(log, 5);
                var waiter = new WaitingLog(log);
                open.sync(List.of(waiter));
                assertEquals(new Offset(5), waiter.end());
            }
        }
        assertThrows(IOException.class, () -> SharedSync.open(storage, directory.resolve("missing")));
    }
}
