package io.weirlog.server;

import java.util.concurrent.atomic.AtomicLong;

/// Bounds what all appends that are not yet answered hold together, over the whole node.
public final class RequestMemory {
    private final long bytesMax;
    private final AtomicLong bytesInUse = new AtomicLong();

    public RequestMemory(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /// Takes `bytes` or, if they are not there, nothing.
    public boolean tryAcquire(long bytes) {
        if (bytesInUse.addAndGet(bytes) > bytesMax) {
            bytesInUse.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    public void release(long bytes) {
        bytesInUse.addAndGet(-bytes);
    }
}
