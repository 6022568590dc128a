package io.weirlog.log;

import io.weirlog.common.Offset;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Takes records off the end of a log, for good (L5). By the owner, with no sync beside it.
///
/// | Step | A crash after it leaves |
/// |---|---|
/// | the clean-shutdown marker goes | the log as it was, to be scanned |
/// | the synced offset is lowered to the new end | the same; what is beyond may now be missing |
/// | the epochs beyond the new end go | batches of such an epoch are a torn end |
/// | later segments go, the newest first, each for good before the next | a longer log than wanted |
/// | the last segment is cut and synced | what was wanted |
///
/// Readers keep what they have: files that somebody reads are never shortened. Removed ones stay open for them, and
/// of a segment that has to be cut the part that stays is copied into a new file.
final class LogTruncator {
    private static final int COPY_BYTES = 1 << 20;
    /// Of which readers have to be served on: its batches and its aborted transactions.
    private static final int FILES_OF_A_SEGMENT = 2;

    private static final int FILES_BESIDE_SEGMENTS = 8;

    private final LogContext context;
    private final LogState state;
    private final LogSyncer syncer;
    private final LogProducers producers;

    LogTruncator(LogContext context, LogState state, LogSyncer syncer, LogProducers producers) {
        this.context = context;
        this.state = state;
        this.syncer = syncer;
        this.producers = producers;
    }

    /// Where a log is to end: in which segment, at which of its bytes, at which offset.
    private record Cut(int segmentIndex, int position, long endOffset) {}

    /// See [PartitionLog#truncateTo].
    void truncateTo(Offset offset) throws IOException {
        state.checkWritable();
        var view = state.view();
        if (offset.value() > view.logEndOffset()) {
            return;
        }
        if (offset.value() <= view.logStartOffset()) {
            truncateFullyAndStartAt(offset);
            return;
        }
        poisonIfItFails(view.segmentIndexOf(offset.value()), () -> {
            if (offset.value() == view.logEndOffset()) {
                // KAFKA-10706: an epoch that began here without a record is as much beyond the end as one with some.
                writeEpochs(view.epochs().before(offset));
            } else {
                var cut = cutAt(view, offset.value());
                if (cut.endOffset() <= view.logStartOffset()) {
                    // Not even a whole batch remains of what can be read.
                    startAnew(new Offset(view.logStartOffset()));
                    return;
                }
                // Before anybody sees the new end: where the first open transaction begins belongs to it.
                producers.restoreAt(view, cut.endOffset());
                cut(cut, cut.endOffset(), view.epochs().before(new Offset(cut.endOffset())));
            }
        });
    }

    /// See [PartitionLog#truncateFullyAndStartAt].
    void truncateFullyAndStartAt(Offset start) throws IOException {
        state.checkWritable();
        poisonIfItFails(0, () -> startAnew(start));
    }

    private void startAnew(Offset start) throws IOException {
        var base = state.view().segment(0).baseOffset();
        producers.clear();
        cut(new Cut(0, 0, base), Math.min(base, start.value()), EpochHistory.EMPTY);
        syncer.exclusively(() -> {
            // At no time the log start may be before the first segment: that would look as if one were lost.
            if (start.value() >= base) {
                LogStartFile.write(context.storage(), context.directory(), start.value());
            }
            moveEmptySegment(base, start.value());
            if (start.value() < base) {
                LogStartFile.write(context.storage(), context.directory(), start.value());
            }
            syncer.startAt(start.value());
        });
    }

    /// @param firstCut the first segment that is cut: it and those after it are kept open for their readers
    private void poisonIfItFails(int firstCut, LogSyncer.Step step) throws IOException {
        try {
            context.needOpenFiles(
                    FILES_OF_A_SEGMENT * (state.view().segmentCount() - firstCut) + FILES_BESIDE_SEGMENTS);
            syncer.beforeWrite();
        } catch (IOException e) {
            throw state.failed(e);
        }
        try {
            step.run();
        } catch (IOException e) {
            throw state.poison(e);
        } catch (RuntimeException e) {
            state.poison(e);
            throw e;
        }
    }

