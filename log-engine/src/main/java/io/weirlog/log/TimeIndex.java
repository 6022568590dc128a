package io.weirlog.log;

import io.weirlog.common.Invariant;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Up to which offset no record of a segment is later than a time, in the public layout of `.timeindex` (KIP-33):
///
/// ```
/// byte 0                               8                               12
///      ┌───────────────────────────────┬───────────────────────────────┬─── the next entry
///      │ largest timestamp so far, i64 │ last offset of its batch      │
///      │                               │ minus the segment's base, i32 │
///      └───────────────────────────────┴───────────────────────────────┴───
/// ```
///
/// One thread appends, any thread looks up: an entry is there once [#entries] counts it.
final class TimeIndex {
    static final int ENTRY_BYTES = 12;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final IndexMemory memory;
    private final long baseOffset;
    private volatile int entries;

    /// What the last entry was when it was made or found; the memory may have changed under it since.
    private long lastTimestampMillis = -1;
    private long lastOffset;

    TimeIndex(IndexMemory memory, long baseOffset, int entries) {
        this.memory = memory;
        this.baseOffset = baseOffset;
        this.entries = entries;
        this.lastOffset = baseOffset;
        if (entries > 0) {
            lastTimestampMillis = timestamp(entries - 1);
            lastOffset = offset(entries - 1);
        }
    }

    int entries() {
        return entries;
    }

    /// Takes the memory for the next entry, which is then added without fail.
    void makeRoom() throws IOException {
        memory.upTo((entries + 1L) * ENTRY_BYTES);
    }

    /// The last place is kept free for the entry that closes the segment.
    boolean isFull() {
        return (entries + 2L) * ENTRY_BYTES > memory.bytesMax();
    }

    /// Adds an entry if it is later than all before; an earlier time adds nothing to the index.
    void appendIfLater(long timestampMillis, long offset) throws IOException {
        var count = entries;
        if (timestampMillis <= lastTimestampMillis) {
            return;
        }
        var relative = offset - baseOffset;
        Invariant.check(
                relative >= 0 && relative <= Integer.MAX_VALUE, "X1: offset %s in segment %s", offset, baseOffset);
        var target = memory.upTo((count + 1L) * ENTRY_BYTES);
        target.set(LONG, (long) count * ENTRY_BYTES, timestampMillis);
        target.set(INT, (long) count * ENTRY_BYTES + Long.BYTES, (int) relative);
        lastTimestampMillis = timestampMillis;
        lastOffset = offset;
        entries = count + 1;
    }

    /// How many entries are not later than the time. No batch up to the offset of one of them is later than itself.
    int countUpTo(long timestampMillis) {
        var low = 0;
        var high = entries;
        while (low < high) {
            var middle = (low + high) >>> 1;
            if (timestamp(middle) <= timestampMillis) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// The largest timestamp that was indexed, or −1. By the owner.
    long lastTimestampMillis() {
        return lastTimestampMillis;
    }

    /// The offset that goes with [#lastTimestampMillis]; the base offset if there is none. By the owner.
    long lastOffset() {
        return lastOffset;
    }

    /// Whether the entries can be those of a segment that ends before offset `end`.
    boolean isSane(long end) {
        var previousTime = -1L;
        var previousOffset = baseOffset - 1;
        for (var i = 0; i < entries; i++) {
            if (timestamp(i) <= previousTime || offset(i) <= previousOffset || offset(i) >= end) {
                return false;
            }
            previousTime = timestamp(i);
            previousOffset = offset(i);
        }
        return true;
    }

    long timestamp(int entry) {
        return memory.get().get(LONG, (long) entry * ENTRY_BYTES);
    }

    long offset(int entry) {
        return baseOffset + memory.get().get(INT, (long) entry * ENTRY_BYTES + Long.BYTES);
    }
}
