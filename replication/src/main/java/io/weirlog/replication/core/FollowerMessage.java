package io.weirlog.replication.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.Optional;

/// What a follower says to the leader of one partition. The stream puts the topic id and the partition around it.
public sealed interface FollowerMessage {
    StreamSession session();

    /// Asks to follow from where the follower's log ends.
    ///
    /// @param leaderEpoch the leader has to be in exactly this one (R6)
    /// @param brokerEpoch of the follower's registration: what it acknowledges counts for that life only (KIP-903)
    /// @param lastEpoch of the follower's log; empty if it knows none
    record Open(
            StreamSession session,
            LeaderEpoch leaderEpoch,
            BrokerEpoch brokerEpoch,
            Optional<LeaderEpoch> lastEpoch,
            Offset logEnd)
            implements FollowerMessage {}

    /// The follower's copy is as safe as the topic's durability says up to `end`.
    record Ack(StreamSession session, Offset end) implements FollowerMessage {}

    /// The follower wants no more of this partition.
    record Close(StreamSession session) implements FollowerMessage {}
}
