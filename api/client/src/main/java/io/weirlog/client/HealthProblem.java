package io.weirlog.client;

/// One thing that is wrong with a cluster.
///
/// @param kind such as `LEADERLESS_PARTITIONS`
/// @param count how many brokers or partitions have it
/// @param message for people
public record HealthProblem(String kind, int count, String message) {}
