package io.weirlog.log;

import io.weirlog.common.Offset;

/// What came of cleaning a log.
public sealed interface CleaningOutcome {
    /// The log is clean up to an offset.
    ///
    /// @param bytesRead in both passes
    /// @param segmentsBefore how many were read
    /// @param segmentsAfter how many they have become
    record Cleaned(
            Offset firstDirtyOffset,
            long bytesRead,
            long bytesWritten,
            long recordsRead,
            long recordsKept,
            int segmentsBefore,
            int segmentsAfter)
            implements CleaningOutcome {}

    /// There is nothing that may be cleaned.
    record NothingToClean() implements CleaningOutcome {}

    /// The log was truncated, or lost segments to retention, while it was cleaned. It is to be tried again.
    record Overtaken() implements CleaningOutcome {}
}
