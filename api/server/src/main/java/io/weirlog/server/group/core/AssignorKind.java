package io.weirlog.server.group.core;

/// How a group divides its partitions among its members.
public enum AssignorKind {
    /// Evenly, moving as little as possible.
    STICKY,
    /// Evenly over all topics together, whatever was before.
    UNIFORM,
    /// Each topic by itself, in ranges.
    RANGE
}
