package io.weirlog.log;

import io.weirlog.common.Offset;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Lookups in a log by any thread. Each works on the view it finds and counts itself in on every segment it opens;
/// the owner is never waited for.
final class LogReader {
    private final LogContext context;
    private final LogState state;

    LogReader(LogContext context, LogState state) {
        this.context = context;
        this.state = state;
    }

    ReadResult read(Offset from, int maxBytes, Offset upTo) throws IOException {
        while (true) {
            var view = state.view();
            if (from.value() < view.logStartOffset() || from.value() > view.logEndOffset()) {
                return new ReadResult.OutOfRange(new Offset(view.logStartOffset()), new Offset(view.logEndOffset()));
            }
            var result = readView(view, from.value(), maxBytes, Math.min(upTo.value(), view.logEndOffset()));
            if (result.isPresent()) {
                return new ReadResult.Slice(result.get());
            }
            // The segment was deleted between the two looks; the next view is without it.
            state.checkOpen();
        }
    }

    /// Empty if a segment of this view is gone.
    private Optional<LogSlice> readView(LogView view, long from, int maxBytes, long upTo) throws IOException {
        if (from >= upTo) {
            return Optional.of(LogSlice.empty(from));
        }
        // More than one turn only if a compacted segment has nothing left at or after the offset.
        for (var index = view.segmentIndexOf(from); index < view.segmentCount(); index++) {
            var segment = view.segment(index);
            if (view.endPosition(index) == 0 || segment.baseOffset() >= upTo) {
                continue;
            }
            if (!segment.retain()) {
                return Optional.empty();
            }
            var found = Optional.<LogSlice>empty();
            try {
                found = slice(view, index, from, maxBytes, upTo);
            } finally {
                // A slice keeps the count until it is closed.
                if (found.isEmpty()) {
                    segment.release();
                }
            }
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.of(LogSlice.empty(upTo));
    }

    /// Empty if the segment has no batch with records at or after `from` and before `upTo`.
    private static Optional<LogSlice> slice(LogView view, int index, long from, int maxBytes, long upTo)
            throws IOException {
        var segment = view.segment(index);
        var end = view.endPosition(index);
        var lookup = SegmentLookup.in(view, index);
        try (var headers = lookup.walkFrom(from)) {
            do {
                if (!headers.next()) {
                    return Optional.empty();
                }
            } while (headers.header().lastOffset() < from);
            var baseOffset = headers.header().baseOffset();
            if (baseOffset >= upTo) {
                return Optional.empty();
            }
            var start = headers.position();
            var wanted = (int) Math.min((long) start + maxBytes, end);
            // The usual case of a reader that keeps up: everything that there is fits.
            var stop = wanted == end && upTo >= view.endOffset(index)
                    ? new Stop(end, view.endOffset(index))
                    : lastStop(lookup, headers, wanted, upTo);
            return Optional.of(new LogSlice(
                    segment, segment.reader(), start, stop.position() - start, baseOffset, stop.nextOffset()));
        }
    }

    /// A place between two batches.
    private record Stop(int position, long nextOffset) {}

    /// The last place after the batch at `first` that is neither beyond the wanted position nor beyond `upTo`; the
    /// end of that batch, if even this is beyond.
    private static Stop lastStop(SegmentLookup lookup, HeaderCursor first, int wanted, long upTo) throws IOException {
        var stop = new Stop(first.endPosition(), first.header().nextOffset());
        try (var headers = lookup.walkNear(stop.position(), wanted, upTo)) {
            while (headers.next()) {
                var header = headers.header();
                if (header.baseOffset() >= upTo || headers.endPosition() > wanted) {
                    return new Stop(headers.position(), header.baseOffset());
                }
                stop = new Stop(headers.endPosition(), header.nextOffset());
            }
        }
        return stop;
    }

    /// See [PartitionLog#abortedTransactions].
    List<AbortedTransaction> abortedTransactions(long from, long to) throws IOException {
        while (true) {
            var view = state.view();
            var found = new ArrayList<AbortedTransaction>();
            if (from >= to || collectAborted(view, from, to, found)) {
                return List.copyOf(found);
            }
            // A segment was deleted between the two looks; the next view is without it.
            state.checkOpen();
        }
    }

    /// A transaction's entry is in the segment of its marker, which may come long after `to`; but not before `from`.
    ///
    /// @return false if a segment of this view is gone
    private static boolean collectAborted(LogView view, long from, long to, List<AbortedTransaction> found)
            throws IOException {
        for (var index = view.segmentIndexOf(from); index < view.segmentCount(); index++) {
            var segment = view.segment(index);
            if (!segment.retain()) {
                return false;
            }
            try {
                if (segment.transactions().collect(from, to, found)) {
                    return true;
                }
            } finally {
                segment.release();
            }
        }
        return true;
    }

    /// The first record before `upTo` that is not earlier than the time.
    Optional<TimestampAndOffset> findByTimestamp(long timestampMillis, Offset upTo) throws IOException {
        while (true) {
            var view = state.view();
            var gone = false;
            for (var index = 0; index < view.segmentCount() && !gone; index++) {
                var segment = view.segment(index);
                if (segment.baseOffset() >= upTo.value()) {
                    return Optional.empty();
                }
                if (!segment.retain()) {
                    gone = true;
                    continue;
                }
                try {
                    var found = findInSegment(view, index, timestampMillis);
                    if (found.isPresent()) {
                        return found.filter(place -> place.offset().isBefore(upTo));
                    }
                } finally {
                    segment.release();
                }
            }
            if (!gone) {
                return Optional.empty();
            }
            state.checkOpen();
        }
    }

    private Optional<TimestampAndOffset> findInSegment(LogView view, int index, long timestampMillis)
            throws IOException {
        var segment = view.segment(index);
        var lookup = SegmentLookup.in(view, index);
        var isCompleted = index < view.segmentCount() - 1;
        if (isCompleted && lookup.latestTimestampMillis().orElse(-1) < timestampMillis) {
            return Optional.empty();
        }
        try (var headers = lookup.walkFromTime(timestampMillis)) {
            while (headers.next()) {
                if (headers.header().maxTimestamp() >= timestampMillis) {
                    var found = findInBatch(segment, headers, timestampMillis, view.logStartOffset());
                    if (found.isPresent()) {
                        return found;
                    }
                }
            }
        }
        return Optional.empty();
    }

    private Optional<TimestampAndOffset> findInBatch(
            Segment segment, HeaderCursor headers, long timestampMillis, long logStartOffset) throws IOException {
        var batch = ByteBuffer.allocate(headers.endPosition() - headers.position());
        segment.reader().read(headers.position(), batch);
        try {
            var records = RecordReader.open(
                    RecordBatch.parse(batch.flip()), context.config().decompressedBytesMax());
            while (records.next()) {
                if (records.timestampMillis() >= timestampMillis && records.offset() >= logStartOffset) {
                    return Optional.of(new TimestampAndOffset(records.timestampMillis(), new Offset(records.offset())));
                }
            }
            return Optional.empty();
        } catch (MalformedBatchException e) {
            throw new CorruptLogException(segment.file(), headers.position(), String.valueOf(e.getMessage()));
        }
    }
}
