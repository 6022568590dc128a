package io.weirlog.replication;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.LeaderMessage;

/// What a broker says to followers of a partition that it does not lead.
final class Refusals {
    private Refusals() {}

    static LeaderMessage notLeading(FollowerMessage.Open open, LeaderEpoch known) {
        var reason = open.leaderEpoch().isAfter(known)
                ? LeaderMessage.Reason.UNKNOWN_LEADER_EPOCH
                : LeaderMessage.Reason.NOT_LEADER;
        return new LeaderMessage.Refused(
                open.session(), reason, "this broker does not lead the partition; it knows epoch " + known);
    }
}
