package io.weirlog.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Waits for what other threads or processes bring about. A test fails if it does not come about within [#MAX], which
/// is long: a busy machine is no fault.
public final class Await {
    private static final Duration MAX = Duration.ofSeconds(60);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private Await() {}

    @FunctionalInterface
    public interface Condition<E extends Exception> {
        boolean holds() throws E;
    }

    /// Where the line that waits says enough.
    public static <E extends Exception> void await(Condition<E> condition) throws E {
        await("it has not come about", condition);
    }

    /// @param what the condition in words, for the failure
    public static <E extends Exception> void await(String what, Condition<E> condition) throws E {
        await(() -> what, condition);
    }

    /// @param what asked for when it has not come about
    public static <E extends Exception> void await(Supplier<String> what, Condition<E> condition) throws E {
        long deadlineNanos = System.nanoTime() + MAX.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new AssertionError("not within " + MAX.toSeconds() + " s: " + what.get());
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("interrupted while waiting: " + what.get());
            }
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
    }
}
