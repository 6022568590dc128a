package io.weirlog.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;

/// What all parts of one log share: where it lies and how it is kept.
final class LogContext {
    private final Storage storage;
    private final Path directory;
    private final PartitionIdentity identity;
    private final DelayedTasks later;
    /// Changed by the owner thread; readers of the log see it, too.
    private volatile LogConfig config;
    /// What the names of segments' files end in: nothing, or [LogFileNames#CLEANED] for those that are to take the
    /// place of others.
    private final String stage;

    /// @param later what can wait is done by it
    LogContext(Storage storage, Path directory, PartitionIdentity identity, LogConfig config, DelayedTasks later) {
        this(storage, directory, identity, config, later, "");
    }

    private LogContext(
            Storage storage,
            Path directory,
            PartitionIdentity identity,
            LogConfig config,
            DelayedTasks later,
            String stage) {
        this.storage = storage;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.later = later;
        this.stage = stage;
    }

    /// The same log, with the segments that compaction is writing.
    LogContext cleaned() {
        return new LogContext(storage, directory, identity, config, later, LogFileNames.CLEANED);
    }

    Storage storage() {
        return storage;
    }

    Path directory() {
        return directory;
    }

    PartitionIdentity identity() {
        return identity;
    }

    DelayedTasks later() {
        return later;
    }

    LogConfig config() {
        return config;
    }

    void reconfigure(LogConfig changed) {
        config = changed;
    }

    /// Makes sure that so many files can be opened, for a step that must not stop in the middle. Others may open theirs
    /// meanwhile.
    ///
    /// @throws SystemLimitException if they cannot
    void needOpenFiles(int count) throws IOException {
        var some = new ArrayList<Storage.ReadableFile>();
        try {
            while (some.size() < count) {
                var opened = storage.openForRead(file(LogFileNames.METADATA));
                some.add(opened);
                opened.keepOpen();
            }
        } finally {
            for (var opened : some) {
                opened.close();
            }
        }
    }

    Path file(String name) {
        return directory.resolve(name);
    }

    Path segmentFile(long baseOffset, String suffix) {
        return LogFileNames.segmentFile(directory, baseOffset, suffix + stage);
    }

    /// Whether the log is compacted, or was when its topic was kept in another way.
    boolean offsetsMayHaveGaps() {
        return config.compacted() || storage.exists(file(LogFileNames.CLEANER_OFFSET));
    }
}
