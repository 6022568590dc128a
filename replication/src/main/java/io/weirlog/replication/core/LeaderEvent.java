package io.weirlog.replication.core;

import io.weirlog.common.BrokerId;

/// What happens to a partition that this broker leads.
public sealed interface LeaderEvent {
    /// Batches were written to the log.
    record Appended() implements LeaderEvent {}

    /// The log was synced.
    record Synced() implements LeaderEvent {}

    /// The log begins later now.
    record LogStartMoved() implements LeaderEvent {}

    record FollowerOpened(BrokerId follower, FollowerMessage.Open open) implements LeaderEvent {}

    record FollowerAcked(BrokerId follower, FollowerMessage.Ack ack) implements LeaderEvent {}

    /// The follower has closed the partition.
    record FollowerClosed(BrokerId follower, FollowerMessage.Close close) implements LeaderEvent {}

    /// The stream to the follower's broker is gone.
    record FollowerGone(BrokerId follower) implements LeaderEvent {}

    /// What a follower is to be sent next has left the log.
    record OutOfRange(BrokerId follower, StreamSession session) implements LeaderEvent {}

    /// @param nowMillis monotonic; only differences mean anything
    record Tick(long nowMillis) implements LeaderEvent {}

    /// The metadata have changed within this leader epoch.
    record MetadataChanged(PartitionMetadata metadata) implements LeaderEvent {}

    /// The controller has granted a proposal.
    record IsrAltered(long number, long partitionEpoch) implements LeaderEvent {}

    /// The controller has turned a proposal down.
    ///
    /// @param overtaken whether the partition has changed since, so that the metadata are about to say how
    record IsrRefused(long number, boolean overtaken) implements LeaderEvent {}

    /// Nobody can say whether a proposal has reached the controller.
    record IsrUnknown(long number) implements LeaderEvent {}
}
