package io.weirlog.server.group;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ReloadBackoffTest {
    private static long after(ReloadBackoff backoff, int ends) {
        var now = 0L;
        var wait = 0L;
        for (int i = 0; i < ends; i++) {
            wait = backoff.nextMillis(now);
            now += wait;
        }
        return wait;
    }

    @Test
    void eachWaitMayBeTwiceAsLongUpToTheLongest() {
        for (int seed = 0; seed < 100; seed++) {
            var ceiling = ReloadBackoff.WAIT_MILLIS_MIN;
            for (int ends = 1; ends <= 8; ends++) {
                var wait = after(new ReloadBackoff(new Random(seed), 0), ends);
                assertTrue(wait >= ceiling / 2 && wait <= ceiling, wait + " ms after " + ends + " ends, seed " + seed);
                ceiling = Math.min(ReloadBackoff.WAIT_MILLIS_MAX, 2 * ceiling);
            }
        }
    }

    @Test
    void thoseThatEndTogetherDoNotLoadTogether() {
        var waits = new TreeSet<Long>();
        var random = new Random(1);
        for (int i = 0; i < 100; i++) {
            waits.add(after(new ReloadBackoff(random, 0), 6));
        }
        assertTrue(waits.size() > 50, waits::toString);
    }

    @Test
    void whoLastedBeginsAnew() {
        var backoff = new ReloadBackoff(new Random(1), 0);
        after(backoff, 8);
        var later = 8 * ReloadBackoff.WAIT_MILLIS_MAX + ReloadBackoff.QUIET_MILLIS;
        assertTrue(backoff.nextMillis(later) <= ReloadBackoff.WAIT_MILLIS_MIN);
    }
}
