package io.weirlog.record;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/// A view of one record batch inside a buffer, heap or direct; nothing is copied and the buffer's position stays.
///
/// [#parse] is for bytes from outside. [#at] trusts: reading a batch that is not there gives nonsense or
/// [IndexOutOfBoundsException].
public final class RecordBatch {
    private final ByteBuffer buffer;
    private final int start;

    private RecordBatch(ByteBuffer buffer, int start) {
        this.buffer = buffer.order() == ByteOrder.BIG_ENDIAN ? buffer : buffer.duplicate();
        this.start = start;
    }

    /// The batch at the buffer's position.
    public static RecordBatch of(ByteBuffer buffer) {
        return new RecordBatch(buffer, buffer.position());
    }

    /// The batch that starts at the absolute index `start`.
    public static RecordBatch at(ByteBuffer buffer, int start) {
        return new RecordBatch(buffer, start);
    }

    /// The batch at the buffer's position, once its length is known to lie within the buffer and its magic to be 2.
    /// More
    /// bytes may follow it. Its CRC and records are not looked at.
    public static RecordBatch parse(ByteBuffer buffer) throws MalformedBatchException {
        if (buffer.remaining() < BatchFormat.HEADER_BYTES) {
            throw new MalformedBatchException("a batch has a header of " + BatchFormat.HEADER_BYTES
                    + " bytes, there are only " + buffer.remaining());
        }
        var batch = of(buffer);
        if (batch.magic() != BatchFormat.MAGIC) {
            throw new MalformedBatchException("batch format (magic) " + batch.magic() + " is not supported, only 2 is");
        }
        var sizeBytes = batch.sizeBytes();
        if (sizeBytes < BatchFormat.HEADER_BYTES || sizeBytes > buffer.remaining()) {
            throw new MalformedBatchException(
                    "the batch claims " + sizeBytes + " bytes, there are " + buffer.remaining());
        }
        return batch;
    }

    public long baseOffset() {
        return buffer.getLong(start + BatchFormat.BASE_OFFSET_AT);
    }

    /// The whole batch from base offset to last record. Negative or below the header's size if the batch is
    /// malformed.
    public int sizeBytes() {
        return buffer.getInt(start + BatchFormat.LENGTH_AT) + BatchFormat.PREFIX_BYTES;
    }

    /// −1 until a leader has stamped it.
    public int leaderEpoch() {
        return buffer.getInt(start + BatchFormat.LEADER_EPOCH_AT);
    }

    public byte magic() {
        return buffer.get(start + BatchFormat.MAGIC_AT);
    }

    /// The CRC32C that the batch states, unsigned.
    public long crc() {
        return Integer.toUnsignedLong(buffer.getInt(start + BatchFormat.CRC_AT));
    }

    public short attributes() {
        return buffer.getShort(start + BatchFormat.ATTRIBUTES_AT);
    }

    public int compressionId() {
        return attributes() & BatchFormat.COMPRESSION_MASK;
    }

    /// Empty if the batch names a compression that nobody has defined.
    public Optional<Compression> compression() {
        return Compression.fromId(compressionId());
    }

    public TimestampType timestampType() {
        return (attributes() & BatchFormat.LOG_APPEND_TIME_BIT) != 0
                ? TimestampType.LOG_APPEND_TIME
                : TimestampType.CREATE_TIME;
    }

    public boolean isTransactional() {
        return (attributes() & BatchFormat.TRANSACTIONAL_BIT) != 0;
    }

    /// Whether the batch holds markers of the broker instead of records of users.
    public boolean isControl() {
        return (attributes() & BatchFormat.CONTROL_BIT) != 0;
    }

    /// Whether compaction has put a delete horizon in place of the base timestamp (KIP-534).
    public boolean hasDeleteHorizon() {
        return (attributes() & BatchFormat.DELETE_HORIZON_BIT) != 0;
    }

    public int lastOffsetDelta() {
        return buffer.getInt(start + BatchFormat.LAST_OFFSET_DELTA_AT);
    }

    public long lastOffset() {
        return baseOffset() + lastOffsetDelta();
    }

    /// One past the last record.
    public long nextOffset() {
        return lastOffset() + 1;
    }

    public long baseTimestamp() {
        return buffer.getLong(start + BatchFormat.BASE_TIMESTAMP_AT);
    }

    /// −1 if no record has a timestamp.
    public long maxTimestamp() {
        return buffer.getLong(start + BatchFormat.MAX_TIMESTAMP_AT);
    }

