package io.weirlog.client;

import io.weirlog.common.BrokerId;

/// A broker of the cluster.
///
/// @param address where clients reach it, `host:port`
/// @param rack empty text if it has none
/// @param fenced not serving now: it is starting, stopping or gone
/// @param draining about to stop: its leaderships move away
/// @param ledPartitions that it leads
/// @param replicas of partitions that it keeps
/// @param featureLevelMax the highest feature level that it supports
public record BrokerDescription(
        BrokerId id,
        String address,
        String rack,
        boolean fenced,
        boolean draining,
        int ledPartitions,
        int replicas,
        int featureLevelMax) {}
