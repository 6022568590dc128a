package io.weirlog.log;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.Arrays;
import java.util.OptionalLong;

/// What a log is at one moment: immutable, made anew by the owner at each step and read by everyone else.
final class LogView {
    private final Segment[] segments;
    private final long logStartOffset;
    private final long logEndOffset;
    private final int activeBytes;
    private final long completedBytes;
    private final EpochHistory epochs;
    private final OptionalLong firstOpenTransaction;

    private LogView(
            Segment[] segments,
            long logStartOffset,
            long logEndOffset,
            int activeBytes,
            long completedBytes,
            EpochHistory epochs,
            OptionalLong firstOpenTransaction) {
        this.segments = segments;
        this.logStartOffset = logStartOffset;
        this.logEndOffset = logEndOffset;
        this.activeBytes = activeBytes;
        this.completedBytes = completedBytes;
        this.epochs = epochs;
        this.firstOpenTransaction = firstOpenTransaction;
    }

    /// @param segments at least one, of which the last is the active one
    static LogView of(Segment[] segments, long logEndOffset, int activeBytes, EpochHistory epochs) {
        var completedBytes = 0L;
        for (var i = 0; i < segments.length - 1; i++) {
            completedBytes += segments[i].completedBytes();
        }
        return new LogView(
                segments,
                segments[0].baseOffset(),
                logEndOffset,
                activeBytes,
                completedBytes,
                epochs,
                OptionalLong.empty());
    }

    LogView appended(long newLogEndOffset, int newActiveBytes, OptionalLong newFirstOpenTransaction) {
        return new LogView(
                segments,
                logStartOffset,
                newLogEndOffset,
                newActiveBytes,
                completedBytes,
                epochs,
                newFirstOpenTransaction);
    }

    LogView withFirstOpenTransaction(OptionalLong newFirstOpenTransaction) {
        return appended(logEndOffset, activeBytes, newFirstOpenTransaction);
    }

    LogView withEpochs(EpochHistory newEpochs) {
        return new LogView(
                segments, logStartOffset, logEndOffset, activeBytes, completedBytes, newEpochs, firstOpenTransaction);
    }

    LogView rolled(Segment newActive) {
        var longer = Arrays.copyOf(segments, segments.length + 1);
        longer[segments.length] = newActive;
        return new LogView(
                longer, logStartOffset, logEndOffset, 0, completedBytes + activeBytes, epochs, firstOpenTransaction);
    }

    /// The log from an offset on, without its oldest segments.
    LogView startingAt(long newLogStartOffset, int goneSegments) {
        var newCompletedBytes = completedBytes;
        for (var i = 0; i < goneSegments; i++) {
            newCompletedBytes -= segments[i].completedBytes();
        }
        var shorter = Arrays.copyOfRange(segments, goneSegments, segments.length);
        return new LogView(
                shorter, newLogStartOffset, logEndOffset, activeBytes, newCompletedBytes, epochs, firstOpenTransaction);
    }

    /// The log with one segment in place of some that are complete; the end stays where it is.
    LogView replaced(int from, int count, Segment by) {
        var shorter = new Segment[segments.length - count + 1];
        System.arraycopy(segments, 0, shorter, 0, from);
        shorter[from] = by;
        System.arraycopy(segments, from + count, shorter, from + 1, segments.length - from - count);
        var newCompletedBytes = completedBytes + by.completedBytes();
        for (var i = from; i < from + count; i++) {
            newCompletedBytes -= segments[i].completedBytes();
        }
        return new LogView(
                shorter, logStartOffset, logEndOffset, activeBytes, newCompletedBytes, epochs, firstOpenTransaction);
    }

    /// The log up to a place in one segment, which becomes the active one.
    LogView cutTo(
            int segmentIndex,
            Segment newActive,
            long newLogEndOffset,
            int newActiveBytes,
            OptionalLong newFirstOpenTransaction) {
        var shorter = Arrays.copyOf(segments, segmentIndex + 1);
        shorter[segmentIndex] = newActive;
        var newCompletedBytes = completedBytes;
        for (var i = segmentIndex; i < segments.length - 1; i++) {
            newCompletedBytes -= segments[i].completedBytes();
        }
        var newLogStartOffset = Math.min(logStartOffset, newLogEndOffset);
        return new LogView(
                shorter,
                newLogStartOffset,
                newLogEndOffset,
                newActiveBytes,
                newCompletedBytes,
                epochs,
                newFirstOpenTransaction);
    }

    int segmentCount() {
        return segments.length;
    }

    Segment segment(int index) {
        return segments[index];
    }

    Segment active() {
        return segments[segments.length - 1];
    }

    /// Which segment an offset of this log is in, or would be.
    int segmentIndexOf(long offset) {
        var low = 1;
        var high = segments.length;
        while (low < high) {
            var middle = (low + high) >>> 1;
            if (segments[middle].baseOffset() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /// Where the batches of a segment end, as far as this view goes.
    int endPosition(int segmentIndex) {
        return segmentIndex == segments.length - 1 ? activeBytes : segments[segmentIndex].completedBytes();
    }

    /// The offset at which a segment ends, as far as this view goes.
    long endOffset(int segmentIndex) {
        return segmentIndex == segments.length - 1 ? logEndOffset : segments[segmentIndex + 1].baseOffset();
    }

    long logStartOffset() {
        return logStartOffset;
    }

    long logEndOffset() {
        return logEndOffset;
    }

    int activeBytes() {
        return activeBytes;
    }

    long sizeBytes() {
        return completedBytes + activeBytes;
    }

    EpochHistory epochs() {
        return epochs;
    }

    /// One past what is decided (P3): nothing from the first open transaction on is, nor what is not yet below the
    /// high watermark.
    long lastStableOffset(long highWatermark) {
        // A transaction may have begun before the log's start once records were deleted by request.
        return Math.min(highWatermark, Math.max(logStartOffset, firstOpenTransaction.orElse(highWatermark)));
    }

    OptionalLong firstOpenTransaction() {
        return firstOpenTransaction;
    }

    EpochEnd endOfEpoch(LeaderEpoch epoch) {
        return epochs.endOf(epoch, new Offset(logEndOffset));
    }
}
