package io.weirlog.log;

import io.weirlog.common.Invariant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One file of batches with its indexes. Files are opened when they are first needed.
///
/// Readers count themselves in with [#retain]: files and mapped memory stay until the last has left, so neither a
/// deletion nor the log's closing cuts one short. Only the log's last segment, the active one, is written.
final class Segment {
    private static final Logger LOG = LoggerFactory.getLogger(Segment.class);
    /// A disk that damages the indexes of one segment more often than this is not worth another try.
    private static final int REPLACEMENTS_MAX = 8;

    private final LogContext context;
    private final long baseOffset;
    private final Path file;
    private final AtomicInteger references = new AtomicInteger(1);

    /// Set when the segment takes no more batches.
    private volatile @Nullable Extent completed;
    /// Whether all of the completed segment is on stable storage, indexes included. Only under the log's sync
    /// lock.
    private boolean durable;
    /// Whether the file is longer than its batches. By the owner.
    private boolean preallocated;
    /// How far the active segment went when the log was closed properly, if its indexes are to be continued.
    private final @Nullable Extent cleanEnd;

    private volatile @Nullable SegmentIndexes indexes;
    /// Whether the index files hold what cannot be believed.
    private volatile boolean indexesDamaged;
    /// Indexes that were replaced while readers may be in them. Under the segment's lock.
    private final List<SegmentIndexes> replacedIndexes = new ArrayList<>();

    private volatile @Nullable TransactionIndex transactions;
    private volatile Storage.@Nullable ReadableFile reader;
    private volatile Storage.@Nullable WritableFile writer;

    /// How far a completed segment goes.
    private record Extent(int sizeBytes, long endOffset) {}

    private Segment(LogContext context, long baseOffset, @Nullable Extent cleanEnd) {
        this.context = context;
        this.baseOffset = baseOffset;
        this.cleanEnd = cleanEnd;
        this.file = context.segmentFile(baseOffset, LogFileNames.LOG);
    }

    /// The segment to be written, with its indexes.
    static Segment active(LogContext context, long baseOffset, SegmentIndexes indexes) {
        var segment = new Segment(context, baseOffset, null);
        segment.indexes = indexes;
        return segment;
    }

    /// The segment to be written after a clean end. Nothing of it is opened before it is needed.
    static Segment activeAfterCleanEnd(LogContext context, long baseOffset, int sizeBytes, long endOffset) {
        return new Segment(context, baseOffset, new Extent(sizeBytes, endOffset));
    }

    /// A segment that was completed and synced before the log was opened.
    static Segment completed(LogContext context, long baseOffset, int sizeBytes, long endOffset) {
        var segment = new Segment(context, baseOffset, null);
        segment.completed = new Extent(sizeBytes, endOffset);
        segment.durable = true;
        return segment;
    }

    long baseOffset() {
        return baseOffset;
    }

    Path file() {
        return file;
    }

    /// Only of a completed segment.
    int completedBytes() {
        var extent = completed;
        Invariant.check(extent != null, "segment %s is not complete", baseOffset);
        return extent == null ? 0 : extent.sizeBytes();
    }

    /// Counts a reader in; false if the segment is gone.
    boolean retain() {
        while (true) {
            var count = references.get();
            if (count == 0) {
                return false;
            }
            if (references.compareAndSet(count, count + 1)) {
                return true;
            }
        }
    }

    /// Counts a reader, or the log itself, out; the last one closes the files.
    void release() {
        var count = references.decrementAndGet();
        Invariant.check(count >= 0, "segment %s was released %s times too often", baseOffset, -count);
        if (count == 0) {
            closeFiles();
        }
    }

    /// Counts the log out if nobody else is counted in: then no reader comes any more, and the file may be
    /// changed.
    boolean retireIfUnused() {
        if (!references.compareAndSet(1, 0)) {
            return false;
        }
        closeFiles();
        return true;
    }

    /// Opens everything that a reader may want, so that the names of the files can go.
    void openForReaders() throws IOException {
        reader().keepOpen();
        indexes();
        transactions().openForReaders();
    }

    /// Says that the names of the files are about to go: those that a reader has open stay readable.
    void keepReaderOpen() throws IOException {
        var open = reader;
        if (open != null) {
            open.keepOpen();
        }
    }

    /// Opens everything that an append changes, so that it finds no open file missing when it has begun.
    void openForAppends(int sizeBytes) throws IOException {
        writer();
        repairIndexes(sizeBytes);
        indexes();
    }

    /// Locked, so that one of the threads that find the file closed opens it for all.
    Storage.ReadableFile reader() throws IOException {
        var open = reader;
        if (open == null) {
            synchronized (this) {
                open = reader;
                if (open == null) {
                    open = context.storage().openForRead(file);
                    reader = open;
                }
            }
        }
        return open;
    }

