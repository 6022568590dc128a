package io.weirlog.server.produce;

import io.weirlog.server.RequestMemory;
import java.util.concurrent.atomic.AtomicInteger;

/// The memory of one request, given back when the last of its results is in.
final class MemoryShare {
    private final RequestMemory memory;
    private final long bytes;
    private final AtomicInteger outstanding;

    MemoryShare(RequestMemory memory, long bytes, int results) {
        this.memory = memory;
        this.bytes = bytes;
        this.outstanding = new AtomicInteger(results);
    }

    void release() {
        if (outstanding.decrementAndGet() == 0) {
            memory.release(bytes);
        }
    }
}
