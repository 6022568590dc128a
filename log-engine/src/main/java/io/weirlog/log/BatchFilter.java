package io.weirlog.log;

import io.weirlog.record.BatchRewriter;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Decides what compaction leaves of each batch. Sees all batches of a log in their order, from its start on. Pure.
///
/// | Batch | What is left |
/// |---|---|
/// | at or after the end of what was mapped | all of it |
/// | of records | those with the latest offset of their key, of which tombstones only until the delete horizon |
/// | of records of an aborted transaction | none of them |
/// | a marker | all of it, until its transaction has nothing left and after that its horizon has passed |
/// | without a record left, the last of a live producer or of a new segment | its header |
/// | without a record left | nothing |
///
/// The first cleaning that keeps a tombstone, or finds a marker's transaction without anything left, sets the horizon
/// (C3, KIP-534). Headers are kept so that the producer's next sequence can be told (P2), and so that a segment ends
/// where the next begins: a lost one is then missed (L3).
///
/// A batch that keeps all its records stays as it is, byte for byte.
final class BatchFilter {
    private final OffsetMap map;
    private final Bounds bounds;
    private final Transactions transactions;
    private final BatchRewriter rewriter = new BatchRewriter();
    private final BitSet kept = new BitSet();
    /// Whose transaction has records left, as far as the batches were seen.
    private final Set<Long> producersWithRecords = new HashSet<>();

    private long segmentEnd;
    private long recordsRead;
    private long recordsKept;
    private boolean changed;

    /// What a cleaning is limited to.
    ///
    /// @param logStartOffset records before it are gone for readers
    /// @param mappedEnd one past the last record whose key is in the map; a boundary between batches
    /// @param deleteHorizonMillis what tombstones get that are cleaned for the first time
    record Bounds(
            long logStartOffset, long mappedEnd, long nowMillis, long deleteHorizonMillis, int decompressedBytesMax) {}

    /// What is known of the producers of a log.
    interface Transactions {
        /// Whether the batch is part of a transaction that was aborted.
        boolean isAborted(RecordBatch batch);

        /// Whether the state of a producer that may still write is read from this batch.
        boolean isLastOfLiveProducer(RecordBatch batch);
    }

    BatchFilter(OffsetMap map, Bounds bounds, Transactions transactions) {
        this.map = map;
        this.bounds = bounds;
        this.transactions = transactions;
    }

    /// Says that what follows becomes one segment.
    ///
    /// @param endOffset where the next one begins
    void startSegment(long endOffset) {
        segmentEnd = endOffset;
        changed = false;
    }

    /// Whether a batch of this segment has lost anything.
    boolean hasChanged() {
        return changed;
    }

    /// See [Bounds#mappedEnd].
    long mappedEnd() {
        return bounds.mappedEnd();
    }

    long recordsRead() {
        return recordsRead;
    }

    long recordsKept() {
        return recordsKept;
    }

    /// What to write in place of the batch; null for nothing. Valid until the next call.
    @Nullable
    ByteBuffer filter(RecordBatch batch) throws MalformedBatchException {
        recordsRead += batch.recordCount();
        if (batch.baseOffset() >= bounds.mappedEnd()) {
            return whole(batch);
        }
        if (batch.isControl()) {
            return filterMarker(batch);
        }
        if (transactions.isAborted(batch)) {
            return withoutRecords(batch);
        }
        return filterRecords(batch);
    }

    private @Nullable ByteBuffer filterRecords(RecordBatch batch) throws MalformedBatchException {
        var records = RecordReader.open(batch, bounds.decompressedBytesMax());
        var littleEndian = records.unpacked().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        var tombstonesStay = !batch.hasDeleteHorizon() || bounds.nowMillis() < batch.baseTimestamp();
        var tombstoneKept = false;
        var count = 0;
        kept.clear();
        for (var i = 0; records.next(); i++) {
            if (survives(records, littleEndian, tombstonesStay)) {
                kept.set(i);
                count++;
                tombstoneKept |= !records.hasValue();
            }
        }
        if (count == 0) {
            return withoutRecords(batch);
        }
        var newHorizon = tombstoneKept && !batch.hasDeleteHorizon();
        if (count == batch.recordCount() && !newHorizon) {
            return whole(batch);
        }
        return rewrite(batch, records, newHorizon);
    }

    private boolean survives(RecordReader record, ByteBuffer littleEndian, boolean tombstonesStay) {
        // A record without a key can be told from no other: such a topic refuses it, unless it came before.
        return record.hasKey()
                && record.offset() >= bounds.logStartOffset()
                && (record.hasValue() || tombstonesStay)
                && !map.hasLaterThan(littleEndian, record.keyPosition(), record.keyBytes(), record.offset());
    }

    private ByteBuffer rewrite(RecordBatch batch, RecordReader records, boolean newHorizon)
            throws MalformedBatchException {
        rewriter.start(batch, newHorizon ? OptionalLong.of(bounds.deleteHorizonMillis()) : OptionalLong.empty());
        records.rewind();
        for (var i = 0; records.next(); i++) {
            if (kept.get(i)) {
                rewriter.keep(records);
            }
        }
        changed = true;
        noteRecords(batch, kept.cardinality());
        return rewriter.finish(batch);
    }

    private @Nullable ByteBuffer filterMarker(RecordBatch batch) throws MalformedBatchException {
        if (producersWithRecords.remove(batch.producerId())) {
            return whole(batch);
        }
        if (!batch.hasDeleteHorizon()) {
            kept.clear();
            kept.set(0, Math.max(batch.recordCount(), 0));
            return rewrite(batch, RecordReader.open(batch, bounds.decompressedBytesMax()), true);
        }
        // The last marker of a producer without records in the log is all that tells its epoch.
        if (bounds.nowMillis() < batch.baseTimestamp() || isNeeded(batch)) {
            return whole(batch);
        }
        changed = true;
        return null;
    }

    private ByteBuffer whole(RecordBatch batch) {
        noteRecords(batch, batch.recordCount());
        return batch.slice();
    }

    private @Nullable ByteBuffer withoutRecords(RecordBatch batch) {
        var needed = isNeeded(batch);
        if (needed && batch.recordCount() == 0) {
            return whole(batch);
        }
        changed = true;
        if (!needed) {
            return null;
        }
        noteRecords(batch, 0);
        return rewriter.empty(batch);
    }

    private boolean isNeeded(RecordBatch batch) {
        return batch.nextOffset() == segmentEnd || transactions.isLastOfLiveProducer(batch);
    }

    private void noteRecords(RecordBatch batch, int count) {
        recordsKept += count;
        if (batch.isTransactional() && !batch.isControl()) {
            producersWithRecords.add(batch.producerId());
        }
    }
}
