package io.weirlog.replication.core;

/// Known bugs of replicated logs, each of which tests put back to see that the simulator finds it. The source is in the
/// comment; none of this is in the product.
public enum Bug {
    /// KIP-101: a follower cuts its log to the watermark it knows instead of by epoch.
    TRUNCATE_TO_WATERMARK,
    /// KAFKA-6361, KIP-279: the leader compares ends only; that it lacks the follower's epoch goes unnoticed.
    IGNORE_MISSING_EPOCH,
    /// A leader lets everyone follow from where they are: divergence goes unnoticed.
    NO_DIVERGENCE_CHECK,
    /// KAFKA-7128: to join it is enough to have reached the new leader's watermark.
    JOIN_AT_STALE_WATERMARK,
    /// Whoever follows may join, however far behind.
    JOIN_WITHOUT_CATCHING_UP,
    /// The watermark counts the committed set only, while a larger one may already be in force.
    COUNT_COMMITTED_ONLY,
    /// RocketMQ #5663: a lost answer to an in-sync change is taken for a refusal.
    FORGET_UNKNOWN_OUTCOME,
    /// A granted shrink is taken for granted before the controller has said so.
    SHRINK_BEFORE_GRANTED,
    /// KIP-966: the watermark goes on with fewer in-sync replicas than promised.
    NO_FREEZE_BELOW_MINIMUM,
    /// KIP-903: a restarted follower is proposed under the epoch that is registered, not the one that acknowledged.
    UNCHECKED_BROKER_EPOCH,
    /// What a follower had acknowledged counts on after it has opened anew with less.
    KEEP_ACKNOWLEDGEMENTS,
    /// KAFKA-14704: the watermark is taken over before divergence is dealt with.
    EARLY_WATERMARK,
    /// KAFKA-9491: a full truncation leaves the watermark before the log's start.
    STALE_WATERMARK_AFTER_START_OVER,
    /// What followers have by the log's end counts before they have acknowledged it in this epoch.
    ACKNOWLEDGED_IN_FORMER_EPOCH,
    /// A follower acknowledges what it has not synced.
    ACKNOWLEDGE_UNSYNCED,
    /// A new leader takes all that is in its log for committed.
    WATERMARK_AT_LOG_END,
    /// KAFKA-7415: the new epoch is noted only with its first record.
    EPOCH_NOT_PERSISTED,
    /// Roles of a former life go on after a restart.
    ROLES_OF_FORMER_LIFE,
    /// R10: an unclean stop is reported as a clean one.
    UNCLEAN_TAKEN_FOR_CLEAN,
    /// R9: changes of the in-sync set are not compared with the state that they were thought up in.
    NO_COMPARE_AND_SET,
    /// R10: a node that has lost its disks goes on as the one that it was.
    WIPED_DISK_KEEPS_IDENTITY,
    /// A replica is let go without a new leader epoch: taken in again for what it had acknowledged, it drops its log.
    LET_GO_WITHIN_EPOCH,
    /// P1: a batch that comes again is answered at once, as if its first coming had been acknowledged.
    REPEATED_BATCH_TAKEN_FOR_SAFE,
    /// P2: what was cut from a log stays among what its producers have sent.
    PRODUCERS_NOT_CUT
}
