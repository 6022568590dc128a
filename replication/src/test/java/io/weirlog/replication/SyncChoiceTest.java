package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SyncChoiceTest {
    private static final long ONE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final SyncChoice choice = new SyncChoice(2);

    @Test
    void fewAreSyncedByThemselves() {
        assertFalse(choice.isShared(1));
        assertFalse(choice.isShared(SyncChoice.SHARING_LOGS_MIN - 1));
        assertTrue(choice.isShared(SyncChoice.SHARING_LOGS_MIN), "as long as nothing is known");
    }

    @Test
    void theCheaperWayIsTaken() {
        choice.oneTook(ONE_NANOS);
        choice.allTook(10 * ONE_NANOS);
        assertFalse(choice.isShared(19), "two threads do 19 in less time");
        assertTrue(choice.isShared(20));
    }

    @Test
    void oneSlowCallIsNotTheLastButOfManyFewAreTried() {
        var slowNanos = TimeUnit.SECONDS.toNanos(5);
        var sharedNanos = 0L;
        var singleNanos = 0L;
        for (var turn = 0; turn < 100_000; turn++) {
            if (choice.isShared(100)) {
                choice.allTook(slowNanos);
                sharedNanos += slowNanos;
            } else {
                choice.oneTook(ONE_NANOS);
                singleNanos += ONE_NANOS / 2;
            }
        }
        assertTrue(sharedNanos > slowNanos, "it was tried again");
        assertTrue(sharedNanos < singleNanos / 2, sharedNanos + " of " + singleNanos);
    }

    @Test
    void whatGotCheaperIsFoundOut() {
        choice.oneTook(ONE_NANOS);
        choice.allTook(1000 * ONE_NANOS);
        var singles = 0;
        while (!choice.isShared(100)) {
            choice.oneTook(ONE_NANOS);
            singles++;
        }
        choice.allTook(ONE_NANOS);
        assertTrue(choice.isShared(100));
        assertEquals(0, singles / 100_000, singles + " logs were synced by themselves");
    }
}
