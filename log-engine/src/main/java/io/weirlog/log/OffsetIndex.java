package io.weirlog.log;

import io.weirlog.common.Invariant;
import java.lang.foreign.MemorySegment;
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

    private final MemorySegment memory;
    private final long baseOffset;
    private volatile int entries;

    OffsetIndex(MemorySegment memory, long baseOffset, int entries) {
        this.memory = memory;
        this.baseOffset = baseOffset;
        this.entries = entries;
    }

    int entries() {
        return entries;
    }

    boolean isFull() {
        return (entries + 1L) * ENTRY_BYTES > memory.byteSize();
    }

    /// @param lastOffset of the batch at `position`
    void append(long lastOffset, int position) {
        var count = entries;
        var relative = lastOffset - baseOffset;
        Invariant.check(
                relative >= 0 && relative <= Integer.MAX_VALUE, "X1: offset %s in segment %s", lastOffset, baseOffset);
        Invariant.check(
                count == 0 || (relativeOffset(count - 1) < relative && position(count - 1) < position),
                "X1: index entry for offset %s at %s does not increase",
                lastOffset,
                position);
        memory.set(INT, (long) count * ENTRY_BYTES, (int) relative);
        memory.set(INT, (long) count * ENTRY_BYTES + Integer.BYTES, position);
        entries = count + 1;
    }

    /// Where to start scanning for `offset`: no later batch begins at or before it.
    int positionAtOrBefore(long offset) {
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
        return low == 0 ? 0 : position(low - 1);
    }

    /// The last indexed batch that begins at or before `position`; 0 if there is none.
    int indexedPositionAtOrBefore(long position) {
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
        return low == 0 ? 0 : position(low - 1);
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
        return memory.get(INT, (long) entry * ENTRY_BYTES);
    }

    private int position(int entry) {
        return memory.get(INT, (long) entry * ENTRY_BYTES + Integer.BYTES);
    }
}
