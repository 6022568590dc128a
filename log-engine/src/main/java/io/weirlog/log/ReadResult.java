package io.weirlog.log;

import io.weirlog.common.Offset;

/// The answer to a read.
public sealed interface ReadResult {
    /// Whole batches from the one that holds the asked offset on; to be closed by whoever asked.
    record Slice(LogSlice slice) implements ReadResult {}

    /// The log has no such offset: it goes from `start` up to, not including, `end`.
    record OutOfRange(Offset start, Offset end) implements ReadResult {}
}
