package io.weirlog.log;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Turns a directory into a log.
///
/// | Found | Done |
/// |---|---|
/// | nothing, or what a crash has left of making a log | an empty log is made ([NewLog]) |
/// | the marker of a clean shutdown, and a log that ends where it says | nothing is scanned |
/// | anything else | every batch from the segment of the synced offset on is checked, its indexes are made anew |
/// | damage at or above the synced offset | that is a torn end: cut, durably (L2, L5) |
/// | damage below the synced offset | [LogOpenFailure.CorruptMiddle]: no batch is touched (L3) |
final class LogRecovery {
    private final LogContext context;
    private final Storage storage;
    private final Optional<LeaderEpoch> firstEpoch;
    private final List<String> foreignFiles = new ArrayList<>();
    private final List<Long> transactionIndexes = new ArrayList<>();
    private ProducerSnapshots snapshots;

    /// A log that is ready for use, and what it took.
    ///
    /// @param logStartOffset what the checkpoint says, if the log ends before it: what should have followed was
    ///     never durable, and what was there was to be deleted
    record Recovered(
            LogView view,
            LogProducers producers,
            long syncedOffset,
            boolean cleanMarkerPresent,
            RecoveryReport report,
            OptionalLong logStartOffset) {
        Recovered(
                LogView view,
                LogProducers producers,
                long syncedOffset,
                boolean cleanMarkerPresent,
                RecoveryReport report) {
            this(
                    view.withFirstOpenTransaction(producers.firstOpenTransaction()),
                    producers,
                    syncedOffset,
                    cleanMarkerPresent,
                    report,
                    OptionalLong.empty());
        }

        Recovered startingAt(long start) {
            if (start > view.logEndOffset()) {
                return new Recovered(view, producers, syncedOffset, cleanMarkerPresent, report, OptionalLong.of(start));
            }
            var trimmed = view.withEpochs(view.epochs().from(new Offset(start))).startingAt(start, 0);
            return new Recovered(trimmed, producers, syncedOffset, cleanMarkerPresent, report);
        }
    }

    /// @param firstEpoch the epoch that begins if the log has to be made
    LogRecovery(LogContext context, Optional<LeaderEpoch> firstEpoch) {
        this.context = context;
        this.storage = context.storage();
        this.firstEpoch = firstEpoch;
        this.snapshots = new ProducerSnapshots(context, List.of());
    }

    Recovered recover() throws IOException {
        if (!storage.exists(context.directory())) {
            storage.createDirectories(context.directory());
        }
        SegmentSwap.finishInterrupted(context);
        var bases = listSegments();
        var names = storage.list(context.directory());
        var newLog = new NewLog(context);
        if (newLog.isToBeMade(names)) {
            return new Recovered(
                    newLog.make(names, firstEpoch),
                    producers(new ProducerTable()),
                    0,
                    false,
                    report(true, 0, 0, "", 0));
        }
        checkIdentity();
        var start = LogStartFile.read(storage, context.directory());
        if (start.isEmpty()) {
            return recover(bases);
        }
        return recover(withoutObsolete(bases, start.getAsLong())).startingAt(start.getAsLong());
    }

