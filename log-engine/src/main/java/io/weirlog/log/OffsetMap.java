package io.weirlog.log;

import io.weirlog.common.Invariant;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/// The latest offset of each key in a part of a log, in a fixed amount of memory outside the heap.
///
/// Open addressing with linear probing; a slot has 24 bytes and is free while its last field is 0:
///
/// ```
/// byte 0                    8                    16                   24
///      ┌────────────────────┬────────────────────┬────────────────────┐
///      │ hash of the key, low 64 bits, high 64   │ offset plus 1, i64 │
///      └────────────────────┴────────────────────┴────────────────────┘
/// ```
///
/// One thread at a time.
final class OffsetMap implements AutoCloseable {
    static final int SLOT_BYTES = 24;
    private static final int HIGH_AT = 8;
    private static final int OFFSET_AT = 16;
    private static final long SLOTS_MIN = 16;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    private final KeyHash hash;
    private final long slots;
    private final long keysMax;
    private long keys;
    private long greatestOffset;

    /// @param memoryBytes how much memory the slots may take
    /// @param loadFactor which share of the slots may be used
    /// @param keysExpected no more slots are taken than these keys want
    OffsetMap(long memoryBytes, double loadFactor, long keysExpected, KeyHash hash) {
        var wanted = (long) Math.ceil(keysExpected / loadFactor) + 1;
        this.slots = Math.max(SLOTS_MIN, Math.min(memoryBytes / SLOT_BYTES, wanted));
        // One slot stays free whatever the factor is, or a search for an absent key would not end.
        this.keysMax = Math.min((long) (slots * loadFactor), slots - 1);
        this.memory = arena.allocate(slots * SLOT_BYTES, Long.BYTES);
        this.hash = hash;
    }

    long keys() {
        return keys;
    }

    /// Whether so many more keys fit, all of them new.
    boolean hasRoomFor(int moreKeys) {
        return keys + moreKeys <= keysMax;
    }

    /// Remembers the offset as the key's latest. Offsets come in ascending order.
    ///
    /// @param littleEndian what holds the key, in that byte order
    void put(ByteBuffer littleEndian, int keyAt, int keyBytes, long offset) {
        Invariant.check(offset >= greatestOffset, "C1: offset %s is mapped after %s", offset, greatestOffset);
        hash.hash(littleEndian, keyAt, keyBytes);
        var at = find();
        if (memory.get(LONG, at + OFFSET_AT) == 0) {
            Invariant.check(keys < keysMax, "C1: the map has %s keys, at most %s", keys, keysMax);
            keys++;
            memory.set(LONG, at, hash.low());
            memory.set(LONG, at + HIGH_AT, hash.high());
        }
        memory.set(LONG, at + OFFSET_AT, offset + 1);
        greatestOffset = offset;
    }

    /// Whether a later record of this key is known.
    boolean hasLaterThan(ByteBuffer littleEndian, int keyAt, int keyBytes, long offset) {
        hash.hash(littleEndian, keyAt, keyBytes);
        return memory.get(LONG, find() + OFFSET_AT) > offset + 1;
    }

    /// The key's slot, or the free one in which it would be.
    private long find() {
        var low = hash.low();
        var high = hash.high();
        // The high bits of the product are as evenly spread as the hash and cost no division.
        var slot = Math.unsignedMultiplyHigh(low, slots);
        while (true) {
            var at = slot * SLOT_BYTES;
            if (memory.get(LONG, at + OFFSET_AT) == 0
                    || (memory.get(LONG, at) == low && memory.get(LONG, at + HIGH_AT) == high)) {
                return at;
            }
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