    /// When the first record was made, as far as the header tells: where it does not, the youngest one's time; empty if
    /// no record has a timestamp.
    public OptionalLong firstTimestamp() {
        var base = baseTimestamp();
        var tells = timestampType() == TimestampType.CREATE_TIME && !hasDeleteHorizon() && base >= 0;
        var known = tells ? base : maxTimestamp();
        return known < 0 ? OptionalLong.empty() : OptionalLong.of(known);
    }

    public boolean hasProducer() {
        return producerId() != BatchFormat.NO_PRODUCER_ID;
    }

    /// Meaningful only if [#hasProducer].
    public long producerId() {
        return buffer.getLong(start + BatchFormat.PRODUCER_ID_AT);
    }

    /// Meaningful only if [#hasProducer].
    public short producerEpoch() {
        return buffer.getShort(start + BatchFormat.PRODUCER_EPOCH_AT);
    }

    /// The sequence of the first record; meaningful only if [#hasProducer].
    public int baseSequence() {
        return buffer.getInt(start + BatchFormat.BASE_SEQUENCE_AT);
    }

    public int recordCount() {
        return buffer.getInt(start + BatchFormat.RECORD_COUNT_AT);
    }

    /// Whether the stated CRC is that of the bytes. The batch's length must lie within the buffer.
    public boolean crcIsValid() {
        return crc() == computeCrc(buffer, start, sizeBytes());
    }

    /// The records as they lie there, packed if the batch is compressed.
    ByteBuffer packedRecords() {
        return buffer.slice(start + BatchFormat.HEADER_BYTES, sizeBytes() - BatchFormat.HEADER_BYTES);
    }

    /// Copies the header to the first bytes of another buffer.
    void copyHeaderTo(ByteBuffer target) {
        target.put(0, buffer, start, BatchFormat.HEADER_BYTES);
    }

    /// The bytes of this batch alone, sharing memory.
    public ByteBuffer slice() {
        return buffer.slice(start, sizeBytes());
    }

    /// Writes the base offset of the batch that starts at `start`; the CRC does not cover it.
    public static void stampBaseOffset(ByteBuffer buffer, int start, long baseOffset) {
        buffer.putLong(start + BatchFormat.BASE_OFFSET_AT, baseOffset);
    }

    /// Writes the leader epoch of the batch that starts at `start`; the CRC does not cover it.
    public static void stampLeaderEpoch(ByteBuffer buffer, int start, int leaderEpoch) {
        buffer.putInt(start + BatchFormat.LEADER_EPOCH_AT, leaderEpoch);
    }

    /// Replaces the records' timestamps by the time of their append, with a new CRC. The records keep their own
    /// timestamps inside, which readers then ignore.
    public static void stampLogAppendTime(ByteBuffer buffer, int start, long timestampMillis) {
        var attributes = buffer.getShort(start + BatchFormat.ATTRIBUTES_AT);
        buffer.putShort(start + BatchFormat.ATTRIBUTES_AT, (short) (attributes | BatchFormat.LOG_APPEND_TIME_BIT));
        buffer.putLong(start + BatchFormat.MAX_TIMESTAMP_AT, timestampMillis);
        stampCrc(buffer, start);
    }

    /// Says which producer sends the batch that starts at `start`, and seals it with the CRC of that.
    public static void stampProducer(ByteBuffer buffer, int start, long id, short epoch, int baseSequence) {
        buffer.putLong(start + BatchFormat.PRODUCER_ID_AT, id);
        buffer.putShort(start + BatchFormat.PRODUCER_EPOCH_AT, epoch);
        buffer.putInt(start + BatchFormat.BASE_SEQUENCE_AT, baseSequence);
        stampCrc(buffer, start);
    }

    /// Computes and writes the CRC of the batch that starts at `start`.
    public static void stampCrc(ByteBuffer buffer, int start) {
        var sizeBytes = buffer.getInt(start + BatchFormat.LENGTH_AT) + BatchFormat.PREFIX_BYTES;
        buffer.putInt(start + BatchFormat.CRC_AT, (int) computeCrc(buffer, start, sizeBytes));
    }

    private static long computeCrc(ByteBuffer buffer, int start, int sizeBytes) {
        var covered = buffer.slice(start + BatchFormat.ATTRIBUTES_AT, sizeBytes - BatchFormat.ATTRIBUTES_AT);
        var crc = new CRC32C();
        crc.update(covered);
        return crc.getValue();
    }

    @Override
    public String toString() {
        return "RecordBatch[" + baseOffset() + ".." + lastOffset() + ", epoch " + leaderEpoch() + ", " + sizeBytes()
                + " bytes, " + recordCount() + " records]";
    }
}
