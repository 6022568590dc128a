package io.weirlog.client;

import io.netty.buffer.PooledByteBufAllocator;
import io.weirlog.wire.BufferSource;

/// Memory for received records: of the heap, and what is large comes from the network library's pool. Garbage
/// collectors treat arrays of half a mebibyte and more as a case of their own, which takes more processor time than
/// reading the records; and a buffer of the pool that is forgotten is garbage like any other.
final class ReceiveBuffers implements BufferSource {
    private static final int POOLED_BYTES_MIN = 64 * 1024;

    @Override
    public Lease take(int bytes) {
        if (bytes < POOLED_BYTES_MIN) {
            return HEAP.take(bytes);
        }
        var memory = PooledByteBufAllocator.DEFAULT.heapBuffer(bytes, bytes);
        return new Lease(memory.nioBuffer(0, bytes), memory::release);
    }
}
