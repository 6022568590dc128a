package io.weirlog.replication;

import io.weirlog.common.Offset;

/// What the host of a partition has to do for its role.
sealed interface PartitionEffect {
    /// Bring what was appended to stable storage; answered by [PartitionEvent.Synced].
    record SyncLog() implements PartitionEffect {}

    /// The leader's own copy is as safe as the topic's durability says up to there.
    record AcknowledgeLocal(Offset end) implements PartitionEffect {}

    /// The high watermark rose: publish it, and acknowledge what it passed.
    record AnnounceHighWatermark(Offset highWatermark) implements PartitionEffect {}
}
