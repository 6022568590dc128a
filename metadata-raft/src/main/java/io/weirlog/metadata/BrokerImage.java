package io.weirlog.metadata;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// A registered broker.
///
/// @param epoch the log index of the registration: a later life of the same broker has a higher one (R10)
/// @param endpoints addresses by the listener's name: `client`, `internal`, `raft`; in the order of their names
/// @param fenced a fenced broker is known but leads nothing and is given no replicas
/// @param draining about to stop: it gives up its leaderships where another can take over, and gets no more
/// @param incarnation drawn anew by each start of the broker's process
/// @param directories the ids of the folders that it keeps its logs in, in the order of the ids
/// @param features the feature levels that it can work at
public record BrokerImage(
        BrokerId id,
        BrokerEpoch epoch,
        Optional<String> rack,
        Map<String, Endpoint> endpoints,
        boolean fenced,
        boolean draining,
        UUID incarnation,
        List<UUID> directories,
        FeatureRange features) {
    public BrokerImage {
        directories = directories.stream().sorted().toList();
        endpoints = Collections.unmodifiableMap(new TreeMap<>(endpoints));
    }

    /// This registration with another standing.
    public BrokerImage with(boolean nowFenced, boolean nowDraining) {
        return new BrokerImage(id, epoch, rack, endpoints, nowFenced, nowDraining, incarnation, directories, features);
    }
}
