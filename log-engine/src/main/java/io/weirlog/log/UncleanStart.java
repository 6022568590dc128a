package io.weirlog.log;

import io.weirlog.common.Durability;
import io.weirlog.common.Offset;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The scan after anything but a clean shutdown: checks the segments from one on, and cuts a torn end.
final class UncleanStart {
    private final LogContext context;
    private final List<Long> bases;
    private final int first;
    private final long syncedEnd;
    private final List<EpochHistory.Entry> epochs = new ArrayList<>();
    private final SegmentScan scan;
    private final List<Scanned> good = new ArrayList<>();
    private long scannedBytes;
    private long cutBytes;
    private String cutReason = "";

    private record Scanned(long baseOffset, SegmentIndexes indexes, int validBytes, long endOffset) {}

    /// @param segments the scanned ones that remain, of which the last is the active one
    record Result(
            List<Segment> segments,
            int activeBytes,
            long endOffset,
            List<EpochHistory.Entry> epochs,
            long scannedBytes,
            long cutBytes,
            String cutReason) {}

    /// @param bases the base offsets of all segments
    /// @param first the first of them that is to be checked
    /// @param syncedEnd below this offset nothing may be missing
    /// @param producers follows the scan
    UncleanStart(
            LogContext context,
            List<Long> bases,
            int first,
            long syncedEnd,
            Optional<EpochHistory> knownEpochs,
            ScannedProducers producers) {
        this.context = context;
        this.bases = bases;
        this.first = first;
        this.syncedEnd = syncedEnd;
        this.scan = new SegmentScan(context.offsetsMayHaveGaps(), knownEpochs, bases.get(first), epochs, producers);
    }

    Result recover() throws IOException {
        var finished = false;
        try {
            scanAll();
            var segments = new ArrayList<Segment>();
            for (var i = 0; i < good.size(); i++) {
                var scanned = good.get(i);
                var segment = Segment.active(context, scanned.baseOffset(), scanned.indexes());
                segments.add(segment);
                writeUnsyncedAgain(segment, scanned);
                if (i < good.size() - 1) {
                    segment.complete(scanned.validBytes(), scanned.endOffset());
                }
            }
            finished = true;
            return new Result(
                    segments,
                    good.getLast().validBytes(),
                    scan.nextOffset(),
                    epochs,
                    scannedBytes,
                    cutBytes,
                    cutReason);
        } finally {
            if (!finished) {
                good.forEach(scanned -> scanned.indexes().close());
            }
        }
    }

    /// Writes the batches from the synced offset on once more, as they were read.
    ///
    /// After a failed sync the kernel keeps the pages that it could not write and calls them clean: a process
    /// that starts again without the machine reads good batches, and a sync of them succeeds though the device
    /// has none. Writing makes the pages dirty, so that the next sync has to bring them to the device; before
    /// that one nothing counts as synced. A page that was dropped between the scan and this shows by its CRC.
    private void writeUnsyncedAgain(Segment segment, Scanned scanned) throws IOException {
        if (scanned.endOffset() <= syncedEnd || context.config().durability() != Durability.FSYNC) {
            return;
        }
        var lookup = new SegmentLookup(segment, scanned.validBytes(), scanned.endOffset());
        try (var headers = lookup.walkFrom(syncedEnd)) {
            while (headers.next()) {
                if (headers.header().lastOffset() < syncedEnd) {
                    continue;
                }
                var batch = ByteBuffer.allocate(headers.endPosition() - headers.position());
                segment.reader().read(headers.position(), batch);
                if (!RecordBatch.of(batch.flip()).crcIsValid()) {
                    throw new CorruptLogException(
                            segment.file(), headers.position(), "a batch changed while it was recovered");
                }
                segment.writer().write(headers.position(), batch);
            }
        }
    }

    private void scanAll() throws IOException {
        for (var i = first; i < bases.size(); i++) {
            var base = bases.get(i);
            var file = context.segmentFile(base, LogFileNames.LOG);
            scannedBytes += context.storage().sizeBytes(file);
            var indexes = SegmentIndexes.create(context, base);
            var outcome = scan.scan(context.storage(), file, base, indexes);
            // A segment that does not continue the log is dropped as a whole.
            var keep = i == first || base == scan.nextOffset() || outcome.validBytes() > 0;
            if (keep) {
                good.add(new Scanned(base, indexes, outcome.validBytes(), scan.nextOffset()));
            } else {
                indexes.close();
            }
            if (outcome.problem().isPresent()) {
                checkNothingSyncedIsLost(
                        base, outcome.validBytes(), outcome.problem().get());
                cutReason = file.getFileName() + " from byte " + outcome.validBytes() + ": "
                        + outcome.problem().get();
                cut(
                        keep ? i + 1 : i,
                        keep ? base : good.getLast().baseOffset(),
                        good.getLast().validBytes());
                return;
            }
        }
        checkNothingSyncedIsLost(bases.getLast(), good.getLast().validBytes(), "the log ends too early");
    }

    private void checkNothingSyncedIsLost(long base, int position, String problem) throws LogOpenException {
        if (scan.nextOffset() < syncedEnd) {
            throw new LogOpenException(new LogOpenFailure.CorruptMiddle(
                    context.segmentFile(base, LogFileNames.LOG),
                    position,
                    new Offset(scan.nextOffset()),
                    new Offset(syncedEnd),
                    problem));
        }
    }

    /// Cuts the last good segment and removes all segments from number `removeFrom` on, so that no crash brings
    /// any of it back (L5). The newest go first: whatever a crash leaves is again a log with a torn end.
    private void cut(int removeFrom, long lastBase, int validBytes) throws IOException {
        var storage = context.storage();
        for (var i = bases.size() - 1; i >= removeFrom; i--) {
            var base = bases.get(i);
            cutBytes += storage.sizeBytes(context.segmentFile(base, LogFileNames.LOG));
            for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
                storage.delete(context.segmentFile(base, suffix));
            }
        }
        try (var file = storage.openForWrite(context.segmentFile(lastBase, LogFileNames.LOG))) {
            cutBytes += file.sizeBytes() - validBytes;
            file.truncate(validBytes);
            file.syncData();
        }
        storage.syncDirectory(context.directory());
    }
}
