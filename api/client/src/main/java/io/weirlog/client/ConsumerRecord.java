package io.weirlog.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordHeader;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A record that was read, with its own copy of the bytes.
public final class ConsumerRecord {
    private final PartitionRef partition;
    private final long offset;
    private final long timestampMillis;
    private final byte @Nullable [] key;
    private final byte @Nullable [] value;
    private final List<RecordHeader> headers;

    /// @param timestampMillis as the record format has it: -1 for none
    ConsumerRecord(
            PartitionRef partition,
            long offset,
            long timestampMillis,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers) {
        this.partition = partition;
        this.offset = offset;
        this.timestampMillis = timestampMillis;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }

    public String topic() {
        return partition.topic();
    }

    public int partition() {
        return partition.partition();
    }

    /// Topic and partition in one.
    public PartitionRef partitionRef() {
        return partition;
    }

    public long offset() {
        return offset;
    }

    /// Milliseconds since 1970: when it was written or appended, as the topic says. Empty if its writer gave none.
    public OptionalLong timestampMillis() {
        return timestampMillis == BatchFormat.NO_TIMESTAMP ? OptionalLong.empty() : OptionalLong.of(timestampMillis);
    }

    public byte @Nullable [] key() {
        return key;
    }

    public byte @Nullable [] value() {
        return value;
    }

    /// The key read as UTF-8.
    public Optional<String> keyText() {
        return Optional.ofNullable(key).map(bytes -> new String(bytes, UTF_8));
    }

    /// The value read as UTF-8.
    public Optional<String> valueText() {
        return Optional.ofNullable(value).map(bytes -> new String(bytes, UTF_8));
    }

    public List<RecordHeader> headers() {
        return headers;
    }

    @Override
    public String toString() {
        return partition + "@" + offset;
    }
}
