package io.weirlog.replication.core;

/// What happens to a partition that this broker follows.
public sealed interface FollowerEvent {
    /// There is a stream to the leader's broker.
    record Connected() implements FollowerEvent {}

    record Disconnected() implements FollowerEvent {}

    record Received(LeaderMessage message) implements FollowerEvent {}

    /// The log was cut or started over, as asked.
    record LogCut() implements FollowerEvent {}

    /// Batches were appended, as asked.
    record Appended() implements FollowerEvent {}

    /// The log did not take the batches: they do not continue it, or are damaged. Nothing was appended.
    record BatchesRejected() implements FollowerEvent {}

    /// The log was synced.
    record Synced() implements FollowerEvent {}

    /// @param nowMillis monotonic; only differences mean anything
    record Tick(long nowMillis) implements FollowerEvent {}
}
