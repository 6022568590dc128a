package io.weirlog.server.config;

/// How finely `/metrics` tells the lag of groups.
public enum LagDetail {
    OFF,
    GROUP,
    TOPIC,
    PARTITION
}
