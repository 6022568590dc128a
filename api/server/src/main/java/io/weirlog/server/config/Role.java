package io.weirlog.server.config;

import java.util.Locale;

/// What a node does in its cluster; one node may do both.
public enum Role {
    /// Holds partitions and serves clients.
    BROKER,
    /// Votes in the quorum that keeps the metadata.
    CONTROLLER;

    /// The name as it is written in a configuration.
    public String configName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
