package io.weirlog.server.produce;

import io.weirlog.server.RequestMemory;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// The memory of one request, given back when the last of its results is in.
final class MemoryShare {
    private final RequestMemory memory;
    private final Optional<SocketAddress> peer;
    private final long bytes;
    private final AtomicInteger outstanding;

    /// @param peer for whom it was taken
    MemoryShare(RequestMemory memory, Optional<SocketAddress> peer, long bytes, int results) {
        this.memory = memory;
        this.peer = peer;
        this.bytes = bytes;
        this.outstanding = new AtomicInteger(results);
    }

    void release() {
        if (outstanding.decrementAndGet() == 0) {
            memory.release(peer, bytes);
        }
    }
}
