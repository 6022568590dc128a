package io.weirlog.server.group.core;

/// Known bugs of group coordinators, each of which tests put back to see that the simulator finds it. None of this is
/// in
/// the product.
enum GroupBug {
    /// KAFKA-16147: a new target makes the coordinator forget what a member has not yet acknowledged to have lost.
    PENDING_REVOCATION_FORGOTTEN,
    /// KAFKA-20634: a commit of a deposed coordinator is acknowledged once records of its successor pass the watermark.
    FOREIGN_RECORDS_COUNT,
    /// KAFKA-13636: offsets expire while the group rebalances.
    EXPIRY_WHILE_REBALANCING,
    /// The owner's commits are taken whatever epoch they are of.
    STALE_EPOCH_COMMITS,
    /// A member that comes back leaves its former life in force.
    RETURN_WITHOUT_FENCING,
    /// A member that comes back under its member id begins with an epoch that it may have had before it went.
    EPOCHS_REPEAT,
    /// A heartbeat acknowledges a revocation that its sender had not heard of.
    OLD_HEARTBEAT_ACKNOWLEDGES,
    /// Answers do not wait for what they show to be committed.
    ANSWER_BEFORE_COMMIT,
    /// After a failed append the machine goes on as if it had succeeded.
    GO_ON_AFTER_FAILED_APPEND,
    /// The records of one change lie in two batches, of which the second may be lost.
    CHANGE_IN_TWO_BATCHES,
    /// A new coordinator believes metadata that are older than the offsets that it read.
    STALE_TOPICS_BELIEVED,
    /// Nobody is fenced for silence.
    NO_SESSION_TIMEOUT,
    /// Nobody is fenced for keeping what others wait for.
    NO_REBALANCE_TIMEOUT
}
