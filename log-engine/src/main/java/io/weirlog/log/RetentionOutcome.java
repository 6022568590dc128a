package io.weirlog.log;

/// What retention took from a log.
///
/// @param sizeBytes of the batches
public record RetentionOutcome(int segments, long sizeBytes) {}