    /// Locked, so that one of the owner and the syncing thread opens the file for both.
    Storage.WritableFile writer() throws IOException {
        var open = writer;
        if (open == null) {
            synchronized (this) {
                open = writer;
                if (open == null) {
                    open = context.storage().openForWrite(file);
                    writer = open;
                }
            }
        }
        return open;
    }

    /// Locked, so that one of the threads that find the indexes closed opens them for all, or makes them anew.
    SegmentIndexes indexes() throws IOException {
        var open = indexes;
        if (open == null) {
            synchronized (this) {
                open = indexes;
                if (open == null) {
                    open = openIndexes();
                    indexes = open;
                }
            }
        }
        return open;
    }

    /// Locked, so that one of the threads that want the index opens it for all.
    TransactionIndex transactions() throws IOException {
        var open = transactions;
        if (open == null) {
            synchronized (this) {
                open = transactions;
                if (open == null) {
                    open = TransactionIndex.open(context, baseOffset);
                    transactions = open;
                }
            }
        }
        return open;
    }

    private SegmentIndexes openIndexes() throws IOException {
        var extent = completed;
        if (extent == null) {
            Invariant.check(cleanEnd != null, "the active segment %s has lost its indexes", baseOffset);
            return cleanEnd == null ? SegmentIndexes.create(context, baseOffset) : continueIndexes(cleanEnd);
        }
        if (indexFilesExist()) {
            var found = SegmentIndexes.openForRead(context, baseOffset);
            if (found.areSane(extent.sizeBytes(), extent.endOffset()) && isTimeIndexed(found, extent)) {
                return found;
            }
            found.close();
        }
        LOG.warn("{}: indexes are missing or damaged, making them anew", file);
        var rebuilt = buildIndexes(extent.sizeBytes());
        try {
            rebuilt.finish();
            return rebuilt;
        } catch (IOException | RuntimeException e) {
            rebuilt.close();
            throw e;
        }
    }

    private SegmentIndexes continueIndexes(Extent end) throws IOException {
        if (indexFilesExist()) {
            var found = SegmentIndexes.openForWrite(context, baseOffset);
            var kept = false;
            try {
                kept = found.areSane(end.sizeBytes(), end.endOffset())
                        && SegmentLookup.canBeContinued(this, found, end.sizeBytes(), end.endOffset());
            } finally {
                if (!kept) {
                    found.close();
                }
            }
            if (kept) {
                return found;
            }
        }
        LOG.warn("{}: indexes are missing or damaged, making them anew", file);
        return buildIndexes(end.sizeBytes());
    }

    /// New indexes over the batches in the first `sizeBytes`, in files, with room for more.
    SegmentIndexes buildIndexes(int sizeBytes) throws IOException {
        return index(SegmentIndexes.create(context, baseOffset), sizeBytes);
    }

    private SegmentIndexes index(SegmentIndexes empty, int sizeBytes) throws IOException {
        var next = baseOffset;
        try (var headers = new HeaderCursor(reader(), file, 0, sizeBytes)) {
            while (headers.next()) {
                var header = headers.header();
                if (header.baseOffset() < next || header.lastOffsetDelta() < 0) {
                    throw new CorruptLogException(
                            file, headers.position(), "a batch begins at offset " + header.baseOffset());
                }
                empty.add(header, headers.position());
                next = header.nextOffset();
            }
            return empty;
        } catch (IOException | RuntimeException e) {
            empty.close();
            throw e;
        }
    }

    /// Says that `seen` tell of batches that are not there. By any thread. The indexes of a completed segment are
    /// made anew at once, in memory: the names of the files may by now be those of another segment. The owner
    /// replaces the files with [#repairIndexes], and the indexes of the active segment, to which only it adds.
    ///
    /// Locked, so that one of the threads that find the damage makes the new ones for all.
    synchronized void rejectIndexes(SegmentIndexes seen) throws IOException {
        if (seen != indexes) {
            return;
        }
        if (!indexesDamaged) {
            LOG.warn("{}: an index entry does not fit the log; making the indexes anew", file);
        }
        indexesDamaged = true;
        var extent = completed;
        if (extent == null || replacedIndexes.size() >= REPLACEMENTS_MAX) {
            return;
        }
        try {
            var rebuilt = index(SegmentIndexes.inMemory(context, baseOffset, extent.sizeBytes()), extent.sizeBytes());
            rebuilt.addLatestTime();
            replacedIndexes.add(seen);
            indexes = rebuilt;
        } catch (CorruptLogException e) {
            LOG.error("{}: no index can be made", file, e);
        }
    }

