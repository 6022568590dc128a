package io.weirlog.replication;

import io.weirlog.log.PartitionLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/// Is told when a log has failed: what that means for the other logs of its disk is not for one partition to decide.
interface StorageFailures {
    /// A write or sync has failed.
    void failed(PartitionLog log, IOException failure);

    /// A partition's directory could not be opened.
    void cannotOpen(Path directory, IOException failure);

    /// The data directory that a partition's directory is in.
    static Path folderOf(Path directory) {
        return Objects.requireNonNull(directory.getParent(), "a partition's directory is in a data directory");
    }
}
