package io.weirlog.client;

import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A partition in memory: whole batches, as a broker would hold them. Guarded by its broker.
final class TestLog {
    private static final int DECOMPRESSED_BYTES_MAX = 64 * 1024 * 1024;
    private static final int LEADER_EPOCH = 3;

    private final List<ByteBuffer> batches = new ArrayList<>();
    private final TestProducers producers = new TestProducers();
    private long startOffset;
    private long endOffset;

    long startOffset() {
        return startOffset;
    }

    long endOffset() {
        return endOffset;
    }

    TestProducers producers() {
        return producers;
    }

    /// Returns the offset of the first record.
    long append(ByteBuffer batch) {
        if (!RecordBatch.of(batch).crcIsValid()) {
            throw new IllegalStateException("wrong CRC");
        }
        var baseOffset = endOffset;
        RecordBatch.stampBaseOffset(batch, 0, baseOffset);
        RecordBatch.stampLeaderEpoch(batch, 0, LEADER_EPOCH);
        batches.add(batch);
        producers.appended(RecordBatch.of(batch), baseOffset);
        endOffset += RecordBatch.of(batch).recordCount();
        return baseOffset;
    }

    /// Deletes what lies below, in whole batches or not.
    void deleteBefore(long offset) {
        startOffset = offset;
        batches.removeIf(batch -> RecordBatch.of(batch).nextOffset() <= offset);
    }

    /// Whole batches from the one that holds `offset`, at least one, up to about `bytesMax`.
    ByteBuffer read(long offset, int bytesMax) {
        var found = new ArrayList<ByteBuffer>();
        var bytes = 0;
        for (var batch : batches) {
            if (RecordBatch.of(batch).nextOffset() > offset
                    && (found.isEmpty() || bytes + batch.remaining() <= bytesMax)) {
                found.add(batch);
                bytes += batch.remaining();
            } else if (!found.isEmpty()) {
                break;
            }
        }
        var result = ByteBuffer.allocate(bytes);
        found.forEach(batch -> result.put(batch.duplicate()));
        return result.flip();
    }

    void damage(int batchIndex) {
        var batch = batches.get(batchIndex);
        var last = batch.limit() - 1;
        batch.put(last, (byte) (batch.get(last) ^ 1));
    }

    List<Record> records() {
        return records(read(startOffset, Integer.MAX_VALUE));
    }

    List<Integer> producerEpochs() {
        return batches.stream()
                .map(batch -> (int) RecordBatch.of(batch).producerEpoch())
                .toList();
    }

    int batchCount() {
        return batches.size();
    }

    static List<Record> records(ByteBuffer batches) {
        try {
            var records = new ArrayList<Record>();
            var rest = batches.duplicate();
            while (rest.hasRemaining()) {
                var batch = RecordBatch.parse(rest);
                records.addAll(RecordReader.readAll(batch, DECOMPRESSED_BYTES_MAX));
                rest.position(rest.position() + batch.sizeBytes());
            }
            return records;
        } catch (MalformedBatchException e) {
            throw new IllegalStateException(e);
        }
    }
}
