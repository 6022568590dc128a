package io.weirlog.record;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalLong;

/// Makes batches with fewer records out of batches that are in a log, for its compaction.
///
/// What is left keeps its place: base offset, last offset, epoch and producer of the batch, so that no offset moves
/// and the next sequence of the producer can still be told; and of each record the bytes, as long as the base
/// timestamp stays. A batch may be left without any record. Not thread-safe.
public final class BatchRewriter {
    private static final int BYTES_MAX = Integer.MAX_VALUE - 8;
    private static final int RECORD_ATTRIBUTES_BYTES = 1;

    private byte[] array = new byte[64 * 1024];
    private int size;
    private int recordCount;
    private long baseTimestamp;
    private boolean newHorizon;
    private long maxTimestamp;

    /// Begins the next batch.
    ///
    /// @param deleteHorizonMillis when tombstones and markers in it may go (KIP-534), if the batch has to say so
    ///     from now on; it takes the place of the base timestamp
    public void start(RecordBatch source, OptionalLong deleteHorizonMillis) {
        size = BatchFormat.HEADER_BYTES;
        recordCount = 0;
        baseTimestamp = deleteHorizonMillis.orElse(source.baseTimestamp());
        newHorizon = deleteHorizonMillis.isPresent();
        maxTimestamp = BatchFormat.NO_TIMESTAMP;
    }

    /// Takes over the current record of a reader of the source.
    public void keep(RecordReader record) {
        if (newHorizon) {
            keepMoved(record);
        } else {
            ensureRoom(record.recordBytes());
            size = copy(record.unpacked(), record.recordPosition(), record.recordBytes());
        }
        recordCount++;
        maxTimestamp = Math.max(maxTimestamp, record.createTimestampMillis());
    }

    private void keepMoved(RecordReader record) {
        var timestampDelta = record.createTimestampMillis() - baseTimestamp;
        var restBytes = record.recordEndPosition() - record.offsetDeltaPosition();
        var bodyBytes = RECORD_ATTRIBUTES_BYTES + Varints.sizeOf(timestampDelta) + restBytes;
        ensureRoom((long) bodyBytes + Varints.INT_BYTES_MAX);
        size = Varints.write(array, size, bodyBytes);
        array[size++] = 0;
        size = Varints.write(array, size, timestampDelta);
        size = copy(record.unpacked(), record.offsetDeltaPosition(), restBytes);
    }

    private int copy(ByteBuffer source, int from, int bytes) {
        source.get(from, array, size, bytes);
        return size + bytes;
    }

    /// The new batch, packed as the source is. Valid until the next call.
    public ByteBuffer finish(RecordBatch source) {
        var compression = source.compression()
                .orElseThrow(() -> new IllegalStateException("its records were read, so its compression is known"));
        ByteBuffer batch;
        if (compression == Compression.NONE) {
            batch = ByteBuffer.wrap(array, 0, size).slice();
        } else {
            var bodyBytes = size - BatchFormat.HEADER_BYTES;
            var out = new GrowingBytes(BatchFormat.HEADER_BYTES + Math.max(512, bodyBytes / 2), BYTES_MAX);
            out.advance(BatchFormat.HEADER_BYTES);
            compression.compress(array, BatchFormat.HEADER_BYTES, bodyBytes, out);
            batch = ByteBuffer.wrap(out.array(), 0, out.size()).slice();
        }
        var appendTime = source.timestampType() == TimestampType.LOG_APPEND_TIME;
        var horizonBit = newHorizon ? BatchFormat.DELETE_HORIZON_BIT : 0;
        writeHeader(batch, source, source.attributes() | horizonBit, appendTime ? source.maxTimestamp() : maxTimestamp);
        return batch;
    }

    /// The batch without any record: what it says of offsets and of its producer, and nothing else. Valid until the
    /// next call.
    public ByteBuffer empty(RecordBatch source) {
        start(source, OptionalLong.of(BatchFormat.NO_TIMESTAMP));
        var batch = ByteBuffer.wrap(array, 0, BatchFormat.HEADER_BYTES).slice();
        var kept = source.attributes() & ~(BatchFormat.COMPRESSION_MASK | BatchFormat.DELETE_HORIZON_BIT);
        writeHeader(batch, source, kept, source.maxTimestamp());
        return batch;
    }

    private void writeHeader(ByteBuffer batch, RecordBatch source, int attributes, long newMaxTimestamp) {
        source.copyHeaderTo(batch);
        batch.putInt(BatchFormat.LENGTH_AT, batch.limit() - BatchFormat.PREFIX_BYTES);
        batch.putShort(BatchFormat.ATTRIBUTES_AT, (short) attributes);
        batch.putLong(BatchFormat.BASE_TIMESTAMP_AT, baseTimestamp);
        batch.putLong(BatchFormat.MAX_TIMESTAMP_AT, newMaxTimestamp);
        batch.putInt(BatchFormat.RECORD_COUNT_AT, recordCount);
        RecordBatch.stampCrc(batch, 0);
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
}
