package io.weirlog.replication;

import java.nio.file.Path;
import java.util.Optional;

/// A folder that holds partitions, one directory for each: usually one folder for each disk.
///
/// @param problem why it cannot be used in this life of the broker; empty if it can
public record DataDirectory(Path path, Optional<String> problem) {
    public static DataDirectory of(Path path) {
        return new DataDirectory(path, Optional.empty());
    }
}