    /// Puts new index files in place of damaged ones; the old ones may be mapped. By the owner, of a segment
    /// that is in the log and has `sizeBytes`.
    synchronized void repairIndexes(int sizeBytes) throws IOException {
        var old = indexes;
        if (!indexesDamaged || old == null || replacedIndexes.size() >= 2 * REPLACEMENTS_MAX) {
            return;
        }
        deleteIndexFiles();
        var rebuilt = buildIndexes(sizeBytes);
        replacedIndexes.add(old);
        indexes = rebuilt;
        indexesDamaged = false;
        if (completed != null) {
            rebuilt.finish();
            SegmentIndexes.sync(context, baseOffset);
        }
    }

    void deleteIndexFiles() throws IOException {
        context.storage().delete(context.segmentFile(baseOffset, LogFileNames.OFFSET_INDEX));
        context.storage().delete(context.segmentFile(baseOffset, LogFileNames.TIME_INDEX));
    }

    /// A completed segment's time index ends with its largest timestamp, so it is empty only if there is none.
    private boolean isTimeIndexed(SegmentIndexes found, Extent extent) throws IOException {
        if (found.times().entries() > 0 || extent.sizeBytes() == 0) {
            return true;
        }
        try (var headers = new HeaderCursor(reader(), file, 0, extent.sizeBytes())) {
            while (headers.next()) {
                // Those that compaction has emptied are not indexed by time.
                if (headers.header().recordCount() > 0) {
                    return headers.header().maxTimestamp() < 0;
                }
            }
            return true;
        }
    }

    boolean indexFilesExist() {
        var storage = context.storage();
        return storage.exists(context.segmentFile(baseOffset, LogFileNames.OFFSET_INDEX))
                && storage.exists(context.segmentFile(baseOffset, LogFileNames.TIME_INDEX));
    }

    /// Says that no batch will follow. By the owner. May be called again, also after it could not open a file: then
    /// nothing has changed.
    void complete(int sizeBytes, long endOffset) throws IOException {
        repairIndexes(sizeBytes);
        indexes().finish();
        trim(sizeBytes);
        completed = new Extent(sizeBytes, endOffset);
    }

    /// Takes off what was allocated in advance and is not used (KAFKA-5431).
    void trim(int sizeBytes) throws IOException {
        if (preallocated) {
            writer().truncate(sizeBytes);
            preallocated = false;
        }
    }

    boolean isDurable() {
        return durable;
    }

    /// Makes what was written durable, and of a completed segment the indexes too. Under the log's sync lock.
    void sync() throws IOException {
        // Asked first: a segment that is completed meanwhile is synced once more, indexes included.
        var complete = completed != null;
        writer().syncData();
        // With every sync: whether a transaction was aborted cannot be asked of the segment alone.
        transactions().sync();
        if (complete) {
            SegmentIndexes.sync(context, baseOffset);
            durable = true;
            closeWriter();
        }
    }

    boolean isCompleted() {
        return completed != null;
    }

    /// The completed segment has become durable together with others. Under the log's sync lock.
    void syncedWithOthers() throws IOException {
        durable = true;
        closeWriter();
    }

    private synchronized void closeWriter() throws IOException {
        var open = writer;
        if (open != null) {
            writer = null;
            open.close();
        }
        var openTransactions = transactions;
        if (openTransactions != null) {
            openTransactions.closeWriter();
        }
    }

    private synchronized void closeFiles() {
        var openIndexes = indexes;
        if (openIndexes != null) {
            indexes = null;
            openIndexes.close();
        }
        replacedIndexes.forEach(SegmentIndexes::close);
        replacedIndexes.clear();
        try {
            closeWriter();
            var openTransactions = transactions;
            if (openTransactions != null) {
                openTransactions.close();
            }
            var openReader = reader;
            if (openReader != null) {
                reader = null;
                openReader.close();
            }
        } catch (IOException e) {
            // Whatever had to be durable was synced before; a failing close loses nothing.
            LOG.warn("{}: cannot close", file, e);
        }
    }

    /// Makes the files of an empty segment.
    static Segment create(LogContext context, long baseOffset) throws IOException {
        var segment = active(context, baseOffset, SegmentIndexes.create(context, baseOffset));
        try {
            // A file of this name would be left of a roll that was undone; nothing of it counts.
            segment.writer().truncate(0);
            segment.transactions = TransactionIndex.create(context, baseOffset);
            if (context.config().preallocate()) {
                segment.writer().write(context.config().segmentBytes() - 1L, ByteBuffer.allocate(1));
                segment.preallocated = true;
            }
            return segment;
        } catch (IOException e) {
            segment.release();
            throw e;
        }
    }
}
