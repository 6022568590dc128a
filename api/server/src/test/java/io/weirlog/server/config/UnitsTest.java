package io.weirlog.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({"0,0", "12,12", "1KiB,1024", "1kB,1000", "64 MiB,67108864", "2GB,2000000000", "1TiB,1099511627776"})
    void sizesHaveBinaryAndDecimalUnits(String text, long bytes) {
        assertEquals(bytes, Units.parseBytes(text));
    }

    @ParameterizedTest
    @CsvSource({"0ms,0", "250ms,250", "30s,30000", "5m,300000", "5min,300000", "2h,7200000", "7d,604800000"})
    void durationsHaveUnits(String text, long millis) {
        assertEquals(Duration.ofMillis(millis), Units.parseDuration(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "30", "s", "1.5s", "-1s", "1 week", "1S", "999999999999999999d", "١s"})
    void whatIsNoDurationIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Units.parseDuration(text));
    }

    @Test
    void whatIsShownReadsBackAsTheSame() {
        long seed = 7171;
        var random = new SplittableRandom(seed);
        for (int round = 0; round < 10_000; round++) {
            long value = random.nextLong(1L << random.nextInt(1, 45)) << random.nextInt(10);
            assertEquals(value, Units.parseBytes(Units.showBytes(value)), () -> "seed " + seed);
            var duration = Duration.ofMillis(random.nextBoolean() ? value : value / 1_000 * 1_000);
            assertEquals(duration, Units.parseDuration(Units.showDuration(duration)), () -> "seed " + seed);
        }
    }
}
