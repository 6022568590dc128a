package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waits for what other threads do, at most a while.
final class Await {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final long STEP_NANOS = Duration.ofMillis(2).toNanos();

    private Await() {}

    static void until(String what, BooleanSupplier condition) {
        var deadlineNanos = System.nanoTime() + TIMEOUT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                fail("not within " + TIMEOUT.toSeconds() + " s: " + what);
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }
}
