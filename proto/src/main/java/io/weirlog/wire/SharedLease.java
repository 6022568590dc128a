package io.weirlog.wire;

import java.util.concurrent.atomic.AtomicInteger;

/// Memory that several payloads share: given back when the last of them is closed.
final class SharedLease {
    private final Runnable release;
    private final AtomicInteger holders;

    SharedLease(Runnable release, int holders) {
        this.release = release;
        this.holders = new AtomicInteger(holders);
    }

    /// One holder more; only for somebody who holds it already.
    void retain() {
        holders.incrementAndGet();
    }

    void release() {
        if (holders.decrementAndGet() == 0) {
            release.run();
        }
    }
}
