package io.weirlog.log;

import io.weirlog.common.Invariant;
import io.weirlog.common.Offset;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// One cleaning of one log, by the thread that cleans.
final class Compactor {
    private final LogContext context;
    private final RetainedSegments retained;
    private final BatchFilter.Transactions transactions;
    private final CleaningPace pace;
    private final BatchStream batches;
    private long bytesRead;
    private long bytesWritten;
    private int segmentsAfter;

    /// @param retained all segments from the log's start to the end of what may be cleaned
    Compactor(LogContext context, RetainedSegments retained, BatchFilter.Transactions transactions, CleaningPace pace)
            throws IOException {
        this.context = context;
        this.retained = retained;
        this.transactions = transactions;
        this.pace = pace;
        this.batches = new BatchStream(retained.segments().getFirst(), 0);
    }

    CleaningOutcome clean(CompactionNeed need, CompactionMemory memory, long nowMillis, LogCompaction.Swapping swapping)
            throws IOException, InterruptedException {
        var firstDirty = need.firstDirtyOffset().value();
        try (var map = memory.mapFor(need.cleanableEnd().value() - firstDirty)) {
            var mappedEnd = fill(map, firstDirty, need.cleanableEnd().value());
            Invariant.check(
                    mappedEnd <= need.cleanableEnd().value(),
                    "C2: clean to %s, at most to %s",
                    mappedEnd,
                    need.cleanableEnd());
            var horizonMillis = nowMillis + context.config().compaction().deleteRetentionMillis();
            var bounds = new BatchFilter.Bounds(
                    retained.view().logStartOffset(),
                    mappedEnd,
                    nowMillis,
                    // Beyond the end of time is for ever.
                    horizonMillis < nowMillis ? Long.MAX_VALUE : horizonMillis,
                    context.config().decompressedBytesMax());
            var filter = new BatchFilter(map, bounds, transactions);
            var rewritten = extentsBefore(mappedEnd);
            for (var group : new CompactionPolicy(context.config()).group(rewritten)) {
                if (!rewrite(group, filter, swapping)) {
                    return new CleaningOutcome.Overtaken();
                }
            }
            if (!swapping.finish(mappedEnd)) {
                return new CleaningOutcome.Overtaken();
            }
            return new CleaningOutcome.Cleaned(
                    new Offset(mappedEnd),
                    bytesRead,
                    bytesWritten,
                    filter.recordsRead(),
                    filter.recordsKept(),
                    rewritten.size(),
                    segmentsAfter);
        }
    }

    /// Remembers the latest offsets of keys from `from` on; returns how far that came, which is between two batches.
    private long fill(OffsetMap map, long from, long end) throws IOException, InterruptedException {
        var view = retained.view();
        for (var i = view.segmentIndexOf(from); i < retained.segments().size(); i++) {
            batches.start(retained.segments().get(i), view.endPosition(i));
            while (batches.next()) {
                var batch = batches.batch();
                took(batch.sizeBytes());
                if (batch.lastOffset() < from || batch.isControl() || transactions.isAborted(batch)) {
                    continue;
                }
                if (!map.hasRoomFor(batch.recordCount())) {
                    if (map.keys() == 0) {
                        throw new IOException("the keys of one batch do not fit log.cleaner.dedupe.buffer.size: "
                                + batch + " in " + context.directory());
                    }
                    return batch.baseOffset();
                }
                put(map, batch, from);
            }
        }
        return end;
    }

    private void put(OffsetMap map, RecordBatch batch, long from) throws IOException {
        try {
            var records = RecordReader.open(batch, context.config().decompressedBytesMax());
            var littleEndian = records.unpacked().duplicate().order(ByteOrder.LITTLE_ENDIAN);
            while (records.next()) {
                if (records.hasKey() && records.offset() >= from) {
                    map.put(littleEndian, records.keyPosition(), records.keyBytes(), records.offset());
                }
            }
        } catch (MalformedBatchException e) {
            throw batches.corrupt(String.valueOf(e.getMessage()));
        }
    }

    private List<CompactionPolicy.Extent> extentsBefore(long mappedEnd) throws IOException {
        var view = retained.view();
        var extents = new ArrayList<CompactionPolicy.Extent>();
        for (var i = 0; i < retained.segments().size() && view.segment(i).baseOffset() < mappedEnd; i++) {
            var base = view.segment(i).baseOffset();
            extents.add(new CompactionPolicy.Extent(
                    base,
                    view.endOffset(i),
                    view.endPosition(i),
                    sizeOf(base, LogFileNames.OFFSET_INDEX),
                    sizeOf(base, LogFileNames.TIME_INDEX)));
        }
        return extents;
    }

    private int sizeOf(long baseOffset, String suffix) throws IOException {
        var file = context.segmentFile(baseOffset, suffix);
        return context.storage().exists(file)
                ? Math.toIntExact(context.storage().sizeBytes(file))
                : 0;
    }

    /// Writes what is left of some segments as one, and has it put in their place. False if they are no longer there.
    private boolean rewrite(List<CompactionPolicy.Extent> group, BatchFilter filter, LogCompaction.Swapping swapping)
            throws IOException, InterruptedException {
        var first = retained.view().segmentIndexOf(group.getFirst().baseOffset());
        var old = retained.segments().subList(first, first + group.size());
        var finished = false;
        filter.startSegment(group.getLast().endOffset());
        try (var cleaned = new CleanedSegment(context, group.getFirst().baseOffset())) {
            for (var i = first; i < first + group.size(); i++) {
                batches.start(retained.segments().get(i), retained.view().endPosition(i));
                copy(filter, cleaned);
                cleaned.add(retained.segments().get(i).transactions().endingFrom(filter.mappedEnd()));
            }
            if (!filter.hasChanged() && group.size() == 1) {
                segmentsAfter++;
                return true;
            }
            cleaned.finish(group.getLast().endOffset());
            finished = swapping.replace(old, group.getLast().endOffset(), cleaned.sizeBytes());
            segmentsAfter++;
            return finished;
        } finally {
            if (!finished) {
                discard(group.getFirst().baseOffset());
            }
        }
    }

    private void copy(BatchFilter filter, CleanedSegment cleaned) throws IOException, InterruptedException {
        try {
            while (batches.next()) {
                var batch = batches.batch();
                var left = filter.filter(batch);
                var readBytes = batch.sizeBytes();
                if (left != null) {
                    bytesWritten += left.remaining();
                    pace.took(left.remaining());
                    cleaned.add(left);
                }
                took(readBytes);
            }
        } catch (MalformedBatchException e) {
            throw batches.corrupt(String.valueOf(e.getMessage()));
        }
    }

    private void took(long bytes) throws InterruptedException {
        bytesRead += bytes;
        pace.took(bytes);
    }

    /// What remains of it is deleted when the log is opened.
    private void discard(long baseOffset) {
        for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
            try {
                context.storage().delete(context.cleaned().segmentFile(baseOffset, suffix));
            } catch (IOException e) {
                return;
            }
        }
    }
}
