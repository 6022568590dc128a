package io.weirlog.server;

import io.weirlog.common.BrokerId;
import io.weirlog.server.config.NodeConfig;

/// What a node is called and how much it takes on: the same for as long as it runs.
public record NodeFacts(String clusterId, BrokerId nodeId, String version, NodeConfig.Limits limits) {}
