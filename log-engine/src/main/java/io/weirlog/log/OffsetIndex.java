package io.weirlog.log;

import io.weirlog.common.Invariant;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Where some of a segment's batches begin, in the public layout of `.index`:
///
/// ```
/// byte 0                               4             8
///      ┌───────────────────────────────┬─────────────┬─── the next entry
///      │ last offset of the batch      │ position of │
///      │ minus the segment's base, i32 │ the batch,  │
///      │                               │ i32         │
///      └───────────────────────────────┴─────────────┴───
/// ```
///
/// One thread appends, any thread looks up: an entry is there once [#entries] counts it.
final class OffsetIndex {
    static final int ENTRY_BYTES = 8;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final IndexMemory memory;
    private final long baseOffset;
    private volatile int entries;

    /// What the last entry was when it was made or found; the memory may have changed under it since.
    private long lastRelativeOffset = -1;
    private int lastPosition = -1;

    OffsetIndex(IndexMemory memory, long baseOffset, int entries) {
        this.memory = memory;
        this.baseOffset = baseOffset;
        this.entries = entries;
        if (entries > 0) {
            lastRelativeOffset = relativeOffset(entries - 1);
            lastPosition = position(entries - 1);
        }
    }

    int entries() {
        return entries;
    }

    /// Takes the memory for the next entry, which is then added without fail.
    void makeRoom() throws IOException {
        memory.upTo((entries + 1L) * ENTRY_BYTES);
    }

    boolean isFull() {
        return (entries + 1L) * ENTRY_BYTES > memory.bytesMax();
    }

    /// @param lastOffset of the batch at `position`
    void append(long lastOffset, int position) throws IOException {
        var count = entries;
        var relative = lastOffset - baseOffset;
        Invariant.check(
                relative >= 0 && relative <= Integer.MAX_VALUE, "X1: offset %s in segment %s", lastOffset, baseOffset);
        Invariant.check(
                lastRelativeOffset < relative && lastPosition < position,
                "X1: index entry for offset %s at %s does not increase",
                lastOffset,
                position);
        var target = memory.upTo((count + 1L) * ENTRY_BYTES);
        target.set(INT, (long) count * ENTRY_BYTES, (int) relative);
        target.set(INT, (long) count * ENTRY_BYTES + Integer.BYTES, position);
        lastRelativeOffset = relative;
        lastPosition = position;
        entries = count + 1;
    }

    /// How many entries are of batches that end at or before `offset`. The last of these tells where to start scanning
    /// for it, the front of the segment if there is none.
    int countUpTo(long offset) {
        var relative = offset - baseOffset;
        var low = 0;
        var high = entries;
        while (low < high) {
            var middle = (low + high) >>> 1;
            if (relativeOffset(middle) <= relative) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// How many entries are of batches that begin at or before `position`.
    int countUpToPosition(long position) {
        var low = 0;
        var high = entries;
        while (low < high) {
            var middle = (low + high) >>> 1;
            if (position(middle) <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// The last offset of the batch of an entry.
    long lastOffset(int entry) {
        return baseOffset + relativeOffset(entry);
    }

    /// Whether the entries can be those of a segment of this size; a lost or torn page shows here.
    boolean isSane(long logBytes) {
        var previousOffset = -1;
        var previousPosition = -1;
        for (var i = 0; i < entries; i++) {
            if (relativeOffset(i) <= previousOffset || position(i) <= previousPosition) {
                return false;
            }
            previousOffset = relativeOffset(i);
            previousPosition = position(i);
        }
        return previousPosition < logBytes;
    }

    private int relativeOffset(int entry) {
        return memory.get().get(INT, (long) entry * ENTRY_BYTES);
    }

    /// Where the batch of an entry begins.
    int position(int entry) {
        return memory.get().get(INT, (long) entry * ENTRY_BYTES + Integer.BYTES);
    }
}
