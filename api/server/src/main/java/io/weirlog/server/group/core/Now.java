package io.weirlog.server.group.core;

/// The time at which an event happens.
///
/// @param monotonicMillis for timeouts: never steps, and means nothing to another process
/// @param wallMillis since 1970, for what is kept in the log: may step
public record Now(long monotonicMillis, long wallMillis) {}
