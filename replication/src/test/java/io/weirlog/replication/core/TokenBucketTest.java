package io.weirlog.replication.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
    private static final long MILLI = 1_000_000;

    @Test
    void givesOutTheRateHoweverOftenItIsAsked() {
        for (int seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            long perSecond = 1_000 + random.nextLong(random.nextBoolean() ? 100 : 10_000_000_000L);
            long now = random.nextLong(1_000_000);
            long begun = now;
            var bucket = new TokenBucket(perSecond, 200, now);
            long given = 0;
            while (now - begun < 20_000 * MILLI) {
                now += random.nextLong(150 * MILLI);
                given += bucket.take(now);
                double most = perSecond * ((now - begun) / 1e9);
                assertTrue(given <= most + 1, "seed " + seed + ": " + given + " of " + most);
                assertTrue(given >= most * 0.999 - 50, "seed " + seed + ": " + given + " of " + most);
            }
        }
    }

    @Test
    void keepsNoMoreThanItsBound() {
        var bucket = new TokenBucket(1_000, 200, 0);
        assertEquals(200, bucket.take(3_600_000 * MILLI));
        assertEquals(0, bucket.take(3_600_000 * MILLI));
        assertEquals(100, bucket.take(3_600_100 * MILLI));
    }
}
