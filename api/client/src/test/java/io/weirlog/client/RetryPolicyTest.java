package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryPolicyTest {
    private static final double MIDDLE = 0.5;
    private static final long AGES_MILLIS = 1_000_000;
    private static final Set<ErrorReason> REFRESH = Set.of(
            ErrorReason.ERROR_REASON_NOT_LEADER,
            ErrorReason.ERROR_REASON_NO_LEADER,
            ErrorReason.ERROR_REASON_NOT_COORDINATOR,
            ErrorReason.ERROR_REASON_COORDINATOR_LOADING,
            ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
            ErrorReason.ERROR_REASON_UNKNOWN_PARTITION,
            ErrorReason.ERROR_REASON_STORAGE_FAILED,
            ErrorReason.ERROR_REASON_SHUTTING_DOWN);
    private static final Set<ErrorReason> WAIT = Set.of(
            ErrorReason.ERROR_REASON_NOT_ENOUGH_REPLICAS,
            ErrorReason.ERROR_REASON_OVERLOADED,
            ErrorReason.ERROR_REASON_QUOTA_EXCEEDED,
            ErrorReason.ERROR_REASON_DISK_FULL,
            ErrorReason.ERROR_REASON_METADATA_UNAVAILABLE,
            ErrorReason.ERROR_REASON_TIMED_OUT);

    private final RetryPolicy policy = new RetryPolicy(100, 1_000);

    private static Problem problem(ErrorReason reason) {
        return Problems.problem(Status.Code.FAILED_PRECONDITION, reason, "no");
    }

    @ParameterizedTest
    @EnumSource(value = ErrorReason.class, mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
    void knowsWhatMayPass(ErrorReason reason) {
        var decision =
                policy.append(problem(reason), AppendOutcome.APPEND_OUTCOME_NOT_APPENDED, 1, AGES_MILLIS, MIDDLE);
        if (REFRESH.contains(reason) || WAIT.contains(reason)) {
            assertEquals(new RetryPolicy.Retry(100, REFRESH.contains(reason)), decision);
        } else {
            assertEquals(new RetryPolicy.Fail(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED), decision);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AppendOutcome.class,
            names = {"APPEND_OUTCOME_UNKNOWN", "APPEND_OUTCOME_UNSPECIFIED", "UNRECOGNIZED"})
    void neverRepeatsWhatMayBeInTheLog(AppendOutcome outcome) {
        for (var reason : WAIT) {
            assertEquals(
                    new RetryPolicy.Fail(AppendOutcome.APPEND_OUTCOME_UNKNOWN),
                    policy.append(problem(reason), outcome, 1, AGES_MILLIS, MIDDLE));
        }
    }

    @Test
    void aLostConnectionMayPass() {
        var lost = Problems.problem(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_UNSPECIFIED, "cut");
        assertTrue(RetryPolicy.isConnectionLoss(lost));
        assertInstanceOf(RetryPolicy.Retry.class, policy.repeatable(lost, 1, AGES_MILLIS, MIDDLE));
        assertTrue(!RetryPolicy.isConnectionLoss(problem(ErrorReason.ERROR_REASON_UNSPECIFIED)));
    }

    @Test
    void goesAtOnceToALeaderThatWasNamed() {
        var named = Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_NOT_LEADER,
                "no",
                Map.of("leader_address", "127.0.0.1:1"));
        assertEquals(new RetryPolicy.Retry(0, true), policy.repeatable(named, 1, AGES_MILLIS, MIDDLE));
        assertEquals(
                new RetryPolicy.Retry(200, true),
                policy.repeatable(named, 2, AGES_MILLIS, MIDDLE),
                "two brokers that name each other must not spin");
    }

    @Test
    void waitsAsLongAsTheBrokerAdvises() {
        var advised = Problems.retryAfterMillis(problem(ErrorReason.ERROR_REASON_QUOTA_EXCEEDED), 3_250);
        assertEquals(new RetryPolicy.Retry(3_250, false), policy.repeatable(advised, 1, AGES_MILLIS, MIDDLE));
        var unlikely = Problems.retryAfterMillis(problem(ErrorReason.ERROR_REASON_INTERNAL), 10);
        assertEquals(new RetryPolicy.Retry(100, false), policy.repeatable(unlikely, 1, AGES_MILLIS, MIDDLE));
    }

    @Test
    void givesUpWhenTheNextTryWouldBeTooLate() {
        var overloaded = problem(ErrorReason.ERROR_REASON_OVERLOADED);
        assertInstanceOf(RetryPolicy.Retry.class, policy.repeatable(overloaded, 1, 101, MIDDLE));
        assertInstanceOf(RetryPolicy.Fail.class, policy.repeatable(overloaded, 1, 100, MIDDLE));
        assertInstanceOf(RetryPolicy.Fail.class, policy.repeatable(overloaded, 1, -5, MIDDLE));
    }

    @Test
    void delaysGrowUpToABound() {
        assertEquals(100, policy.delayMillis(1, MIDDLE));
        assertEquals(200, policy.delayMillis(2, MIDDLE));
        assertEquals(800, policy.delayMillis(4, MIDDLE));
        assertEquals(1_000, policy.delayMillis(5, MIDDLE));
        assertEquals(1_000, policy.delayMillis(Integer.MAX_VALUE, MIDDLE));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.25, 0.999})
    void jitterSpreadsByAFifth(double jitter) {
        var delay = policy.delayMillis(1, jitter);
        assertTrue(delay >= 80 && delay <= 120, "delay " + delay);
        assertEquals(80, policy.delayMillis(1, 0));
    }
}
