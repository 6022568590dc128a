package io.weirlog.record;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Encodes records into one batch. Not thread-safe.
///
/// Records go straight into the buffer that becomes the batch, or the input of its compression; no object is made
/// per record. The base offset is 0 and the leader epoch −1, as producers send them.
public final class RecordBatchBuilder {
    /// The largest batch or array that is ever made.
    private static final int BYTES_MAX = Integer.MAX_VALUE - 8;

    private static final int NULL_LENGTH = -1;
    private static final byte RECORD_ATTRIBUTES = 0;

    private final Compression compression;
    private final int initialBytes;
    private byte[] array;
    private int size = BatchFormat.HEADER_BYTES;
    private int recordCount;
    private long baseTimestamp;
    private long maxTimestamp = BatchFormat.NO_TIMESTAMP;
    private int attributeBits;
    private long producerId = BatchFormat.NO_PRODUCER_ID;
    private short producerEpoch = BatchFormat.NO_PRODUCER_EPOCH;
    private int baseSequence = BatchFormat.NO_SEQUENCE;

    /// @param initialBytes the buffer's first size; it grows as needed
    public RecordBatchBuilder(Compression compression, int initialBytes) {
        this.compression = compression;
        this.initialBytes = Math.max(initialBytes, BatchFormat.HEADER_BYTES);
        this.array = new byte[this.initialBytes];
    }

    /// Adds a record; the bytes are copied into the batch.
    ///
    /// @throws IllegalStateException if the batch would pass 2 GiB; see [#estimatedBytesWith]
    public void append(
            long timestampMillis, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
        var keyLength = key == null ? NULL_LENGTH : key.length;
        var valueLength = value == null ? NULL_LENGTH : value.length;
        startRecord(timestampMillis, keyLength, valueLength, headers);
        putBytes(key, 0, keyLength);
        putBytes(value, 0, valueLength);
        endRecord(timestampMillis, headers);
    }

    /// Adds a record without headers whose key and value are parts of larger arrays.
    public void append(
            long timestampMillis,
            byte @Nullable [] key,
            int keyOffset,
            int keyLength,
            byte @Nullable [] value,
            int valueOffset,
            int valueLength) {
        var keyBytes = key == null ? NULL_LENGTH : keyLength;
        var valueBytes = value == null ? NULL_LENGTH : valueLength;
        startRecord(timestampMillis, keyBytes, valueBytes, List.of());
        putBytes(key, keyOffset, keyBytes);
        putBytes(value, valueOffset, valueBytes);
        endRecord(timestampMillis, List.of());
    }

    /// Adds a record whose key and value are the remaining bytes of buffers; their positions stay.
    public void append(
            long timestampMillis, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<RecordHeader> headers) {
        startRecord(
                timestampMillis,
                key == null ? NULL_LENGTH : key.remaining(),
                value == null ? NULL_LENGTH : value.remaining(),
                headers);
        putBytes(key);
        putBytes(value);
        endRecord(timestampMillis, headers);
    }

    public int recordCount() {
        return recordCount;
    }

    public boolean isEmpty() {
        return recordCount == 0;
    }

    /// The size of the batch so far before compression. Incompressible records may come out slightly larger.
    public int estimatedBytes() {
        return size;
    }

    /// An upper bound of [#estimatedBytes] after one more record of these lengths (null counts as 0) without
    /// headers, or
    /// with headers of `headerBytes` together.
    public long estimatedBytesWith(long keyBytes, long valueBytes, long headerBytes) {
        return size + recordBytesMax(keyBytes, valueBytes, headerBytes);
    }

    /// An upper bound of what one record takes; see [#headerBytesMax].
    public static long recordBytesMax(long keyBytes, long valueBytes, long headerBytes) {
        return 5 * Varints.INT_BYTES_MAX + Varints.LONG_BYTES_MAX + 1 + keyBytes + valueBytes + headerBytes;
    }

    /// An upper bound of what these headers take in a record.
    public static long headerBytesMax(List<RecordHeader> headers) {
        var bytes = 0L;
        for (var header : headers) {
            var value = header.value();
            bytes += 2L * Varints.INT_BYTES_MAX + 3L * header.key().length() + (value == null ? 0 : value.length);
        }
        return bytes;
    }

    /// Says which producer sends the batch, for the detection of duplicates; `baseSequence` is that of the first
    /// record.
    public void producer(long id, short epoch, int baseSequence) {
        this.producerId = id;
        this.producerEpoch = epoch;
        this.baseSequence = baseSequence;
    }

    /// Makes the batch part of its producer's transaction.
    public void transactional() {
        attributeBits |= BatchFormat.TRANSACTIONAL_BIT;
    }

    /// Makes the batch one of the broker's markers; clients may not send such.
    public void control() {
        attributeBits |= BatchFormat.CONTROL_BIT;
    }

    /// The complete batch, which belongs to the caller: [#reset] does not touch it.
    ///
    /// @throws IllegalStateException if there is no record, since no log accepts that
    public ByteBuffer build() {
        var batch = buildUnsealed();
        RecordBatch.stampCrc(batch, 0);
        return batch;
    }

