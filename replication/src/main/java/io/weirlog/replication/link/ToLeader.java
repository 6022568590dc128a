package io.weirlog.replication.link;

import io.weirlog.common.TopicPartition;
import io.weirlog.replication.core.FollowerMessage;

/// What a follower's broker says on a stream.
public sealed interface ToLeader {
    record Say(TopicPartition partition, FollowerMessage message) implements ToLeader {}

    /// So many bytes of batches have been dealt with.
    record Credit(long bytes) implements ToLeader {}
}
