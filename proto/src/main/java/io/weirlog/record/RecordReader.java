package io.weirlog.record;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Walks over the records of one batch: call [#next], then the accessors of the current record.
///
/// Everything is checked against the bytes that are really there, so hostile input ends in
/// [MalformedBatchException]. Whether offsets rise by one is the log's affair (compaction leaves gaps), see
/// [#offsetDelta].
public final class RecordReader {
    private static final int NULL_LENGTH = -1;
    /// Key length and value length take at least one byte each.
    private static final int HEADER_BYTES_MIN = 2;

    private final ByteBuffer records;
    private final long baseOffset;
    private final long baseTimestamp;
    private final long maxTimestamp;
    private final boolean logAppendTime;
    private final int recordCount;

    private int recordsRead;
    /// Where the next byte is read.
    private int at;
    /// Where the current record starts, with its length.
    private int recordAt;
    /// Where the current record must end.
    private int recordEnd;
    /// Where the current record goes on behind its timestamp.
    private int offsetDeltaAt;
    private long timestampDelta;
    private int offsetDelta;
    private int keyAt;
    private int keyLength;
    private int valueAt;
    private int valueLength;
    private int headersAt;
    private int headerCount;

    private RecordReader(RecordBatch batch, ByteBuffer records) {
        this.records = records;
        this.baseOffset = batch.baseOffset();
        this.baseTimestamp = batch.baseTimestamp();
        this.maxTimestamp = batch.maxTimestamp();
        this.logAppendTime = batch.timestampType() == TimestampType.LOG_APPEND_TIME;
        this.recordCount = batch.recordCount();
    }

    /// Starts before the first record. An uncompressed batch is read in place.
    ///
    /// @param decompressedBytesMax what the records may take once unpacked
    /// @throws MalformedBatchException if the batch cannot be unpacked within that bound or its count is
    /// negative
    public static RecordReader open(RecordBatch batch, int decompressedBytesMax) throws MalformedBatchException {
        var compression = batch.compression();
        if (compression.isEmpty()) {
            throw new MalformedBatchException("unknown compression " + batch.compressionId());
        }
        if (batch.sizeBytes() < BatchFormat.HEADER_BYTES) {
            throw new MalformedBatchException("the batch claims only " + batch.sizeBytes() + " bytes");
        }
        if (batch.recordCount() < 0) {
            throw new MalformedBatchException("the batch counts " + batch.recordCount() + " records");
        }
        var records = compression.get().decompress(batch.packedRecords(), decompressedBytesMax);
        return new RecordReader(batch, records);
    }

    /// All records of a batch, copied.
    public static List<Record> readAll(RecordBatch batch, int decompressedBytesMax) throws MalformedBatchException {
        var reader = open(batch, decompressedBytesMax);
        // The count is only a claim so far; the list grows with what is really there.
        var result = new ArrayList<Record>(Math.min(batch.recordCount(), 1024));
        while (reader.next()) {
            result.add(reader.record());
        }
        return result;
    }

    /// Moves to the next record; false after the last one, once nothing but records was found.
    public boolean next() throws MalformedBatchException {
        if (recordsRead == recordCount) {
            if (recordEnd != records.limit()) {
                throw new MalformedBatchException((records.limit() - recordEnd) + " bytes follow the last record");
            }
            return false;
        }
        at = recordEnd;
        recordAt = at;
        recordEnd = records.limit();
        var length = readVarint();
        if (length < 0 || length > recordEnd - at) {
            throw malformed("claims " + length + " bytes, " + (recordEnd - at) + " are left");
        }
        recordEnd = at + length;
        // Attributes of records are unused and ignored, so that a later use of them does not break this reader.
        skip(1);
        timestampDelta = readVarlong();
        offsetDeltaAt = at;
        offsetDelta = readVarint();
        keyLength = readLength("key");
        keyAt = at;
        skip(Math.max(keyLength, 0));
        valueLength = readLength("value");
        valueAt = at;
        skip(Math.max(valueLength, 0));
        headerCount = readVarint();
        headersAt = at;
        skipHeaders();
        if (at != recordEnd) {
            throw malformed("has " + (recordEnd - at) + " bytes too many");
        }
        recordsRead++;
        return true;
    }

    /// Goes back before the first record, without unpacking the batch again.
    public void rewind() {
        recordsRead = 0;
        recordEnd = 0;
    }

    public long offset() {
        return baseOffset + offsetDelta;
    }

    public int offsetDelta() {
        return offsetDelta;
    }

    /// The record's time, or that of its append if the batch says so; −1 if it has none.
    public long timestampMillis() {
        return logAppendTime ? maxTimestamp : baseTimestamp + timestampDelta;
    }

    /// The time that the producer gave, whatever the batch says.
    public long createTimestampMillis() {
        return baseTimestamp + timestampDelta;
    }

    /// The key's bytes in place, or null.
    public @Nullable ByteBuffer key() {
        return keyLength < 0 ? null : records.slice(keyAt, keyLength);
    }

    /// The value's bytes in place, or null.
    public @Nullable ByteBuffer value() {
        return valueLength < 0 ? null : records.slice(valueAt, valueLength);
    }

    /// A copy of the key's bytes, or null.
    public byte @Nullable [] keyCopy() {
        return copyAt(keyAt, keyLength);
    }

    /// A copy of the value's bytes, or null.
    public byte @Nullable [] valueCopy() {
        return copyAt(valueAt, valueLength);
    }

    public boolean hasKey() {
        return keyLength >= 0;
    }

    public boolean hasValue() {
        return valueLength >= 0;
    }

    /// All records as they lie there, unpacked: for those who walk over many and want no object for each.
    public ByteBuffer unpacked() {
        return records;
    }

    /// Where in [#unpacked] the current record's key begins; meaningful only if [#hasKey].
    public int keyPosition() {
        return keyAt;
    }

    /// Meaningful only if [#hasKey].
    public int keyBytes() {
        return keyLength;
    }

    /// The current record from its length to its last header.
    public int recordBytes() {
        return recordEnd - recordAt;
    }

    /// Where in [#unpacked] the current record begins.
    int recordPosition() {
        return recordAt;
    }

    /// Where in [#unpacked] the current record goes on behind its timestamp.
    int offsetDeltaPosition() {
        return offsetDeltaAt;
    }

    /// Where in [#unpacked] the current record ends.
    int recordEndPosition() {
        return recordEnd;
    }

    /// The headers in their order, copied.
    public List<RecordHeader> headers() {
        if (headerCount == 0) {
            return List.of();
        }
        try {
            var headers = new ArrayList<RecordHeader>(headerCount);
            at = headersAt;
            for (var i = 0; i < headerCount; i++) {
                var key = copy(readVarint());
                var value = copy(readVarint());
                headers.add(new RecordHeader(new String(Objects.requireNonNull(key), UTF_8), value));
            }
            return Collections.unmodifiableList(headers);
        } catch (MalformedBatchException e) {
            throw new IllegalStateException("next() has checked these headers; did the buffer change?", e);
        }
    }

    /// A copy of the current record.
    public Record record() {
        return new Record(
                offset(), timestampMillis(), copyAt(keyAt, keyLength), copyAt(valueAt, valueLength), headers());
    }

    private void skipHeaders() throws MalformedBatchException {
        if (headerCount < 0 || headerCount > (recordEnd - at) / HEADER_BYTES_MIN) {
            throw malformed("claims " + headerCount + " headers in " + (recordEnd - at) + " bytes");
        }
        for (var i = 0; i < headerCount; i++) {
            var keyBytes = readLength("header key");
            if (keyBytes < 0) {
                throw malformed("has a header without a key");
            }
            skip(keyBytes);
            skip(Math.max(readLength("header value"), 0));
        }
    }

    /// A length that fits into the rest of the record, or −1 for null.
    private int readLength(String what) throws MalformedBatchException {
        var length = readVarint();
        if (length < NULL_LENGTH || length > recordEnd - at) {
            throw malformed("claims a " + what + " of " + length + " bytes, " + (recordEnd - at) + " are left");
        }
        return length;
    }

    private void skip(int bytes) throws MalformedBatchException {
        if (bytes > recordEnd - at) {
            throw malformed("is cut off");
        }
        at += bytes;
    }

    private int readVarint() throws MalformedBatchException {
        var first = readByte();
        // Most are of one byte; kept apart, this is short enough to be compiled into its callers.
        var zigzag = first >= 0 ? first : (int) readMore(first, Varints.INT_BYTES_MAX);
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    private long readVarlong() throws MalformedBatchException {
        var first = readByte();
        var zigzag = first >= 0 ? first : readMore(first, Varints.LONG_BYTES_MAX);
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    /// The bits of a number whose first byte says that more follow.
    private long readMore(byte first, int bytesMax) throws MalformedBatchException {
        var bits = first & 0x7fL;
        for (var shift = 7; shift < 7 * bytesMax; shift += 7) {
            var next = readByte();
            bits |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return bits;
            }
        }
        throw malformed("has a number of more than " + bytesMax + " bytes");
    }

    private byte readByte() throws MalformedBatchException {
        if (at >= recordEnd) {
            throw malformed("is cut off");
        }
        return records.get(at++);
    }

    /// The next bytes, or null for −1.
    private byte @Nullable [] copy(int length) {
        var bytes = copyAt(at, length);
        at += Math.max(length, 0);
        return bytes;
    }

    private byte @Nullable [] copyAt(int position, int length) {
        if (length < 0) {
            return null;
        }
        var bytes = new byte[length];
        records.get(position, bytes);
        return bytes;
    }

    private MalformedBatchException malformed(String problem) {
        return new MalformedBatchException("record " + recordsRead + " of the batch " + problem);
    }
}