    /// A batch goes as a whole if any of its records is at or after the offset.
    private static Cut cutAt(LogView view, long offset) throws IOException {
        var index = view.segmentIndexOf(offset);
        var segment = view.segment(index);
        var lookup = SegmentLookup.in(view, index);
        var at = 0;
        try (var headers = lookup.walkFrom(offset)) {
            at = headers.startPosition();
        }
        var end = segment.baseOffset();
        // One entry back, so that the batch before the cut is seen: where offsets have gaps it tells the new end.
        try (var headers = lookup.walkFromPosition(Math.max(0, at - 1))) {
            while (headers.next()) {
                if (headers.header().lastOffset() >= offset) {
                    return new Cut(index, headers.position(), end);
                }
                end = headers.header().nextOffset();
            }
        }
        return new Cut(index, view.endPosition(index), end);
    }

    private void writeEpochs(EpochHistory epochs) throws IOException {
        if (!epochs.equals(state.view().epochs())) {
            EpochFile.write(context.storage(), context.directory(), epochs);
            state.publish(state.view().withEpochs(epochs));
        }
    }

    private void cut(Cut cut, long syncedOffsetMax, EpochHistory epochs) throws IOException {
        syncer.exclusively(() -> {
            syncer.lowerTo(syncedOffsetMax);
            writeEpochs(epochs);
            var view = state.view();
            var last = view.segmentCount() - 1;
            for (var i = cut.segmentIndex(); i <= last; i++) {
                view.segment(i).openForReaders();
            }
            for (var i = last; i > cut.segmentIndex(); i--) {
                deleteFiles(view.segment(i).baseOffset());
            }
            cutSegment(view, cut);
            for (var i = last; i > cut.segmentIndex(); i--) {
                view.segment(i).release();
            }
        });
    }

    private void deleteFiles(long baseOffset) throws IOException {
        for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
            context.storage().delete(context.segmentFile(baseOffset, suffix));
        }
        // One at a time, lest a crash brings a later one back and not those before it.
        context.storage().syncDirectory(context.directory());
    }

    private void cutSegment(LogView view, Cut cut) throws IOException {
        var old = view.segment(cut.segmentIndex());
        var kept = Segment.active(context, old.baseOffset(), newIndexes(old, cut));
        var unread = old.retireIfUnused();
        if (!unread) {
            replaceByPrefix(old, cut.position());
        }
        state.publish(view.cutTo(
                cut.segmentIndex(), kept, cut.endOffset(), cut.position(), producers.firstOpenTransaction()));
        if (unread) {
            // Readers of the new view do not look beyond its end.
            kept.writer().truncate(cut.position());
        } else {
            old.release();
        }
        kept.writer().syncData();
        context.storage().syncDirectory(context.directory());
    }

    /// In new files: the old ones may be mapped.
    private SegmentIndexes newIndexes(Segment old, Cut cut) throws IOException {
        var aborted = old.transactions().endingBefore(cut.endOffset());
        old.deleteIndexFiles();
        TransactionIndex.write(context, old.baseOffset(), aborted);
        return old.buildIndexes(cut.position());
    }

    private void replaceByPrefix(Segment old, int sizeBytes) throws IOException {
        var storage = context.storage();
        var temporary = context.segmentFile(old.baseOffset(), LogFileNames.LOG + LogFileNames.TEMPORARY);
        var chunk = ByteBuffer.allocate(Math.min(sizeBytes, COPY_BYTES));
        try (var out = storage.openForWrite(temporary)) {
            out.truncate(0);
            for (var at = 0; at < sizeBytes; at += chunk.limit()) {
                chunk.clear().limit(Math.min(chunk.capacity(), sizeBytes - at));
                old.reader().read(at, chunk);
                out.write(at, chunk.flip());
            }
            out.syncData();
        }
        storage.rename(temporary, old.file());
    }

    /// An empty log at `from` becomes one at `to` by one rename: no crash finds two segments or none.
    private void moveEmptySegment(long from, long to) throws IOException {
        if (from == to) {
            state.publish(state.view().startingAt(to, 0));
            return;
        }
        var storage = context.storage();
        var old = state.view().active();
        old.openForReaders();
        old.deleteIndexFiles();
        storage.rename(old.file(), context.segmentFile(to, LogFileNames.LOG));
        storage.syncDirectory(context.directory());
        var next = Segment.active(context, to, SegmentIndexes.create(context, to));
        state.publish(LogView.of(new Segment[] {next}, to, 0, EpochHistory.EMPTY));
        old.release();
    }
}
