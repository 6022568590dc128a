package io.weirlog.log;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

/// Buffers of 64 KiB that are used again by whoever needs one next, so that an idle log holds none. A thread-local
/// would do on platform threads, but every virtual thread would bring its own.
final class ChunkPool {
    static final int CHUNK_BYTES = 64 * 1024;

    /// On the heap, for what is read.
    static final ChunkPool HEAP = new ChunkPool(ByteBuffer::allocate);
    /// Off the heap, for what is written: the JDK would copy it there.
    static final ChunkPool DIRECT = new ChunkPool(ByteBuffer::allocateDirect);

    private static final int SLOTS = 64;
    private static final int TRIES = 4;

    private final AtomicReferenceArray<ByteBuffer> shared = new AtomicReferenceArray<>(SLOTS);
    private final IntFunction<ByteBuffer> allocator;

    private ChunkPool(IntFunction<ByteBuffer> allocator) {
        this.allocator = allocator;
    }

    /// A cleared buffer. Give it back with [#giveBack], once.
    ByteBuffer take() {
        var slot = firstSlot();
        for (var i = 0; i < TRIES; i++) {
            var buffer = shared.getAndSet((slot + i) % SLOTS, null);
            if (buffer != null) {
                return buffer.clear();
            }
        }
        return allocator.apply(CHUNK_BYTES);
    }

    void giveBack(ByteBuffer buffer) {
        var slot = firstSlot();
        for (var i = 0; i < TRIES; i++) {
            if (shared.compareAndSet((slot + i) % SLOTS, null, buffer)) {
                return;
            }
        }
        // All slots are full: the garbage collector takes it.
    }

    private static int firstSlot() {
        return (int) (Thread.currentThread().threadId() % SLOTS);
    }
}
