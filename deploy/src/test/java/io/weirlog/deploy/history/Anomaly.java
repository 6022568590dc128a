package io.weirlog.deploy.history;

/// Something in a history that no log may show.
public record Anomaly(Kind kind, String message) {
    public enum Kind {
        /// Two values at one offset.
        INCONSISTENT_OFFSET,
        /// One value at two offsets, or in two partitions.
        DUPLICATE,
        /// A value that nobody sent, or a damaged one.
        PHANTOM,
        /// A value whose send had certainly failed.
        FAILED_BUT_PRESENT,
        /// Acknowledged or read, but not there in the end.
        LOST,
        /// A reader was not given a record that lies between two that it was given.
        SKIPPED,
        /// A reader was given a record at or before one that it had been given.
        WENT_BACK,
        /// A record stands before one whose send was over when its own began.
        REORDERED,
        /// An end was told below a record that was acknowledged or read before it was asked for.
        END_WENT_BACK,
        /// Too little happened for the absence of anomalies to mean anything.
        VACUOUS
    }

    @Override
    public String toString() {
        return kind + ": " + message;
    }
}
