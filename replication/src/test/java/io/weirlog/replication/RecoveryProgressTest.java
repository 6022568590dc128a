package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

class RecoveryProgressTest {
    private static final long GIB = 1L << 30;

    private long nowMillis = 5_000;
    private final RecoveryProgress progress = new RecoveryProgress(() -> TimeUnit.MILLISECONDS.toNanos(nowMillis));

    private final Deque<LongConsumer> opening = new ArrayDeque<>();

    private void add(int partitions) {
        for (var i = 0; i < partitions; i++) {
            opening.add(progress.add());
        }
    }

    private void open(long bytes) {
        opening.remove().accept(bytes);
    }

    private Optional<String> report() {
        return progress.report().map(Object::toString);
    }

    @Test
    void aQuickStartIsNotWorthAWord() {
        add(100);
        nowMillis += 900;
        assertEquals(Optional.empty(), report());
        assertFalse(progress.wantsTotal());
        for (var i = 0; i < 100; i++) {
            open(1);
        }
        nowMillis += 60_000;
        assertEquals(Optional.empty(), report());
        assertFalse(progress.wantsTotal());
        assertEquals(new RecoveryState(100, 100, 100, Duration.ofMillis(900), Optional.empty()), progress.state());
    }

    @Test
    void aLongOneIsToldOfEachSecondWithWhatIsLeft() {
        add(10);
        nowMillis += 1_000;
        assertEquals(Optional.of("0/10 partitions, 0.0 GiB"), report());
        assertTrue(progress.wantsTotal());
        progress.total(10 * GIB);
        assertFalse(progress.wantsTotal());
        open(GIB);
        open(GIB);
        assertEquals(Optional.empty(), report());
        nowMillis += 3_000;
        assertEquals(Optional.of("2/10 partitions, 2.0 GiB, 16 s left"), report());
        assertEquals(Optional.empty(), report());
        open(4 * GIB);
        nowMillis += 1_000;
        assertEquals(Optional.of("3/10 partitions, 6.0 GiB, 3 s left"), report());
    }

    @Test
    void whatIsOpenedLaterIsNoRecovery() {
        add(2);
        open(0);
        open(5);
        progress.end();
        add(1);
        nowMillis += 10_000;
        open(7);
        assertEquals(new RecoveryState(2, 2, 5, Duration.ZERO, Optional.empty()), progress.state());
        assertEquals(0, progress.state().remaining());
        assertEquals(Optional.empty(), report());
    }

    /// Its owner has said that the partition is open before its opener has counted it.
    @Test
    void theLastOneMayBeCountedAfterTheEnd() {
        add(2);
        open(3);
        progress.end();
        open(4);
        assertEquals(new RecoveryState(2, 2, 7, Duration.ZERO, Optional.empty()), progress.state());
        assertEquals(0, progress.state().remaining());
    }

    @Test
    void beforeAnythingIsKnownThereIsNothing() {
        nowMillis += 10_000;
        assertEquals(Optional.empty(), report());
        assertEquals(0, progress.state().partitions());
    }
}
