package io.weirlog.wire;

import java.nio.ByteBuffer;

/// Where memory for received messages comes from.
public interface BufferSource {
    /// Memory of the heap, left to the garbage collector.
    BufferSource HEAP = bytes -> new Lease(ByteBuffer.allocate(bytes), () -> {});

    /// Memory of exactly `bytes`; the gRPC message limit has bounded that number before.
    Lease take(int bytes);

    /// A buffer at position 0 and what gives it back.
    record Lease(ByteBuffer buffer, Runnable release) {}
}
