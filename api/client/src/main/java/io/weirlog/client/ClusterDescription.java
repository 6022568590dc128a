package io.weirlog.client;

import io.weirlog.common.BrokerId;
import java.util.List;

/// The cluster as one of its nodes knows it.
///
/// @param node the node that answered
/// @param version of the node that answered
public record ClusterDescription(String clusterId, BrokerId node, String version, List<BrokerDescription> brokers) {
    public ClusterDescription {
        brokers = List.copyOf(brokers);
    }
}