    /// As [#build], but without the checksum, for whoever learns only later what [RecordBatch#stampProducer] stamps.
    public ByteBuffer buildUnsealed() {
        if (recordCount == 0) {
            throw new IllegalStateException("a batch needs at least one record");
        }
        if (compression == Compression.NONE) {
            var batch = ByteBuffer.wrap(array, 0, size).slice();
            writeHeader(batch);
            array = new byte[0];
            return batch;
        }
        var bodyBytes = size - BatchFormat.HEADER_BYTES;
        var out = new GrowingBytes(BatchFormat.HEADER_BYTES + Math.max(512, bodyBytes / 2), BYTES_MAX);
        out.advance(BatchFormat.HEADER_BYTES);
        compression.compress(array, BatchFormat.HEADER_BYTES, bodyBytes, out);
        var batch = ByteBuffer.wrap(out.array(), 0, out.size()).slice();
        writeHeader(batch);
        return batch;
    }

    /// Forgets the records and the producer, so that the next batch can be built.
    public void reset() {
        if (array.length == 0) {
            array = new byte[initialBytes];
        }
        size = BatchFormat.HEADER_BYTES;
        recordCount = 0;
        maxTimestamp = BatchFormat.NO_TIMESTAMP;
        attributeBits = 0;
        producer(BatchFormat.NO_PRODUCER_ID, BatchFormat.NO_PRODUCER_EPOCH, BatchFormat.NO_SEQUENCE);
    }

    private void writeHeader(ByteBuffer batch) {
        batch.putLong(BatchFormat.BASE_OFFSET_AT, 0);
        batch.putInt(BatchFormat.LENGTH_AT, batch.limit() - BatchFormat.PREFIX_BYTES);
        batch.putInt(BatchFormat.LEADER_EPOCH_AT, BatchFormat.NO_LEADER_EPOCH);
        batch.put(BatchFormat.MAGIC_AT, BatchFormat.MAGIC);
        batch.putShort(BatchFormat.ATTRIBUTES_AT, (short) (attributeBits | compression.id()));
        batch.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, recordCount - 1);
        batch.putLong(BatchFormat.BASE_TIMESTAMP_AT, baseTimestamp);
        batch.putLong(BatchFormat.MAX_TIMESTAMP_AT, maxTimestamp);
        batch.putLong(BatchFormat.PRODUCER_ID_AT, producerId);
        batch.putShort(BatchFormat.PRODUCER_EPOCH_AT, producerEpoch);
        batch.putInt(BatchFormat.BASE_SEQUENCE_AT, baseSequence);
        batch.putInt(BatchFormat.RECORD_COUNT_AT, recordCount);
    }

    /// Writes everything before the key: the length needs to be known first, since it is a varint.
    private void startRecord(long timestampMillis, int keyLength, int valueLength, List<RecordHeader> headers) {
        if (array.length == 0) {
            throw new IllegalStateException("the batch is built: reset() starts the next one");
        }
        if (recordCount == 0) {
            baseTimestamp = timestampMillis;
        }
        var timestampDelta = timestampMillis - baseTimestamp;
        var bodyBytes = 1L
                + Varints.sizeOf(timestampDelta)
                + Varints.sizeOf(recordCount)
                + fieldBytes(keyLength)
                + fieldBytes(valueLength)
                + Varints.sizeOf(headers.size());
        for (var i = 0; i < headers.size(); i++) {
            var header = headers.get(i);
            var value = header.value();
            bodyBytes += fieldBytes(utf8Length(header.key())) + fieldBytes(value == null ? NULL_LENGTH : value.length);
        }
        ensureRoom(bodyBytes + Varints.INT_BYTES_MAX);
        size = Varints.write(array, size, (int) bodyBytes);
        array[size++] = RECORD_ATTRIBUTES;
        size = Varints.write(array, size, timestampDelta);
        size = Varints.write(array, size, recordCount);
    }

    private void endRecord(long timestampMillis, List<RecordHeader> headers) {
        size = Varints.write(array, size, headers.size());
        for (var i = 0; i < headers.size(); i++) {
            var header = headers.get(i);
            var key = header.key().getBytes(UTF_8);
            putBytes(key, 0, key.length);
            var value = header.value();
            putBytes(value, 0, value == null ? NULL_LENGTH : value.length);
        }
        recordCount++;
        maxTimestamp = Math.max(maxTimestamp, timestampMillis);
    }

    private void putBytes(byte @Nullable [] source, int offset, int length) {
        size = Varints.write(array, size, length);
        if (source != null) {
            System.arraycopy(source, offset, array, size, length);
            size += length;
        }
    }

    private void putBytes(@Nullable ByteBuffer source) {
        var length = source == null ? NULL_LENGTH : source.remaining();
        size = Varints.write(array, size, length);
        if (source != null) {
            source.get(source.position(), array, size, length);
            size += length;
        }
    }

    private void ensureRoom(long bytes) {
        var needed = size + bytes;
        if (needed > BYTES_MAX) {
            throw new IllegalStateException("a batch cannot have more than " + BYTES_MAX + " bytes");
        }
        if (needed > array.length) {
            array = Arrays.copyOf(array, (int) Math.min(BYTES_MAX, Math.max(needed, 2L * array.length)));
        }
    }

    private static long fieldBytes(int length) {
        return Varints.sizeOf(length) + (long) Math.max(length, 0);
    }

    /// What [String#getBytes] will make of the text in UTF-8; a lone surrogate becomes `?`.
    private static int utf8Length(String text) {
        var bytes = 0;
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else {
                bytes++;
            }
        }
        return bytes;
    }
}
