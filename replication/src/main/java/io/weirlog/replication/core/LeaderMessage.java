package io.weirlog.replication.core;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.nio.ByteBuffer;

/// What a leader says to one follower of a partition. The stream puts the topic id and the partition around it.
public sealed interface LeaderMessage {
    StreamSession session();

    /// The follower's log is a prefix of the leader's: batches follow from its end on.
    record Accepted(StreamSession session, Progress progress) implements LeaderMessage {}

    /// The follower's log has records that the leader's has not. The leader's last epoch that is not after the
    /// follower's is `epoch`, and its records end at `end` (KIP-101, KIP-279). The follower cuts and asks again.
    record Diverged(StreamSession session, LeaderEpoch epoch, Offset end) implements LeaderMessage {}

    /// The two logs have no common part that the leader could vouch for: the follower drops its own and goes on at
    /// `start`.
    record StartOver(StreamSession session, Offset start) implements LeaderMessage {}

    /// Whole batches that continue what was sent before.
    ///
    /// @param batches as they lie in the leader's log, at least one
    record Batches(StreamSession session, ByteBuffer batches, Progress progress) implements LeaderMessage {}

    /// The watermark or the log's start has moved.
    record Moved(StreamSession session, Progress progress) implements LeaderMessage {}

    /// The leader does not serve this follower.
    record Refused(StreamSession session, Reason reason, String message) implements LeaderMessage {}

    /// How far the leader's log counts, and where it begins.
    record Progress(Offset highWatermark, Offset logStart) {}

    /// Why a follower is not served.
    enum Reason {
        /// The broker does not lead the partition, or not yet.
        NOT_LEADER,
        /// The leader is in a later epoch than the follower thinks.
        STALE_LEADER_EPOCH,
        /// The leader has not heard of that epoch yet.
        UNKNOWN_LEADER_EPOCH,
        /// The follower's broker has registered again since (R10).
        STALE_BROKER_EPOCH,
        /// The metadata do not count the broker among the partition's replicas.
        NOT_A_REPLICA,
        /// What the follower needs next has left the leader's log: it has to ask anew.
        OUT_OF_RANGE,
        /// The follower has said something that cannot be.
        PROTOCOL_VIOLATION
    }
}
