package io.weirlog.client;

import io.weirlog.common.BrokerId;

/// A broker of the cluster.
///
/// @param address where clients reach it, `host:port`
/// @param rack empty text if it has none
/// @param fenced not serving now: it is starting, stopping or gone
public record BrokerDescription(BrokerId id, String address, String rack, boolean fenced) {}
