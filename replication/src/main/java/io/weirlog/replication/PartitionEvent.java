package io.weirlog.replication;

import io.weirlog.common.Offset;

/// What happens to a partition that this broker leads.
sealed interface PartitionEvent {
    /// Batches were written to the log, which now ends there.
    record Appended(Offset logEnd) implements PartitionEvent {}

    /// The log is on stable storage up to there.
    record Synced(Offset syncedEnd) implements PartitionEvent {}
}
