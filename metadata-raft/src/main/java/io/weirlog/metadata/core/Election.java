package io.weirlog.metadata.core;

/// How a partition came to its new leader epoch.
///
/// @param clean false if the leader was in neither the in-sync nor the eligible set, so that acknowledged
///     records may be lost (R12): to be counted
public record Election(ElectionReason reason, boolean clean) {}
