package io.weirlog.replication;

import java.nio.file.Path;

/// Where a partition's directory is, or is to be.
sealed interface Placement {
    record In(Path directory) implements Placement {}

    /// It is on a disk that has failed, or may be there.
    record Offline(String reason) implements Placement {}
}
