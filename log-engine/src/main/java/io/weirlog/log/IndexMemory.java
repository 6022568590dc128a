package io.weirlog.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// The bytes of an index. They grow with its entries, for a map of all the room that an index may need costs much even
/// where it is empty: the kernel backs the first store into it with pages of up to 2 MiB.
///
/// One thread grows it, any thread reads: what was mapped before stays valid and shows the same bytes.
final class IndexMemory {
    private static final long FIRST_BYTES = 4096;
    private static final int GROWTH = 4;

    private final long bytesMax;
    private final Mapping mapping;
    private volatile MemorySegment memory;

    /// Gives the first bytes of the index as memory, the new ones being zero.
    @FunctionalInterface
    interface Mapping {
        MemorySegment map(long sizeBytes) throws IOException;
    }

    /// @param usedBytes what the entries take that are there
    /// @param bytesMax the most that it may grow to
    IndexMemory(long usedBytes, long bytesMax, Mapping mapping) throws IOException {
        this.bytesMax = Math.max(usedBytes, bytesMax);
        this.mapping = mapping;
        this.memory = usedBytes == 0 ? MemorySegment.NULL : mapping.map(usedBytes);
    }

    long bytesMax() {
        return bytesMax;
    }

    MemorySegment get() {
        return memory;
    }

    /// Memory for an entry that ends at this byte.
    MemorySegment upTo(long end) throws IOException {
        var current = memory;
        if (end <= current.byteSize()) {
            return current;
        }
        var wanted = Math.max(end, Math.max(FIRST_BYTES, GROWTH * current.byteSize()));
        var grown = mapping.map(Math.min(wanted, bytesMax));
        memory = grown;
        return grown;
    }
}
