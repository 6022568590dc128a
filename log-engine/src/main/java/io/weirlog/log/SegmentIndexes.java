package io.weirlog.log;

import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The two indexes of one segment. Lookups may come from any thread, all else from the one that owns the segment.
final class SegmentIndexes implements AutoCloseable {
    private final LogContext context;
    private final long baseOffset;
    private final Mappings mappings;
    private final OffsetIndex offsets;
    private final TimeIndex times;

    private int bytesSinceEntry;
    private long maxTimestampMillis;
    private long maxTimestampOffset;

    /// Memory that lives until [#close]. There is no arena while nothing is mapped: to close one takes every thread of
    /// the process a moment, and most partitions have empty indexes.
    private static final class Mappings implements AutoCloseable {
        private @Nullable Arena arena;

        Arena arena() {
            var existing = arena;
            if (existing == null) {
                existing = Arena.ofShared();
                arena = existing;
            }
            return existing;
        }

        @Override
        public void close() {
            if (arena != null) {
                arena.close();
            }
        }
    }

    private SegmentIndexes(
            LogContext context, long baseOffset, Mappings mappings, OffsetIndex offsets, TimeIndex times) {
        this.context = context;
        this.baseOffset = baseOffset;
        this.mappings = mappings;
        this.offsets = offsets;
        this.times = times;
        this.maxTimestampMillis = times.lastTimestampMillis();
        this.maxTimestampOffset = times.lastOffset();
    }

    /// New and empty, to grow with the segment; what was in the files is gone.
    static SegmentIndexes create(LogContext context, long baseOffset) throws IOException {
        return openForWrite(context, baseOffset, true);
    }

    /// For more entries after those that are there.
    static SegmentIndexes openForWrite(LogContext context, long baseOffset) throws IOException {
        return openForWrite(context, baseOffset, false);
    }

    private static SegmentIndexes openForWrite(LogContext context, long baseOffset, boolean empty) throws IOException {
        var mappings = new Mappings();
        try (var offsetFile = openFile(context, baseOffset, LogFileNames.OFFSET_INDEX);
                var timeFile = openFile(context, baseOffset, LogFileNames.TIME_INDEX)) {
            if (empty) {
                offsetFile.truncate(0);
                timeFile.truncate(0);
            }
            var offsetEntries = Math.toIntExact(offsetFile.sizeBytes() / OffsetIndex.ENTRY_BYTES);
            var timeEntries = Math.toIntExact(timeFile.sizeBytes() / TimeIndex.ENTRY_BYTES);
            var roomBytes = context.config().segmentIndexBytes();
            return new SegmentIndexes(
                    context,
                    baseOffset,
                    mappings,
                    new OffsetIndex(
                            new IndexMemory(
                                    (long) offsetEntries * OffsetIndex.ENTRY_BYTES,
                                    bytesMax(OffsetIndex.ENTRY_BYTES, roomBytes),
                                    bytes -> map(context, baseOffset, LogFileNames.OFFSET_INDEX, mappings, bytes)),
                            baseOffset,
                            offsetEntries),
                    new TimeIndex(
                            new IndexMemory(
                                    (long) timeEntries * TimeIndex.ENTRY_BYTES,
                                    bytesMax(TimeIndex.ENTRY_BYTES, roomBytes),
                                    bytes -> map(context, baseOffset, LogFileNames.TIME_INDEX, mappings, bytes)),
                            baseOffset,
                            timeEntries));
        } catch (IOException | RuntimeException e) {
            mappings.close();
            throw e;
        }
    }

    private static MemorySegment map(
            LogContext context, long baseOffset, String suffix, Mappings mappings, long sizeBytes) throws IOException {
        try (var file = openFile(context, baseOffset, suffix)) {
            return file.map(mappings.arena(), sizeBytes);
        }
    }

    /// Whole entries only, at least two: one for use and one that closes the time index.
    private static long bytesMax(int entryBytes, int roomBytes) {
        return (long) Math.max(2, roomBytes / entryBytes) * entryBytes;
    }

    /// For lookups in a segment that takes no more batches.
    static SegmentIndexes openForRead(LogContext context, long baseOffset) throws IOException {
        var mappings = new Mappings();
        var storage = context.storage();
        try (var offsetFile = storage.openForRead(context.segmentFile(baseOffset, LogFileNames.OFFSET_INDEX));
                var timeFile = storage.openForRead(context.segmentFile(baseOffset, LogFileNames.TIME_INDEX))) {
            var offsetBytes = offsetFile.sizeBytes() / OffsetIndex.ENTRY_BYTES * OffsetIndex.ENTRY_BYTES;
            var timeBytes = timeFile.sizeBytes() / TimeIndex.ENTRY_BYTES * TimeIndex.ENTRY_BYTES;
            return new SegmentIndexes(
                    context,
                    baseOffset,
                    mappings,
                    new OffsetIndex(
                            new IndexMemory(offsetBytes, offsetBytes, bytes -> offsetFile.map(mappings.arena(), bytes)),
                            baseOffset,
                            Math.toIntExact(offsetBytes / OffsetIndex.ENTRY_BYTES)),
                    new TimeIndex(
                            new IndexMemory(timeBytes, timeBytes, bytes -> timeFile.map(mappings.arena(), bytes)),
                            baseOffset,
                            Math.toIntExact(timeBytes / TimeIndex.ENTRY_BYTES)));
        } catch (IOException | RuntimeException e) {
            mappings.close();
            throw e;
        }
    }

