package io.weirlog.log;

import io.weirlog.common.Offset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/// The compaction of one log: of each key the latest record stays, at its offset (C1).
///
/// The log has a clean part, in which every key that was known at the last cleaning is there once, and a dirty part
/// after it. A cleaning remembers the latest offsets of the dirty part's keys, as many as the memory takes, and then
/// writes both parts anew without the records that these have replaced. The active segment is never cleaned.
///
/// One thread at a time may clean, any thread may ask. Only what changes the log is done by its owner.
public final class LogCompaction {
    private final LogContext context;
    private final LogState state;
    private final LogSyncer syncer;
    private final LogProducers producers;
    private final LogReader reader;
    private final SegmentSwap swap;

    /// Written by the owner only.
    private volatile long firstDirtyOffset;

    private final AtomicInteger truncations = new AtomicInteger();

    LogCompaction(LogContext context, LogState state, LogSyncer syncer, LogProducers producers, LogReader reader)
            throws IOException {
        this.context = context;
        this.state = state;
        this.syncer = syncer;
        this.producers = producers;
        this.reader = reader;
        this.swap = new SegmentSwap(context, state, syncer);
        this.firstDirtyOffset = CleanerOffsetFile.read(context.storage(), context.directory());
        if (firstDirtyOffset > state.view().logEndOffset()) {
            // The log has lost its end: other records will take those offsets.
            CleanerOffsetFile.write(context.storage(), context.directory(), 0);
            firstDirtyOffset = 0;
        }
    }

    /// How much there is to clean.
    ///
    /// @param cleanPointMax the end of what will never be truncated, the high watermark; nothing from the
    ///     first open transaction on is cleaned either (C2)
    public CompactionNeed need(Offset cleanPointMax, long nowMillis) throws IOException {
        state.checkOpen();
        return need(state.view(), cleanPointMax, nowMillis);
    }

    private CompactionNeed need(LogView view, Offset cleanPointMax, long nowMillis) throws IOException {
        var policy = new CompactionPolicy(context.config());
        var firstDirty = Math.max(firstDirtyOffset, view.logStartOffset());
        var firstDirtySegment = view.segmentIndexOf(firstDirty);
        var endOffsets = new ArrayList<Long>();
        for (var i = 0; i < view.segmentCount() - 1; i++) {
            endOffsets.add(view.endOffset(i));
        }
        var end = policy.cleanableSegments(
                endOffsets,
                firstDirtySegment,
                view.lastStableOffset(cleanPointMax.value()),
                segment -> latestTimestamp(view, segment),
                nowMillis);
        var cleanBytes = 0L;
        var dirtyBytes = 0L;
        for (var i = 0; i < end; i++) {
            if (i < firstDirtySegment) {
                cleanBytes += view.endPosition(i);
            } else {
                dirtyBytes += view.endPosition(i);
            }
        }
        var overdue = end > firstDirtySegment
                && context.config().compaction().lagMillisMax() < Long.MAX_VALUE
                && policy.isOverdue(firstTimestamp(view, firstDirtySegment), nowMillis);
        var cleanableEnd = end > firstDirtySegment ? view.endOffset(end - 1) : firstDirty;
        return new CompactionNeed(
                cleanBytes,
                dirtyBytes,
                new Offset(firstDirty),
                new Offset(Math.max(firstDirty, cleanableEnd)),
                overdue);
    }

    private static OptionalLong latestTimestamp(LogView view, int index) throws IOException {
        var segment = view.segment(index);
        if (!segment.retain()) {
            return OptionalLong.empty();
        }
        try {
            return SegmentLookup.in(view, index).latestTimestampMillis();
        } finally {
            segment.release();
        }
    }

    private static OptionalLong firstTimestamp(LogView view, int index) throws IOException {
        var segment = view.segment(index);
        if (!segment.retain()) {
            return OptionalLong.empty();
        }
        try (var headers = new HeaderCursor(segment.reader(), segment.file(), 0, view.endPosition(index))) {
            return headers.next() && headers.header().maxTimestamp() >= 0
                    ? OptionalLong.of(headers.header().maxTimestamp())
                    : OptionalLong.empty();
        } finally {
            segment.release();
        }
    }

    /// Cleans as much as may be cleaned and as the memory takes. Whatever happens, a crash included, the log holds
    /// the latest record of each key (C1, C4); on failure it is as it was, or cleaned in part.
    ///
    /// @param cleanPointMax as for [#need]
    /// @throws CorruptLogException if there is no good batch where one must be
    /// @throws InterruptedException if the pace says so
    public CleaningOutcome clean(
            OwnerThread owner, CompactionMemory memory, CleaningPace pace, Offset cleanPointMax, long nowMillis)
            throws IOException, InterruptedException {
        var truncationsBefore = truncations.get();
        // What replaces a record must not be lost more easily than what it replaces.
        syncer.sync();
        var view = state.view();
        var need = need(view, cleanPointMax, nowMillis);
        if (need.dirtyBytes() == 0) {
            return new CleaningOutcome.NothingToClean();
        }
        try (var segments = RetainedSegments.of(
                view, view.segmentIndexOf(need.cleanableEnd().value() - 1) + 1)) {
            return segments.isEmpty()
                    ? new CleaningOutcome.Overtaken()
                    : new Compactor(context, segments, transactions(owner, need), pace)
                            .clean(need, memory, nowMillis, new Swapping(owner, truncationsBefore));
        }
    }

    private KnownTransactions transactions(OwnerThread owner, CompactionNeed need)
            throws IOException, InterruptedException {
        var live = new ArrayList<ProducerTable.Entry>();
        owner.run(() -> live.addAll(producers.entries()));
        var from = state.view().logStartOffset();
        return new KnownTransactions(
                live, reader.abortedTransactions(from, need.cleanableEnd().value()));
    }

    /// The steps of a cleaning that the owner does.
    final class Swapping {
        private final OwnerThread owner;
        private final int truncationsBefore;

        private Swapping(OwnerThread owner, int truncationsBefore) {
            this.owner = owner;
            this.truncationsBefore = truncationsBefore;
        }

        /// False if the log has changed so that these segments must not be replaced.
        boolean replace(List<Segment> old, long endOffset, int newSizeBytes) throws IOException, InterruptedException {
            return byOwner(() -> swap.replace(old, endOffset, newSizeBytes));
        }

        /// Says that the log is clean up to an offset.
        boolean finish(long cleanEnd) throws IOException, InterruptedException {
            return byOwner(() -> {
                note(cleanEnd);
                return true;
            });
        }

        private boolean byOwner(OwnerStep step) throws IOException, InterruptedException {
            var done = new boolean[1];
            owner.run(() -> done[0] = truncations.get() == truncationsBefore && step.run());
            return done[0];
        }
    }

    private interface OwnerStep {
        boolean run() throws IOException;
    }

    /// Says that the log will be truncated to an offset. Before that, so that no crash leaves a note of clean records
    /// beyond the log's end, which others will take.
    void beforeTruncation(Offset offset) throws IOException {
        state.checkWritable();
        truncations.incrementAndGet();
        if (offset.value() < firstDirtyOffset) {
            try {
                note(0);
            } catch (IOException e) {
                throw state.failed(e);
            }
        }
    }

    private void note(long offset) throws IOException {
        state.checkWritable();
        try {
            CleanerOffsetFile.write(context.storage(), context.directory(), offset);
        } catch (IOException e) {
            throw state.failed(e);
        }
        firstDirtyOffset = offset;
    }
}
