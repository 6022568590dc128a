package io.weirlog.log;

import io.weirlog.log.LogFileNames.SwapRange;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts a compacted segment in the place of those that it was made of (C4). By the owner, for it changes the view.
///
/// | Step, each durable before the next | A crash after it is mended by |
/// |---|---|
/// | the new segment is written under names that end in `.cleaned` | deleting them: the log is as it was |
/// | its `.log` is renamed to `‹first›-‹end›.swap` | doing the rest: the log is the new one |
/// | the old segments between these offsets are renamed to `.deleted` | the same |
/// | the indexes and the segment get their names | giving them the names that are missing, or making them anew |
///
/// Readers keep what they have: the old files are open for them until the last has left.
final class SegmentSwap {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentSwap.class);

    /// What a swap opens at a time, beside the old segments.
    private static final int FILES = 4;

    private final LogContext context;
    private final LogState state;
    private final LogSyncer syncer;

    SegmentSwap(LogContext context, LogState state, LogSyncer syncer) {
        this.context = context;
        this.state = state;
        this.syncer = syncer;
    }

    /// Does nothing, and says so with false, if the log has changed meanwhile and no longer has these segments.
    ///
    /// @param old neighbours, all complete, of which the first gives the new segment its base
    /// @param endOffset one past the last offset of the last of them
    boolean replace(List<Segment> old, long endOffset, int newSizeBytes) throws IOException {
        state.checkWritable();
        var view = state.view();
        var index = view.segmentIndexOf(old.getFirst().baseOffset());
        if (!stillHas(view, index, old)) {
            return false;
        }
        var base = old.getFirst().baseOffset();
        try {
            for (var segment : old) {
                segment.openForReaders();
            }
            syncer.beforeWrite();
            context.needOpenFiles(FILES);
        } catch (IOException e) {
            throw state.failed(e);
        }
        try {
            moveFiles(old, new SwapRange(base, endOffset));
        } catch (IOException e) {
            throw state.poison(e);
        }
        state.publish(view.replaced(index, old.size(), Segment.completed(context, base, newSizeBytes, endOffset)));
        old.forEach(Segment::release);
        context.later().schedule(() -> unlink(old), context.config().fileDeleteDelayMillis());
        return true;
    }

    private static boolean stillHas(LogView view, int index, List<Segment> old) {
        // The active segment is never among them: it has records beyond the clean point, or none (C2).
        if (index + old.size() >= view.segmentCount()) {
            return false;
        }
        for (var i = 0; i < old.size(); i++) {
            if (!view.segment(index + i).equals(old.get(i))) {
                return false;
            }
        }
        return true;
    }

    private void moveFiles(List<Segment> old, SwapRange range) throws IOException {
        var storage = context.storage();
        var swap = LogFileNames.swapFile(context.directory(), range);
        storage.rename(context.cleaned().segmentFile(range.baseOffset(), LogFileNames.LOG), swap);
        storage.syncDirectory(context.directory());
        for (var segment : old) {
            for (var suffix : LogFileNames.SEGMENT_SUFFIXES.reversed()) {
                var file = context.segmentFile(segment.baseOffset(), suffix);
                if (storage.exists(file)) {
                    storage.rename(file, deleted(segment, suffix));
                }
            }
        }
        storage.syncDirectory(context.directory());
        for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
            var cleaned = context.cleaned().segmentFile(range.baseOffset(), suffix);
            if (storage.exists(cleaned)) {
                storage.rename(cleaned, context.segmentFile(range.baseOffset(), suffix));
            }
        }
        storage.rename(swap, context.segmentFile(range.baseOffset(), LogFileNames.LOG));
        storage.syncDirectory(context.directory());
    }

    private Path deleted(Segment segment, String suffix) {
        return context.segmentFile(segment.baseOffset(), suffix + LogFileNames.DELETED);
    }

    private void unlink(List<Segment> old) {
        for (var segment : old) {
            for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
                var file = deleted(segment, suffix);
                try {
                    context.storage().delete(file);
                } catch (IOException e) {
                    LOG.warn("{}: cannot delete; it will be tried again when the log is opened", file, e);
                }
            }
        }
    }

    /// Does the rest of a swap that a crash has interrupted. Before anything is read of the log.
    static void finishInterrupted(LogContext context) throws IOException {
        var storage = context.storage();
        for (var name : storage.list(context.directory())) {
            var range = LogFileNames.swapRange(name);
            if (range.isEmpty()) {
                continue;
            }
            deleteSegmentsIn(context, range.get());
            var cleaned = context.cleaned().segmentFile(range.get().baseOffset(), LogFileNames.TRANSACTION_INDEX);
            if (storage.exists(cleaned)) {
                storage.rename(cleaned, context.segmentFile(range.get().baseOffset(), LogFileNames.TRANSACTION_INDEX));
            }
            // For good: beside the new segment an old one would be its records twice.
            storage.syncDirectory(context.directory());
            storage.rename(context.file(name), context.segmentFile(range.get().baseOffset(), LogFileNames.LOG));
            storage.syncDirectory(context.directory());
        }
    }

    /// All but the first one's transaction index, which cannot be made anew and may be the new one already. If it is
    /// the old one and no new one is there, it tells of transactions that have no record left, and does no harm.
    private static void deleteSegmentsIn(LogContext context, SwapRange range) throws IOException {
        for (var name : context.storage().list(context.directory())) {
            for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
                var base = LogFileNames.baseOffset(name, suffix);
                var mayBeNew = suffix.equals(LogFileNames.TRANSACTION_INDEX)
                        && base.equals(OptionalLong.of(range.baseOffset()));
                if (base.isPresent()
                        && !mayBeNew
                        && base.getAsLong() >= range.baseOffset()
                        && base.getAsLong() < range.endOffset()) {
                    context.storage().delete(context.file(name));
                }
            }
        }
    }
}