    /// New and empty, in no file: for lookups in a segment of this size whose files cannot be trusted.
    static SegmentIndexes inMemory(LogContext context, long baseOffset, int segmentSizeBytes) throws IOException {
        var mappings = new Mappings();
        var entriesMax = segmentSizeBytes / Math.max(1, context.config().indexIntervalBytes()) + 2;
        var roomBytes = context.config().segmentIndexBytes();
        return new SegmentIndexes(
                context,
                baseOffset,
                mappings,
                new OffsetIndex(allocated(mappings, entriesMax, OffsetIndex.ENTRY_BYTES, roomBytes), baseOffset, 0),
                new TimeIndex(allocated(mappings, entriesMax, TimeIndex.ENTRY_BYTES, roomBytes), baseOffset, 0));
    }

    private static IndexMemory allocated(Mappings mappings, int entriesMax, int entryBytes, int roomBytes)
            throws IOException {
        var bytes = Math.min((long) entriesMax * entryBytes, bytesMax(entryBytes, roomBytes));
        var memory = mappings.arena().allocate(bytes);
        return new IndexMemory(0, bytes, _ -> memory);
    }

    OffsetIndex offsets() {
        return offsets;
    }

    TimeIndex times() {
        return times;
    }

    /// The latest time of all batches, indexed or not; −1 if none has one. By the owner, for the active segment.
    long largestTimestampMillis() {
        return maxTimestampMillis;
    }

    /// Whether both can be the indexes of a segment of this size that ends before `endOffset`.
    boolean areSane(long logBytes, long endOffset) {
        return offsets.isSane(logBytes) && times.isSane(endOffset);
    }

    /// Whether the segment has to be closed because there is no room for another entry.
    boolean areFull() {
        return offsets.isFull() || times.isFull();
    }

    /// Counts a batch and gives every `index.interval.bytes` an entry.
    void add(RecordBatch batch, int position) throws IOException {
        // One that compaction has emptied has no record of its latest time any more.
        if (batch.recordCount() > 0 && batch.maxTimestamp() > maxTimestampMillis) {
            maxTimestampMillis = batch.maxTimestamp();
            maxTimestampOffset = batch.lastOffset();
        }
        if (bytesSinceEntry > context.config().indexIntervalBytes() && !areFull() && haveMemory()) {
            offsets.append(batch.lastOffset(), position);
            times.appendIfLater(maxTimestampMillis, maxTimestampOffset);
            bytesSinceEntry = 0;
        }
        bytesSinceEntry += batch.sizeBytes();
    }

    /// Whether there is memory for an entry. Where no file can be opened for it, or the disk is full, a later batch
    /// gets the entry: an index may be sparse, an append must not fail after it was written.
    private boolean haveMemory() throws IOException {
        try {
            offsets.makeRoom();
            times.makeRoom();
            return true;
        } catch (IOException e) {
            if (SystemLimitException.isCauseOf(e) || DiskFull.isCauseOf(e)) {
                return false;
            }
            throw e;
        }
    }

    /// Adds the entry that tells the segment's largest timestamp, and cuts the files to what is used. The memory
    /// stays mapped for lookups; none of them goes beyond the entries. May be called again; if a file cannot be
    /// opened neither is cut, for a store into what was cut off would end the process.
    void finish() throws IOException {
        addLatestTime();
        try (var offsetFile = openFile(context, baseOffset, LogFileNames.OFFSET_INDEX);
                var timeFile = openFile(context, baseOffset, LogFileNames.TIME_INDEX)) {
            offsetFile.truncate((long) offsets.entries() * OffsetIndex.ENTRY_BYTES);
            timeFile.truncate((long) times.entries() * TimeIndex.ENTRY_BYTES);
        }
    }

    /// Adds the entry that tells the segment's largest timestamp.
    void addLatestTime() throws IOException {
        times.appendIfLater(maxTimestampMillis, maxTimestampOffset);
    }

    /// Makes the files of a segment's indexes durable.
    static void sync(LogContext context, long baseOffset) throws IOException {
        for (var suffix : new String[] {LogFileNames.OFFSET_INDEX, LogFileNames.TIME_INDEX}) {
            try (var file = openFile(context, baseOffset, suffix)) {
                file.syncData();
            }
        }
    }

    private static Storage.WritableFile openFile(LogContext context, long baseOffset, String suffix)
            throws IOException {
        Path file = context.segmentFile(baseOffset, suffix);
        return context.storage().openForWrite(file);
    }

    @Override
    public void close() {
        mappings.close();
    }
}
