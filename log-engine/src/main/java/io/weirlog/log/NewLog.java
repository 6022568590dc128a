package io.weirlog.log;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.BatchFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Makes the files of a log that has never been, with two syncs in all, for a thousand of them may be made at once:
///
/// ```
/// partition.metadata under a temporary name, the first segment, the notes   nothing of it durable
/// sync of all that, and of the directory's name
/// rename of partition.metadata, sync of the directory                       a log
/// ```
///
/// A directory without `partition.metadata` in which no record ever was is one that a crash has left on the way there,
/// whatever its files say: it is made anew.
final class NewLog {
    private static final Set<String> MADE = Set.of(LogFileNames.EPOCHS, LogFileNames.SYNCED_OFFSET);

    private final LogContext context;
    private final Storage storage;

    NewLog(LogContext context) {
        this.context = context;
        this.storage = context.storage();
    }

    /// Whether a log is to be made in a directory.
    ///
    /// @param names what is in it
    boolean isToBeMade(List<String> names) throws IOException {
        for (var name : names) {
            if ((LogFileNames.isOurs(name) && !isOfUnfinished(name))
                    || LogFileNames.swapRange(name).isPresent()) {
                return false;
            }
        }
        return !SyncedOffsetFile.isBeyondStart(storage, context.directory());
    }

    private boolean isOfUnfinished(String name) throws IOException {
        if (LogFileNames.baseOffset(name, LogFileNames.LOG).isPresent()) {
            return isOfFirstSegment(name) && hasNoBatch(context.file(name));
        }
        return MADE.contains(name) || isOfFirstSegment(name);
    }

    /// A file that was preallocated has zeros, and no batch has a length of zero.
    private boolean hasNoBatch(Path file) throws IOException {
        try (var in = storage.openForRead(file)) {
            if (in.sizeBytes() < BatchFormat.HEADER_BYTES) {
                return true;
            }
            var header = ByteBuffer.allocate(BatchFormat.HEADER_BYTES);
            in.read(0, header);
            return header.equals(ByteBuffer.allocate(BatchFormat.HEADER_BYTES).position(BatchFormat.HEADER_BYTES));
        }
    }

    private static boolean isOfFirstSegment(String name) {
        for (var suffix : LogFileNames.SEGMENT_SUFFIXES) {
            var base = LogFileNames.baseOffset(name, suffix);
            if (base.isPresent() && base.getAsLong() == 0) {
                return true;
            }
        }
        return false;
    }

    /// Makes it.
    ///
    /// @param names what is in the directory
    /// @param firstEpoch that of the leader that begins the log, if it is known (R4)
    LogView make(List<String> names, Optional<LeaderEpoch> firstEpoch) throws IOException {
        for (var name : names) {
            if (LogFileNames.isOurs(name)) {
                storage.delete(context.file(name));
            }
        }
        var directory = context.directory();
        var files = new ArrayList<String>();
        files.add(PartitionMetadataFile.prepare(
                storage, directory, context.identity().id().topicId()));
        var epochs = EpochHistory.EMPTY;
        if (firstEpoch.isPresent()) {
            epochs = epochs.begin(firstEpoch.get(), Offset.ZERO);
            SmallFiles.writeUnsynced(storage, context.file(LogFileNames.EPOCHS), EpochFile.content(epochs));
            files.add(LogFileNames.EPOCHS);
        }
        // Its first sync, perhaps together with a thousand other new logs, must not have to wait for it.
        SyncedOffsetFile.createUnsynced(storage, directory);
        files.add(LogFileNames.SYNCED_OFFSET);
        var view = LogView.of(new Segment[] {Segment.create(context, 0)}, 0, 0, epochs);
        try {
            storage.syncNew(directory, files);
            PartitionMetadataFile.finish(storage, directory);
            storage.syncDirectory(directory);
            return view;
        } catch (IOException e) {
            view.active().release();
            throw e;
        }
    }
}
