package io.weirlog.log;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// Buffers of 64 KiB for reads, used again by whoever reads next. A thread-local would do on platform threads, but
/// every virtual thread would bring its own.
final class ChunkPool {
    static final int CHUNK_BYTES = 64 * 1024;
    private static final int SLOTS = 64;
    private static final int TRIES = 4;

    private static final AtomicReferenceArray<ByteBuffer> SHARED = new AtomicReferenceArray<>(SLOTS);

    private ChunkPool() {}

    /// A heap buffer, cleared. Give it back with [#giveBack], once.
    static ByteBuffer take() {
        var slot = firstSlot();
        for (var i = 0; i < TRIES; i++) {
            var buffer = SHARED.getAndSet((slot + i) % SLOTS, null);
            if (buffer != null) {
                return buffer.clear();
            }
        }
        return ByteBuffer.allocate(CHUNK_BYTES);
    }

    static void giveBack(ByteBuffer buffer) {
        var slot = firstSlot();
        for (var i = 0; i < TRIES; i++) {
            if (SHARED.compareAndSet((slot + i) % SLOTS, null, buffer)) {
                return;
            }
        }
        // All slots are full: the garbage collector takes it.
    }

    private static int firstSlot() {
        return (int) (Thread.currentThread().threadId() % SLOTS);
    }
}
