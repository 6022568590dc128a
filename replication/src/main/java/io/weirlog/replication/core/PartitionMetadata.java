package io.weirlog.replication.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the metadata say of one partition at one moment.
///
/// @param partitionEpoch rises with every change, and with it the right to change it (R9)
/// @param inSync the committed in-sync set
/// @param inSyncMin how many in-sync replicas it takes to acknowledge to those who wait for all; at least 1
/// @param brokers the registrations of its replicas, as far as they are registered
public record PartitionMetadata(
        LeaderEpoch leaderEpoch,
        long partitionEpoch,
        List<BrokerId> replicas,
        List<BrokerId> inSync,
        int inSyncMin,
        Map<BrokerId, Standing> brokers) {
    /// How a replica's broker stands.
    ///
    /// @param epoch of its registration
    /// @param mayJoin neither out of service nor about to stop
    public record Standing(BrokerEpoch epoch, boolean mayJoin) {}

    public PartitionMetadata {
        replicas = List.copyOf(replicas);
        inSync = List.copyOf(inSync);
        brokers = Map.copyOf(brokers);
        Invariant.check(replicas.containsAll(inSync), "R2: in-sync replicas %s of %s", inSync, replicas);
        Invariant.check(inSyncMin >= 1, "min.insync.replicas is %s", inSyncMin);
    }

    /// Of a replica's registration, if it has one.
    public Optional<BrokerEpoch> epochOf(BrokerId broker) {
        return standing(broker).map(Standing::epoch);
    }

    Optional<Standing> standing(BrokerId broker) {
        return Optional.ofNullable(brokers.get(broker));
    }

    /// The same after the controller has granted a change of the in-sync set.
    PartitionMetadata withInSync(List<BrokerId> granted, long newPartitionEpoch) {
        return new PartitionMetadata(leaderEpoch, newPartitionEpoch, replicas, granted, inSyncMin, brokers);
    }
}
