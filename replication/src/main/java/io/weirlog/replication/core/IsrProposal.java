package io.weirlog.replication.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import java.util.List;

/// The in-sync set that a leader asks the controller for, if nothing has come between.
///
/// @param number tells this leader's proposals apart. The same number again is the same proposal again: it has to reach
///     the controller under the same request id, so that all its copies get one answer (R9)
public record IsrProposal(long number, LeaderEpoch leaderEpoch, long partitionEpoch, List<Member> inSync) {
    /// @param epoch of the registration under which the replica has acknowledged
    public record Member(BrokerId id, BrokerEpoch epoch) {}

    public IsrProposal {
        inSync = List.copyOf(inSync);
    }

    List<BrokerId> ids() {
        return inSync.stream().map(Member::id).toList();
    }
}
