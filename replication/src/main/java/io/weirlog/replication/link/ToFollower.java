package io.weirlog.replication.link;

import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogSlice;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.StreamSession;

/// What a leader's broker says on a stream.
public sealed interface ToFollower {
    /// Anything but batches.
    record Say(TopicPartition partition, LeaderMessage message) implements ToFollower {}

    /// Batches as they lie in the log. Whoever sends them closes the slice.
    record Log(TopicPartition partition, StreamSession session, LogSlice slice, LeaderMessage.Progress progress)
            implements ToFollower {}

    /// Nothing new.
    record Heartbeat() implements ToFollower {}
}
