package io.weirlog.log;

import io.weirlog.common.Offset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes records off the beginning of a log. By the owner.
///
/// The new start is durable before anything goes (T1). The files are renamed at once, so that the log no longer has
/// them, and unlinked after `file.delete.delay.ms`; readers that are in them keep them open.
final class LogRetention {
    private static final Logger LOG = LoggerFactory.getLogger(LogRetention.class);

    /// What a new start opens at a time; segments that nobody reads need none.
    private static final int FILES = 8;

    private final LogContext context;
    private final LogState state;
    private final LogSyncer syncer;
    private final LogAppender appender;
    private final LogProducers producers;
    private final RetentionClock clock = new RetentionClock();

    LogRetention(LogContext context, LogState state, LogSyncer syncer, LogAppender appender, LogProducers producers) {
        this.context = context;
        this.state = state;
        this.syncer = syncer;
        this.appender = appender;
        this.producers = producers;
    }

    /// See [PartitionLog#applyRetention].
    RetentionOutcome apply(long nowMillis, Offset highWatermark) throws IOException {
        state.checkWritable();
        try {
            var view = state.view();
            repairIndexes(view);
            var segments = new ArrayList<RetentionPolicy.SegmentExtent>();
            for (var i = 0; i < view.segmentCount(); i++) {
                segments.add(new RetentionPolicy.SegmentExtent(view.endOffset(i), view.endPosition(i)));
            }
            var trustedNow = clock.trustedNow(nowMillis, newestTimestamp(view, nowMillis));
            var expired = new RetentionPolicy(context.config())
                    .expiredSegments(
                            segments,
                            segment -> latestTimestamp(view, segment),
                            nowMillis,
                            trustedNow,
                            view.lastStableOffset(highWatermark.value()));
            if (expired == view.segmentCount()) {
                appender.roll();
                expired = state.view().segmentCount() - 1;
            }
            // What lies wholly before the log's start since a segment was closed there.
            expired = Math.max(expired, view.segmentIndexOf(view.logStartOffset()));
            return expired == 0
                    ? new RetentionOutcome(0, 0)
                    : startAt(state.view().segment(expired).baseOffset());
        } catch (LogPoisonedException e) {
            throw e;
        } catch (IOException e) {
            throw state.failed(e);
        }
    }

    private static OptionalLong latestTimestamp(LogView view, int segment) throws IOException {
        if (segment < view.segmentCount() - 1) {
            return SegmentLookup.in(view, segment).latestTimestampMillis();
        }
        var latest = view.active().indexes().largestTimestampMillis();
        return latest < 0 ? OptionalLong.empty() : OptionalLong.of(latest);
    }

    /// New files for indexes that readers found damaged.
    private static void repairIndexes(LogView view) throws IOException {
        for (var i = 0; i < view.segmentCount(); i++) {
            try {
                view.segment(i).repairIndexes(view.endPosition(i));
            } catch (CorruptLogException e) {
                LOG.error("{}: no index can be made", view.segment(i).file(), e);
            }
        }
    }

    /// From the segments that are open anyway.
    private static long newestTimestamp(LogView view, long nowMillis) throws IOException {
        var newest = latestTimestamp(view, view.segmentCount() - 1);
        if (newest.isEmpty() && view.segmentCount() > 1) {
            newest = latestTimestamp(view, view.segmentCount() - 2);
        }
        return newest.orElse(0) > nowMillis ? 0 : newest.orElse(0);
    }

    /// See [PartitionLog#deleteRecordsBefore].
    void deleteRecordsBefore(Offset offset) throws IOException {
        state.checkWritable();
        var view = state.view();
        if (offset.value() > view.logEndOffset()) {
            throw new IllegalArgumentException(
                    "records before " + offset + " cannot be deleted, the log ends at " + view.logEndOffset());
        }
        if (offset.value() <= view.logStartOffset()) {
            return;
        }
        try {
            startAt(offset.value());
        } catch (IOException e) {
            throw state.failed(e);
        }
    }

    private RetentionOutcome startAt(long offset) throws IOException {
        var view = state.view();
        context.needOpenFiles(FILES);
        syncer.beforeWrite();
        LogStartFile.write(context.storage(), context.directory(), Math.max(offset, view.logStartOffset()));
        var epochs = view.epochs().from(new Offset(offset));
        if (!epochs.equals(view.epochs())) {
            EpochFile.write(context.storage(), context.directory(), epochs);
        }
        var gone = view.segmentIndexOf(offset);
        state.publish(view.withEpochs(epochs).startingAt(Math.max(offset, view.logStartOffset()), gone));
        var sizeBytes = 0L;
        try {
            for (var i = 0; i < gone; i++) {
                sizeBytes += view.endPosition(i);
                delete(view.segment(i));
            }
            producers.removeBefore(state.view().segment(0).baseOffset());
        } catch (IOException e) {
            throw state.poison(e);
        }
        return new RetentionOutcome(gone, sizeBytes);
    }

    private void delete(Segment segment) throws IOException {
        var storage = context.storage();
        var unread = segment.retireIfUnused();
        if (!unread) {
            segment.openForReaders();
        }
        // The indexes first: without its batches an index is nothing.
        for (var suffix : LogFileNames.SEGMENT_SUFFIXES.reversed()) {
            var file = context.segmentFile(segment.baseOffset(), suffix);
            if (storage.exists(file)) {
                storage.rename(file, context.segmentFile(segment.baseOffset(), suffix + LogFileNames.DELETED));
            }
        }
        if (!unread) {
            segment.release();
        }
        context.later()
                .schedule(() -> unlink(segment.baseOffset()), context.config().fileDeleteDelayMillis());
    }

    private void unlink(long baseOffset) {
        for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
            var file = context.segmentFile(baseOffset, suffix + LogFileNames.DELETED);
            try {
                context.storage().delete(file);
            } catch (IOException e) {
                LOG.warn("{}: cannot delete; it will be tried again when the log is opened", file, e);
            }
        }
    }
}
