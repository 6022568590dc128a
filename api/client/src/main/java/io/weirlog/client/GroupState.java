package io.weirlog.client;

/// What a consumer group is about.
public enum GroupState {
    /// No members, but committed offsets.
    EMPTY,
    /// Every member owns just what it should.
    STABLE,
    /// Partitions are on their way from one member to another.
    RECONCILING,
    /// A state that this client does not know.
    UNKNOWN
}
