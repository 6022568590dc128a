package io.weirlog.client;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Counts the bytes of records that are handed over and not yet done, and makes senders wait when there are too many.
///
/// Without waiters a reservation is one compare-and-set. The lock is only for waiting: first come, first served, and
/// nobody overtakes a waiter, so a large record is not starved by small ones.
final class BufferMemory {
    private final AtomicLong free;
    private final AtomicInteger waiters = new AtomicInteger();
    private final ReentrantLock turn = new ReentrantLock(true);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();

    BufferMemory(long bytes) {
        free = new AtomicLong(bytes);
    }

    /// False if there was no room for so long.
    boolean reserve(long bytes, long timeoutNanos) throws InterruptedException {
        if (waiters.get() == 0 && tryTake(bytes)) {
            return true;
        }
        var deadlineNanos = System.nanoTime() + timeoutNanos;
        waiters.incrementAndGet();
        try {
            if (!turn.tryLock(timeoutNanos, TimeUnit.NANOSECONDS)) {
                return false;
            }
            try {
                return await(bytes, deadlineNanos);
            } finally {
                turn.unlock();
            }
        } finally {
            waiters.decrementAndGet();
        }
    }

    private boolean await(long bytes, long deadlineNanos) throws InterruptedException {
        lock.lock();
        try {
            while (!tryTake(bytes)) {
                var remainingNanos = deadlineNanos - System.nanoTime();
                if (remainingNanos <= 0) {
                    return false;
                }
                released.awaitNanos(remainingNanos);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean tryTake(long bytes) {
        while (true) {
            var now = free.get();
            if (now < bytes) {
                return false;
            }
            if (free.compareAndSet(now, now - bytes)) {
                return true;
            }
        }
    }

    void release(long bytes) {
        free.addAndGet(bytes);
        if (waiters.get() > 0) {
            lock.lock();
            try {
                released.signal();
            } finally {
                lock.unlock();
            }
        }
    }

    /// Whether someone waits for room: then nothing should linger.
    boolean isShort() {
        return waiters.get() > 0;
    }

    long freeBytes() {
        return free.get();
    }
}
