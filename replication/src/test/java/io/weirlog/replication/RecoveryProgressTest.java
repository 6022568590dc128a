package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RecoveryProgressTest {
    private static final long GIB = 1L << 30;

    private long nowMillis = 5_000;
    private final RecoveryProgress progress = new RecoveryProgress(() -> TimeUnit.MILLISECONDS.toNanos(nowMillis));

    private void add(int partitions) {
        for (var i = 0; i < partitions; i++) {
            progress.add();
        }
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
            progress.opened(1);
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
        progress.opened(GIB);
        progress.opened(GIB);
        assertEquals(Optional.empty(), report());
        nowMillis += 3_000;
        assertEquals(Optional.of("2/10 partitions, 2.0 GiB, 16 s left"), report());
        assertEquals(Optional.empty(), report());
        progress.opened(4 * GIB);
        nowMillis += 1_000;
        assertEquals(Optional.of("3/10 partitions, 6.0 GiB, 3 s left"), report());
    }

    @Test
    void whatIsOpenedLaterIsNoRecovery() {
        add(2);
        progress.opened(0);
        progress.opened(5);
        progress.end();
        add(1);
        nowMillis += 10_000;
        progress.opened(7);
        assertEquals(new RecoveryState(2, 2, 5, Duration.ZERO, Optional.empty()), progress.state());
        assertEquals(0, progress.state().remaining());
        assertEquals(Optional.empty(), report());
    }

    @Test
    void beforeAnythingIsKnownThereIsNothing() {
        nowMillis += 10_000;
        assertEquals(Optional.empty(), report());
        assertEquals(0, progress.state().partitions());
    }
}
