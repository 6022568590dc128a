package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.InvariantViolation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffsetMapTest {
    private static final KeyHash HASH = new KeyHash(1, 2);

    private static ByteBuffer key(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// The first vectors that the authors of SipHash publish for 128 bits: key 00 to 0f, message 00, 01 and so on.
    @Test
    void theHashIsSipHash() {
        var hash = new KeyHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
        var message = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        for (var i = 0; i < message.capacity(); i++) {
            message.put(i, (byte) i);
        }
        hash.hash(message, 0, 0);
        assertEquals(0xe6a825ba047f81a3L, hash.low());
        assertEquals(0x930255c71472f66dL, hash.high());
        hash.hash(message, 0, 1);
        assertEquals(0x44af996bd8c187daL, hash.low());
        assertEquals(0x45fc229b11597634L, hash.high());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void itKnowsWhatAMapOnTheHeapKnows(int seed) {
        var random = new Random(seed);
        var known = new HashMap<String, Long>();
        var keysMax = 1 + random.nextInt(2000);
        try (var map = new OffsetMap(keysMax * 32L, 0.75, Long.MAX_VALUE / 2, HASH)) {
            var offset = (long) random.nextInt(100);
            for (var i = 0; i < 10_000 && map.hasRoomFor(1); i++) {
                var name = "key-" + "x".repeat(random.nextInt(20)) + random.nextInt(keysMax);
                map.put(key(name), 0, name.length(), offset);
                known.put(name, offset);
                offset += random.nextInt(3);
                assertEquals(known.size(), map.keys());
                var other = "key-" + "x".repeat(random.nextInt(20)) + random.nextInt(keysMax);
                var asked = Math.max(0, offset - random.nextInt(20));
                assertEquals(
                        known.getOrDefault(other, -1L) > asked,
                        map.hasLaterThan(key(other), 0, other.length(), asked),
                        "seed " + seed + ", " + other + " at " + asked);
            }
        }
    }

    @Test
    void itTakesNoMoreThanItsRoomAndNoMoreThanItNeeds() {
        try (var map = new OffsetMap(100 * OffsetMap.SLOT_BYTES, 0.5, 1_000_000, HASH)) {
            for (var i = 0; map.hasRoomFor(1); i++) {
                var name = "k" + i;
                map.put(key(name), 0, name.length(), i);
            }
            assertEquals(50, map.keys());
            assertFalse(map.hasLaterThan(key("absent"), 0, 6, 0));
            map.put(key("k3"), 0, 2, 70);
            assertTrue(map.hasLaterThan(key("k3"), 0, 2, 69));
            assertThrows(InvariantViolation.class, () -> map.put(key("more"), 0, 4, 70));
            assertThrows(InvariantViolation.class, () -> map.put(key("k3"), 0, 2, 69));
        }
        try (var small = new OffsetMap(1L << 50, 0.75, 10, HASH)) {
            assertTrue(small.hasRoomFor(10));
            assertFalse(small.hasRoomFor(20));
        }
    }
}
