package io.weirlog.server.request;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LogBudgetTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void tellsHowManyWereLeftOut() {
        var budget = new LogBudget(2, Duration.ofSeconds(1));
        var begin = Long.MAX_VALUE - 5; // Clocks of nanoseconds wrap.
        assertEquals(OptionalLong.of(0), budget.take(begin));
        assertEquals(OptionalLong.of(0), budget.take(begin + 1));
        for (var i = 2; i < 9; i++) {
            assertEquals(OptionalLong.empty(), budget.take(begin + i));
        }
        assertEquals(OptionalLong.empty(), budget.take(begin + SECOND - 1));
        assertEquals(OptionalLong.of(8), budget.take(begin + SECOND));
        assertEquals(OptionalLong.of(0), budget.take(begin + SECOND + 1));
        assertEquals(OptionalLong.empty(), budget.take(begin + SECOND + 2));
    }
}
