package io.weirlog.client;

import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.Optional;

/// The cluster as one of its nodes knows it.
///
/// @param node the node that answered
/// @param version of the node that answered
/// @param controllers the nodes that keep the metadata
/// @param activeController the one that decides; empty if none is known
/// @param featureLevel that all nodes work at
public record ClusterDescription(
        String clusterId,
        BrokerId node,
        String version,
        List<BrokerDescription> brokers,
        List<ControllerNode> controllers,
        Optional<BrokerId> activeController,
        int featureLevel) {
    public ClusterDescription {
        brokers = List.copyOf(brokers);
        controllers = List.copyOf(controllers);
    }
}
