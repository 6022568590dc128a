package io.weirlog.log;

import java.nio.file.Path;

/// What all parts of one log share: where it lies and how it is kept.
final class LogContext {
    private final Storage storage;
    private final Path directory;
    private final PartitionIdentity identity;
    private final DelayedTasks later;
    /// Changed by the owner thread; readers of the log see it, too.
    private volatile LogConfig config;

    /// @param later what can wait is done by it
    LogContext(Storage storage, Path directory, PartitionIdentity identity, LogConfig config, DelayedTasks later) {
        this.storage = storage;
        this.directory = directory;
        this.identity = identity;
        this.config = config;
        this.later = later;
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

    Path file(String name) {
        return directory.resolve(name);
    }

    Path segmentFile(long baseOffset, String suffix) {
        return LogFileNames.segmentFile(directory, baseOffset, suffix);
    }
}
