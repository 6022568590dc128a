package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;

/// Decides what becomes of failed requests. Pure: time and chance are arguments.
///
/// | The failure | A write | A read |
/// |---|---|---|
/// | its outcome is unknown | fails as `UNKNOWN`: again might double it; again if it is numbered | – |
/// | may pass, and surely nothing was appended | again, after a growing delay | again |
/// | another broker, or newer metadata, may help | again after a refresh, at once if the leader was named | again |
/// | will come again | fails | fails |
///
/// @param firstDelayMillis the delay before the first retry; it doubles with each
/// @param delayMillisMax where it stops growing
record RetryPolicy(long firstDelayMillis, long delayMillisMax) {
    static final RetryPolicy DEFAULT = new RetryPolicy(20, 1_000);

    private static final int DOUBLINGS_MAX = 20;
    private static final double JITTER_SPREAD = 0.4;

    /// What to do now.
    sealed interface Decision {}

    /// Try again after `delayMillis`, with fresh metadata if `refreshMetadata`.
    record Retry(long delayMillis, boolean refreshMetadata) implements Decision {}

    /// Give up; for reads the outcome is always `NOT_APPENDED`.
    record Fail(AppendOutcome outcome) implements Decision {}

    private enum Hope {
        WAIT,
        REFRESH,
        NONE
    }

    /// @param attempts how often these records were sent already, at least once
    /// @param remainingMillis until the delivery timeout
    /// @param jitter of [0, 1): spreads the retries of many clients
    Decision append(Problem problem, AppendOutcome outcome, int attempts, long remainingMillis, double jitter) {
        if (outcome != AppendOutcome.APPEND_OUTCOME_NOT_APPENDED) {
            return new Fail(AppendOutcome.APPEND_OUTCOME_UNKNOWN);
        }
        return again(problem, attempts, remainingMillis, jitter);
    }

    /// For a write of which nobody knows what became, if it is numbered so that it cannot be doubled; its time is
    /// watched elsewhere.
    Retry unknown(Problem problem, int attempts, double jitter) {
        return again(problem, attempts, Long.MAX_VALUE, jitter) instanceof Retry retry
                ? retry
                : new Retry(delayMillis(attempts, jitter), true);
    }

    /// For requests that may be repeated whatever became of them.
    Decision repeatable(Problem problem, int attempts, long remainingMillis, double jitter) {
        return again(problem, attempts, remainingMillis, jitter);
    }

    private Decision again(Problem problem, int attempts, long remainingMillis, double jitter) {
        var hope = hope(problem);
        if (hope == Hope.NONE) {
            return new Fail(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED);
        }
        var leaderIsNamed = problem.getMetadataMap().containsKey("leader_address");
        var delayMillis = leaderIsNamed && attempts == 1 ? 0 : delayMillis(attempts, jitter);
        if (problem.hasRetryDelay()) {
            var advised = problem.getRetryDelay();
            delayMillis = Math.max(delayMillis, advised.getSeconds() * 1_000 + advised.getNanos() / 1_000_000);
        }
        return delayMillis >= remainingMillis
                ? new Fail(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED)
                : new Retry(delayMillis, hope == Hope.REFRESH);
    }

    /// The growing delay before retry number `attempts`.
    long delayMillis(int attempts, double jitter) {
        var doublings = Math.min(Math.max(attempts - 1, 0), DOUBLINGS_MAX);
        var delay = Math.min(delayMillisMax, firstDelayMillis << doublings);
        return Math.round(delay * (1 - JITTER_SPREAD / 2 + JITTER_SPREAD * jitter));
    }

    /// Whether no broker was reached, or the connection to it broke: nobody explained the failure.
    static boolean isConnectionLoss(Problem problem) {
        return problem.getReason() == ErrorReason.ERROR_REASON_UNSPECIFIED
                && problem.getCode() == Status.Code.UNAVAILABLE.value();
    }

