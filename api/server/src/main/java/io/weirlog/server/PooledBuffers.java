package io.weirlog.server;

import io.netty.buffer.PooledByteBufAllocator;
import io.weirlog.wire.BufferSource;

/// Memory for received messages from the network library's own pool, outside of the heap.
final class PooledBuffers implements BufferSource {
    @Override
    public Lease take(int bytes) {
        var memory = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        return new Lease(memory.nioBuffer(0, bytes), memory::release);
    }
}
