package io.weirlog.record;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One record with its own copy of the bytes; [RecordReader] gives the same without copies.
@SuppressWarnings({"ArrayRecordComponent", "JavaLangClash"}) // Equality is by content; the field's word is "record".
public record Record(
        long offset, long timestampMillis, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Record that
                && offset == that.offset
                && timestampMillis == that.timestampMillis
                && Arrays.equals(key, that.key)
                && Arrays.equals(value, that.value)
                && headers.equals(that.headers);
    }

    @Override
    public int hashCode() {
        return Objects.hash(offset, timestampMillis, Arrays.hashCode(key), Arrays.hashCode(value), headers);
    }
}
