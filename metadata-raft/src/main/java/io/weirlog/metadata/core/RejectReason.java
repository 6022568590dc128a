package io.weirlog.metadata.core;

/// Why a command was refused.
public enum RejectReason {
    INVALID_TOPIC_NAME,
    TOPIC_ALREADY_EXISTS,
    /// Another topic's name differs only in `.` and `_`, which metrics cannot tell apart.
    TOPIC_NAME_COLLISION,
    /// The proposer's new topic id belongs to another topic already.
    TOPIC_ID_IN_USE,
    TOPIC_NOT_FOUND,
    INVALID_PARTITIONS,
    INVALID_REPLICATION_FACTOR,
    INVALID_CONFIG,
    INVALID_BROKER,
    /// A bound of [MetadataLimits] on the whole cluster would be passed.
    LIMIT_EXCEEDED,
    /// The command is larger than [MetadataLimits#COMMAND_BYTES_MAX]. Refused before it is proposed.
    COMMAND_TOO_LARGE,
    BROKER_NOT_FOUND,
    /// The command is about an earlier life of the broker (R10).
    STALE_BROKER_EPOCH,
    /// The broker has to be fenced first.
    BROKER_IN_SERVICE,
    /// The broker's replicas have to go first.
    BROKER_HAS_REPLICAS,
    /// An explicit list of replicas does not fit: the wrong number of them, one twice, or one on an unknown broker.
    INVALID_REPLICAS,
    PARTITION_NOT_FOUND,
    /// The partition is on its way to other replicas than those asked for.
    REASSIGNMENT_IN_PROGRESS,
    /// There is no reassignment to call off.
    NO_REASSIGNMENT,
    /// No replica that holds the acknowledged records would be left.
    WOULD_LOSE_RECORDS,
    INVALID_FEATURE_LEVEL,
    /// A node does not support the feature level that the cluster works at, or is to work at.
    UNSUPPORTED_FEATURE_LEVEL,
    INVALID_CONTROLLER,
    CONTROLLER_NOT_FOUND,
    /// The command is about an earlier life of the controller.
    STALE_CONTROLLER_INCARNATION
}