    /// Removes segments that had to go already. Before anything else: a crash may have left gaps between them.
    private List<Long> withoutObsolete(List<Long> bases, long start) throws IOException {
        if (!bases.isEmpty() && bases.getFirst() > start) {
            throw new LogOpenException(new LogOpenFailure.CorruptMiddle(
                    context.segmentFile(bases.getFirst(), LogFileNames.LOG),
                    0,
                    new Offset(start),
                    new Offset(bases.getFirst()),
                    "the segments before it are gone"));
        }
        var kept = 0;
        while (kept < bases.size() - 1 && bases.get(kept + 1) <= start) {
            for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
                storage.delete(context.segmentFile(bases.get(kept), suffix));
            }
            kept++;
        }
        return bases.subList(kept, bases.size());
    }

    private Recovered recover(List<Long> bases) throws IOException {
        var epochs = EpochFile.read(storage, context.directory());
        if (epochs.isEmpty() && !storage.exists(context.file(LogFileNames.EPOCHS)) && isEmpty(bases)) {
            // The file is made when the first epoch begins.
            epochs = Optional.of(EpochHistory.EMPTY);
        }
        if (bases.isEmpty()) {
            var synced = SyncedOffsetFile.read(storage, context.directory());
            return createEmpty(synced.orElse(0L), epochs.orElse(EpochHistory.EMPTY));
        }
        var marker = CleanShutdownMarker.read(storage, context.directory());
        if (marker.isPresent() && epochs.isPresent()) {
            var clean = openClean(bases, marker.get(), epochs.get());
            if (clean.isPresent()) {
                return clean.get();
            }
        }
        return scan(bases, syncedEnd(bases, marker), epochs);
    }

    /// The base offsets of all segments, ascending. What an interrupted replacement or roll has left is removed.
    private List<Long> listSegments() throws IOException {
        var names = storage.list(context.directory());
        var bases = new ArrayList<Long>();
        for (var name : names) {
            LogFileNames.baseOffset(name, LogFileNames.LOG).ifPresent(bases::add);
            LogFileNames.baseOffset(name, LogFileNames.TRANSACTION_INDEX).ifPresent(transactionIndexes::add);
        }
        snapshots = new ProducerSnapshots(context, names);
        for (var name : names) {
            if (LogFileNames.isOurs(name)) {
                if (isOrphanIndex(name, bases)) {
                    storage.delete(context.file(name));
                }
            } else if (LogFileNames.isLeftOver(name)) {
                storage.delete(context.file(name));
            } else {
                foreignFiles.add(name);
            }
        }
        return bases; // The names sort as their numbers do.
    }

    private boolean isEmpty(List<Long> bases) throws IOException {
        return bases.size() <= 1
                && (bases.isEmpty() || storage.sizeBytes(context.segmentFile(bases.getFirst(), LogFileNames.LOG)) == 0);
    }

    private static boolean isOrphanIndex(String name, List<Long> bases) {
        for (var suffix : List.of(LogFileNames.OFFSET_INDEX, LogFileNames.TIME_INDEX, LogFileNames.TRANSACTION_INDEX)) {
            var base = LogFileNames.baseOffset(name, suffix);
            if (base.isPresent() && !bases.contains(base.getAsLong())) {
                return true;
            }
        }
        return false;
    }

    private void checkIdentity() throws IOException {
        var lines = PartitionMetadataFile.read(storage, context.directory());
        if (lines.isEmpty()) {
            throw new LogOpenException(new LogOpenFailure.OtherTopic(
                    context.directory(), context.identity(), "it has a log but no " + LogFileNames.METADATA));
        }
        var mismatch = PartitionMetadataFile.mismatch(context.directory(), lines.get(), context.identity());
        if (mismatch.isPresent()) {
            throw new LogOpenException(mismatch.get());
        }
    }

    private Recovered createEmpty(long syncedOffset, EpochHistory epochs) throws IOException {
        if (syncedOffset > 0) {
            throw new LogOpenException(new LogOpenFailure.CorruptMiddle(
                    context.directory(), 0, Offset.ZERO, new Offset(syncedOffset), "all segments are gone"));
        }
        var view = LogView.of(new Segment[] {Segment.create(context, 0)}, 0, 0, epochs.cutTo(Offset.ZERO));
        // A later segment whose name outlives this one's would look like a log that starts there.
        try {
            // Its first sync, perhaps together with a thousand other new logs, must not have to wait for it.
            SyncedOffsetFile.create(storage, context.directory());
            storage.syncDirectory(context.directory());
            snapshots.removeAfter(-1);
        } catch (IOException e) {
            view.active().release();
            throw e;
        }
        return new Recovered(view, producers(new ProducerTable()), 0, false, report(true, 0, 0, "", 0));
    }

    /// Empty if the log does not end as the marker says: then nothing that it says is believed. Nothing is
    /// opened that an idle log does not need.
    private Optional<Recovered> openClean(List<Long> bases, CleanShutdownMarker.End marked, EpochHistory epochs)
            throws IOException {
        var base = bases.getLast();
        var sizeBytes = storage.sizeBytes(context.segmentFile(base, LogFileNames.LOG));
        if (sizeBytes != marked.activeBytes() || sizeBytes > Integer.MAX_VALUE || marked.offset() < base) {
            return Optional.empty();
        }
        var segments = segmentsBefore(bases, bases.size() - 1);
        var parts = parts(segments, base);
        var active = Segment.activeAfterCleanEnd(context, base, (int) sizeBytes, marked.offset());
        segments.add(active);
        parts.add(new LogProducers.Part(active, (int) sizeBytes, marked.offset()));
        var view = view(segments, marked.offset(), (int) sizeBytes, epochs);
        // Later ones would be of a log that was longer.
        snapshots.removeAfter(marked.offset());
        var table = LogProducers.tableAt(snapshots, parts, bases.getFirst(), marked.offset());
        new TransactionIndexRepair(context, snapshots).mend(parts, transactionIndexes);
        return Optional.of(new Recovered(view, producers(table), marked.offset(), true, report(true, 0, 0, "", 0)));
    }

    /// What was durable at least. Without a trustworthy note the segments before the last are taken for it.
    private long syncedEnd(List<Long> bases, Optional<CleanShutdownMarker.End> marker) throws IOException {
        if (marker.isPresent()) {
            return marker.get().offset();
        }
        var synced = SyncedOffsetFile.read(storage, context.directory());
        if (synced.isPresent()) {
            return synced.get();
        }
        return storage.exists(context.file(LogFileNames.SYNCED_OFFSET)) ? bases.getLast() : bases.getFirst();
    }

    private Recovered scan(List<Long> bases, long syncedEnd, Optional<EpochHistory> knownEpochs) throws IOException {
        // Without the file of epochs every batch has to be asked for its own.
        var first = knownEpochs.isEmpty() ? 0 : segmentOf(bases, syncedEnd);
        var segments = segmentsBefore(bases, first);
        var producers = producersAt(segments, bases.getFirst(), bases.get(first));
        UncleanStart.Result scanned;
        ProducerTable table;
        try {
            scanned = new UncleanStart(context, bases, first, syncedEnd, knownEpochs, producers).recover();
            table = producers.finish(snapshots);
        } finally {
            producers.close();
        }
        var epochs = knownEpochs.orElse(EpochHistory.EMPTY).cutTo(new Offset(scanned.endOffset()));
        for (var seen : scanned.epochs()) {
            if (epochs.latest().map(latest -> seen.epoch().isAfter(latest)).orElse(true)) {
                epochs = epochs.begin(seen.epoch(), seen.start());
            }
        }
        if (!Optional.of(epochs).equals(knownEpochs)) {
            EpochFile.write(storage, context.directory(), epochs);
        }
        segments.addAll(scanned.segments());
        return new Recovered(
                view(segments, scanned.endOffset(), scanned.activeBytes(), epochs),
                producers(table),
                syncedEnd,
                storage.exists(context.file(LogFileNames.CLEAN_SHUTDOWN)),
                report(
                        false,
                        scanned.scannedBytes(),
                        scanned.cutBytes(),
                        scanned.cutReason(),
                        scanned.segments().size()));
    }

    /// What is known of the producers where the scan begins. A snapshot of a later place is not believed: of it the
    /// log may have lost something.
    private ScannedProducers producersAt(List<Segment> before, long base, long scanStart) throws IOException {
        snapshots.removeAfter(scanStart);
        var parts = parts(before, scanStart);
        var table = LogProducers.tableAt(snapshots, parts, base, scanStart);
        new TransactionIndexRepair(context, snapshots).mend(parts, transactionIndexes);
        return new ScannedProducers(context, table);
    }

    private LogProducers producers(ProducerTable table) {
        return new LogProducers(context, snapshots, table);
    }

    /// @param end where the last of the segments ends
    private static List<LogProducers.Part> parts(List<Segment> segments, long end) {
        var parts = new ArrayList<LogProducers.Part>();
        for (var i = 0; i < segments.size(); i++) {
            var endOffset = i + 1 < segments.size() ? segments.get(i + 1).baseOffset() : end;
            parts.add(new LogProducers.Part(segments.get(i), segments.get(i).completedBytes(), endOffset));
        }
        return parts;
    }

    private static int segmentOf(List<Long> bases, long offset) {
        var index = bases.size() - 1;
        while (index > 0 && bases.get(index) > offset) {
            index--;
        }
        return index;
    }

    /// The segments before the given one, which are complete.
    private List<Segment> segmentsBefore(List<Long> bases, int end) throws IOException {
        var segments = new ArrayList<Segment>();
        for (var i = 0; i < end; i++) {
            var base = bases.get(i);
            var sizeBytes = storage.sizeBytes(context.segmentFile(base, LogFileNames.LOG));
            segments.add(Segment.completed(context, base, Math.toIntExact(sizeBytes), bases.get(i + 1)));
        }
        return segments;
    }

    private static LogView view(List<Segment> segments, long endOffset, int activeBytes, EpochHistory epochs) {
        return LogView.of(segments.toArray(new Segment[0]), endOffset, activeBytes, epochs);
    }

    private RecoveryReport report(
            boolean clean, long scannedBytes, long cutBytes, String cutReason, int rebuiltIndexes) {
        return new RecoveryReport(clean, scannedBytes, cutBytes, cutReason, rebuiltIndexes, List.copyOf(foreignFiles));
    }
}
