package io.weirlog.replication.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;

/// What the host of a leader has to do, in the order of the list.
public sealed interface LeaderEffect {
    /// Bring the log to stable storage; answered by [LeaderEvent.Synced].
    record SyncLog() implements LeaderEffect {}

    /// The leader's own copy is as safe as the topic's durability says up to there: answer whom that is enough.
    record AcknowledgeLocal(Offset end) implements LeaderEffect {}

    /// The high watermark rose: publish it, then acknowledge what it passed.
    record AnnounceHighWatermark(Offset highWatermark) implements LeaderEffect {}

    /// Send a message to a follower, ahead of any batches that wait for credit.
    record Answer(BrokerId follower, LeaderMessage message) implements LeaderEffect {}

    /// Send the log from there on, as the stream to the follower has credit.
    record StartSending(BrokerId follower, StreamSession session, Offset from) implements LeaderEffect {}

    record StopSending(BrokerId follower) implements LeaderEffect {}

    /// There is more to send to all followers that are being sent to.
    record OfferMore(Offset end) implements LeaderEffect {}

    /// Ask the controller; answered by [LeaderEvent.IsrAltered], [LeaderEvent.IsrRefused] or [LeaderEvent.IsrUnknown].
    record ProposeIsr(IsrProposal proposal) implements LeaderEffect {}
}
