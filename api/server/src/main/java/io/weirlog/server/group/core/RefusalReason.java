package io.weirlog.server.group.core;

/// Why a request was refused.
public enum RefusalReason {
    /// The group has no such member.
    UNKNOWN_MEMBER,
    /// The member is not in that epoch: an earlier life of it, or one never told.
    STALE_MEMBER_EPOCH,
    /// Another process has joined under the instance id.
    FENCED_MEMBER,
    /// The machine has not been told everything yet.
    COORDINATOR_LOADING,
    GROUP_NOT_EMPTY,
    UNKNOWN_GROUP,
    INVALID_GROUP,
    INVALID_SUBSCRIPTION,
    INVALID_REQUEST,
    /// A bound of [GroupConfig] would be passed.
    LIMIT_REACHED,
    PARTITION_NOT_OWNED,
    UNKNOWN_PARTITION
}
