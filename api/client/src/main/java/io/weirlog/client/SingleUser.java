package io.weirlog.client;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Guards what only one thread at a time may use: a second one is told instead of spoiling the first one's work. Any
/// thread may end it.
final class SingleUser {
    private final String what;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean ended;

    SingleUser(String what) {
        this.what = what;
    }

    /// @throws IllegalStateException if another thread is using it, or it has ended
    <T> T alone(Supplier<T> action) {
        if (!lock.isHeldByCurrentThread()) {
            checkOpen();
        }
        if (!lock.tryLock()) {
            throw new IllegalStateException("another thread is using this " + what);
        }
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /// @throws IllegalStateException if it has ended
    void checkOpen() {
        if (ended) {
            throw new IllegalStateException("the " + what + " is closed");
        }
    }

    void end() {
        ended = true;
    }

    /// Runs the last action when the user is gone, who has at most `timeout` for that. The action itself may still
    /// use it.
    void afterwards(Runnable action, Duration timeout) {
        try {
            if (lock.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                try {
                    action.run();
                } finally {
                    lock.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