    private static Hope hope(Problem problem) {
        return switch (problem.getReason()) {
            case ERROR_REASON_NOT_LEADER,
                    ERROR_REASON_NO_LEADER,
                    ERROR_REASON_NOT_COORDINATOR,
                    ERROR_REASON_COORDINATOR_LOADING,
                    ERROR_REASON_UNKNOWN_TOPIC,
                    ERROR_REASON_UNKNOWN_PARTITION,
                    ERROR_REASON_STORAGE_FAILED,
                    ERROR_REASON_SHUTTING_DOWN -> Hope.REFRESH;
            case ERROR_REASON_NOT_ENOUGH_REPLICAS,
                    ERROR_REASON_OVERLOADED,
                    ERROR_REASON_QUOTA_EXCEEDED,
                    ERROR_REASON_DISK_FULL,
                    ERROR_REASON_METADATA_UNAVAILABLE,
                    ERROR_REASON_TIMED_OUT -> Hope.WAIT;
            case ERROR_REASON_UNSPECIFIED, UNRECOGNIZED ->
                isConnectionLoss(problem) ? Hope.REFRESH : ifAdvised(problem);
            case ERROR_REASON_TOPIC_ID_MISMATCH,
                    ERROR_REASON_INVALID_TOPIC,
                    ERROR_REASON_TOPIC_EXISTS,
                    ERROR_REASON_OFFSET_OUT_OF_RANGE,
                    ERROR_REASON_BATCH_TOO_LARGE,
                    ERROR_REASON_RECORD_TOO_LARGE,
                    ERROR_REASON_BATCH_CORRUPT,
                    ERROR_REASON_BATCH_MALFORMED,
                    ERROR_REASON_UNSUPPORTED_COMPRESSION,
                    ERROR_REASON_UNSUPPORTED_FORMAT,
                    ERROR_REASON_INVALID_REQUEST,
                    ERROR_REASON_INITIAL_EXPECTED,
                    ERROR_REASON_INVALID_CONFIG,
                    ERROR_REASON_INVALID_REPLICATION_FACTOR,
                    ERROR_REASON_INVALID_PARTITION_COUNT,
                    ERROR_REASON_UNEXPECTED_OFFSET,
                    ERROR_REASON_LOG_CORRUPT,
                    ERROR_REASON_PRODUCER_FENCED,
                    ERROR_REASON_OUT_OF_ORDER_SEQUENCE,
                    ERROR_REASON_UNKNOWN_PRODUCER,
                    ERROR_REASON_STALE_MEMBER_EPOCH,
                    ERROR_REASON_UNKNOWN_MEMBER,
                    ERROR_REASON_FENCED_MEMBER,
                    ERROR_REASON_GROUP_NOT_EMPTY,
                    ERROR_REASON_UNKNOWN_GROUP,
                    ERROR_REASON_INVALID_GROUP,
                    ERROR_REASON_INVALID_SUBSCRIPTION,
                    ERROR_REASON_PARTITION_NOT_OWNED,
                    ERROR_REASON_UNSUPPORTED,
                    ERROR_REASON_CREDIT_EXCEEDED,
                    ERROR_REASON_TRUNCATED,
                    ERROR_REASON_INTERNAL,
                    ERROR_REASON_CLUSTER_MISMATCH,
                    ERROR_REASON_QUORUM_CHANGE_REFUSED,
                    ERROR_REASON_BATCH_REFUSED,
                    ERROR_REASON_NODE_MISMATCH,
                    ERROR_REASON_UNKNOWN_BROKER,
                    ERROR_REASON_INVALID_REPLICAS,
                    ERROR_REASON_REASSIGNMENT_IN_PROGRESS,
                    ERROR_REASON_NO_REASSIGNMENT,
                    ERROR_REASON_WOULD_LOSE_RECORDS,
                    ERROR_REASON_POLICY_VIOLATION,
                    ERROR_REASON_INVALID_TIMESTAMP,
                    ERROR_REASON_INVALID_RECORD -> ifAdvised(problem);
        };
    }

    private static Hope ifAdvised(Problem problem) {
        return problem.hasRetryDelay() ? Hope.WAIT : Hope.NONE;
    }
}
