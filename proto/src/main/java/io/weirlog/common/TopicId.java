package io.weirlog.common;

import java.nio.ByteBuffer;
import java.util.UUID;

/// Names one creation of a topic: a topic deleted and created again under its name has another id, so nothing meant for
/// the first ever reaches the second (M4).
public record TopicId(UUID value) implements Comparable<TopicId> {
    /// The length of [#toBytes].
    public static final int BYTES = 16;

    public static TopicId parse(String text) {
        return new TopicId(UUID.fromString(text));
    }

    /// Reads the 16 bytes that [#toBytes] wrote.
    ///
    /// @throws IllegalArgumentException if there are not exactly 16
    public static TopicId fromBytes(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a topic id has " + BYTES + " bytes, not " + bytes.length);
        }
        var buffer = ByteBuffer.wrap(bytes);
        return new TopicId(new UUID(buffer.getLong(), buffer.getLong()));
    }

    /// The id as 16 bytes, most significant first.
    public byte[] toBytes() {
        return ByteBuffer.allocate(BYTES)
                .putLong(value.getMostSignificantBits())
                .putLong(value.getLeastSignificantBits())
                .array();
    }

    @Override
    public int compareTo(TopicId that) {
        return value.compareTo(that.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
