package io.weirlog.record;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A header of a record (KIP-82): a name, not necessarily unique, and bytes or null. The bytes are not copied.
@SuppressWarnings("ArrayRecordComponent") // Equality is by content, below; a copy per header would be waste.
public record RecordHeader(String key, byte @Nullable [] value) {
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RecordHeader that && key.equals(that.key) && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, Arrays.hashCode(value));
    }

    @Override
    public String toString() {
        return key + "=" + (value == null ? "null" : value.length + " bytes");
    }
}
