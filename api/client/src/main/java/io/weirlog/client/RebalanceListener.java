package io.weirlog.client;

import java.util.Set;

/// Told when a [GroupConsumer]'s partitions change, within its [GroupConsumer#poll] or [GroupConsumer#close];
/// neither must be called from here, all else may be. What is thrown here is thrown by the poll.
public interface RebalanceListener {
    /// These are read from now on, beginning at the group's offsets. To begin elsewhere, seek.
    default void onAssigned(GroupConsumer consumer, Set<PartitionRef> partitions) {}

    /// These go as soon as this returns, because other members get them, the consumer's broker stops, or the
    /// consumer is closed: the last chance to finish with their records and to commit. With automatic commits, what
    /// polls have returned is committed after this. The group waits for the rebalance timeout and not longer, a
    /// broker that stops for 3 s.
    default void onRevoked(GroupConsumer consumer, Set<PartitionRef> partitions) {}

    /// These are gone: the broker, or the group, has not been reached for too long. Nothing of them can be
    /// committed; whoever owns them now reads again what was not. They may come back by [#onAssigned].
    default void onLost(GroupConsumer consumer, Set<PartitionRef> partitions) {}
}
