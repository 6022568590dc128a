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

    /// A full disk is no broken one: what it holds can still be read, and it works again once there is room.
    static boolean isDiskFull(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            var message = cause.getMessage();
            if (message != null && (message.contains("No space left") || message.contains("quota exceeded"))) {
                return true;
            }
        }
        return false;
    }

    /// The data directory that a partition's directory is in.
    static Path folderOf(Path directory) {
        return Objects.requireNonNull(directory.getParent(), "a partition's directory is in a data directory");
    }
}
