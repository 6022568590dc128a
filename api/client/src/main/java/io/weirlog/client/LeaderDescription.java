package io.weirlog.client;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;

/// Who leads a partition.
///
/// @param address where clients reach it, `host:port`
public record LeaderDescription(BrokerId broker, LeaderEpoch epoch, String address) {}
