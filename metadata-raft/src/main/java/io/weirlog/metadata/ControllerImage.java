package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/// A member of the metadata quorum as it made itself known: where every node finds it. Who votes is for the
/// quorum itself to say.
///
/// @param id of the node
/// @param incarnation drawn anew by each start of the node's process
/// @param endpoints addresses by the listener's name: `internal`, `raft`; in the order of their names
public record ControllerImage(BrokerId id, UUID incarnation, Map<String, Endpoint> endpoints, FeatureRange features) {
    public ControllerImage {
        endpoints = Collections.unmodifiableMap(new TreeMap<>(endpoints));
    }
}
