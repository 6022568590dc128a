package io.weirlog.client;

/// What an upgrade of the cluster did to its feature level.
///
/// @param before the level that all nodes worked at
/// @param level what they work at now, or would after a dry run
public record FeatureUpgrade(int before, int level) {}
