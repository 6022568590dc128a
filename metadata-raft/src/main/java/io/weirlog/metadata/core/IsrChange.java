package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicPartition;
import java.util.List;

/// The in-sync set that a leader wants for one of its partitions, if nothing has come between. Or the wish of a
/// replica,
/// the leader or another one, to leave because its log has failed: the set as it is, without the replica.
///
/// @param leaderEpoch of the partition
/// @param partitionEpoch of the partition as who asks knows it
/// @param inSync the whole set wanted, the leader included unless it leaves
public record IsrChange(TopicPartition partition, LeaderEpoch leaderEpoch, long partitionEpoch, List<Member> inSync) {
    /// @param epoch of the registration that the replica gave with its acknowledgements: it must be the current
    ///     one, or the replica has restarted since and may have lost what it acknowledged (KIP-903)
    public record Member(BrokerId id, BrokerEpoch epoch) {}

    public IsrChange {
        inSync = List.copyOf(inSync);
    }
}
