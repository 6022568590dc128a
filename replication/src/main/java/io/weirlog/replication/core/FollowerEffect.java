package io.weirlog.replication.core;

import io.weirlog.common.Offset;
import java.nio.ByteBuffer;

/// What the host of a follower has to do, in the order of the list.
public sealed interface FollowerEffect {
    record Send(FollowerMessage message) implements FollowerEffect {}

    /// Take off everything from there on, durably; answered by [FollowerEvent.LogCut].
    record CutLog(Offset end) implements FollowerEffect {}

    /// Drop the whole log and go on there, durably; answered by [FollowerEvent.LogCut].
    record StartLogAt(Offset start) implements FollowerEffect {}

    /// Append; answered by [FollowerEvent.Appended] or [FollowerEvent.BatchesRejected].
    record Append(ByteBuffer batches) implements FollowerEffect {}

    /// Bring the log to stable storage; answered by [FollowerEvent.Synced].
    record SyncLog() implements FollowerEffect {}

    /// Publish it, and keep it for the next start.
    record AnnounceHighWatermark(Offset highWatermark) implements FollowerEffect {}

    /// Let the log begin there: the leader's does.
    record DeleteRecordsBefore(Offset start) implements FollowerEffect {}
}
