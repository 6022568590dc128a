package io.weirlog.client;

/// What became of the wish that a partition's records before an offset be deleted.
public sealed interface DeletionOutcome {
    /// They are gone: that is the first offset that can be read. It is beyond the one asked for if the log began there
    /// already.
    record Begins(long logStartOffset) implements DeletionOutcome {}

    /// They are not known to be gone.
    record Refused(WeirlogException why) implements DeletionOutcome {}
}
