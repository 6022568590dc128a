package io.weirlog.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.weirlog.record.RecordHeader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A record to write. Immutable, but keeps the arrays that it is given: they must not change until the send is done.
public final class ProducerRecord {
    private static final int ANY_PARTITION = Integer.MIN_VALUE;
    private static final long TIME_OF_SEND = Long.MIN_VALUE;

    private final String topic;
    private final int partition;
    private final byte @Nullable [] key;
    private final byte @Nullable [] value;
    private final List<RecordHeader> headers;
    private final long timestampMillis;

    private ProducerRecord(
            String topic,
            int partition,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers,
            long timestampMillis) {
        this.topic = topic;
        this.partition = partition;
        this.key = key;
        this.value = value;
        this.headers = headers;
        this.timestampMillis = timestampMillis;
    }

    /// A record without a key: it goes to any partition, unless the producer has a [Partitioner] that says otherwise.
    public static ProducerRecord of(String topic, byte @Nullable [] value) {
        return of(topic, null, value);
    }

    /// Records with equal keys go to the same partition, unless the producer has a [Partitioner] that says otherwise. A
    /// null value deletes the key in a compacted topic.
    public static ProducerRecord of(String topic, byte @Nullable [] key, byte @Nullable [] value) {
        return new ProducerRecord(topic, ANY_PARTITION, key, value, List.of(), TIME_OF_SEND);
    }

    /// The value as UTF-8.
    public static ProducerRecord of(String topic, String value) {
        return of(topic, null, value.getBytes(UTF_8));
    }

    /// Key and value as UTF-8.
    public static ProducerRecord of(String topic, String key, String value) {
        return of(topic, key.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    /// The same record for this partition, whatever its key.
    public ProducerRecord toPartition(int partition) {
        var checked = new PartitionRef(topic, partition);
        return new ProducerRecord(topic, checked.partition(), key, value, headers, timestampMillis);
    }

    /// The same record with a time of its own, in milliseconds since 1970, instead of the time of its send.
    public ProducerRecord at(long timestampMillis) {
        if (timestampMillis < 0) {
            throw new IllegalArgumentException("a timestamp before 1970: " + timestampMillis + " ms");
        }
        return new ProducerRecord(topic, partition, key, value, headers, timestampMillis);
    }

    /// The same record with a time of its own instead of the time of its send.
    public ProducerRecord at(Instant timestamp) {
        return at(timestamp.toEpochMilli());
    }

    /// The same record with one more header.
    public ProducerRecord withHeader(String key, byte @Nullable [] value) {
        var extended = new ArrayList<>(headers);
        extended.add(new RecordHeader(key, value));
        return withHeaders(extended);
    }

    /// The same record with these headers instead of its own.
    public ProducerRecord withHeaders(List<RecordHeader> headers) {
        return new ProducerRecord(topic, partition, key, value, List.copyOf(headers), timestampMillis);
    }

    public String topic() {
        return topic;
    }

    public byte @Nullable [] key() {
        return key;
    }

    public byte @Nullable [] value() {
        return value;
    }

    public List<RecordHeader> headers() {
        return headers;
    }

    /// Empty: the producer chooses.
    public OptionalInt partition() {
        return partition == ANY_PARTITION ? OptionalInt.empty() : OptionalInt.of(partition);
    }

    /// Empty: the time of the send.
    public OptionalLong timestampMillis() {
        return timestampMillis == TIME_OF_SEND ? OptionalLong.empty() : OptionalLong.of(timestampMillis);
    }
}
