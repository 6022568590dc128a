package io.weirlog.metadata.ratis;

import java.time.Instant;

/// A snapshot of the metadata on this node's disk.
///
/// @param index the log entry up to which it goes
public record SnapshotFile(long index, long sizeBytes, Instant written) {}
