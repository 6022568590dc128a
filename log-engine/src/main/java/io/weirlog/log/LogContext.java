package io.weirlog.log;

import java.nio.file.Path;

/// What all parts of one log share: where it lies and how it is kept.
///
/// @param later what can wait is done by it
record LogContext(Storage storage, Path directory, PartitionIdentity identity, LogConfig config, DelayedTasks later) {
    Path file(String name) {
        return directory.resolve(name);
    }

    Path segmentFile(long baseOffset, String suffix) {
        return LogFileNames.segmentFile(directory, baseOffset, suffix);
    }
}
