package io.weirlog.cli;

import io.weirlog.client.Acknowledgement;
import io.weirlog.client.SendCallback;
import io.weirlog.client.WeirlogException;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Counts what became of the records that were sent.
final class SendTally implements SendCallback {
    private static final String REASON_PREFIX = "ERROR_REASON_";

    private final Map<String, Long> failedByReason = new TreeMap<>();
    private long acknowledged;
    private long failed;
    private long failedUnknown;
    private Optional<String> firstFailure = Optional.empty();

    @Override
    public synchronized void onAcknowledged(Acknowledgement acknowledgement) {
        acknowledged++;
    }

    @Override
    public synchronized void onFailed(WeirlogException failure) {
        failed++;
        failedByReason.merge(reason(failure), 1L, Long::sum);
        if (failure.outcome().equals(Optional.of(AppendOutcome.APPEND_OUTCOME_UNKNOWN))) {
            failedUnknown++;
        }
        if (firstFailure.isEmpty()) {
            firstFailure = Optional.of(String.valueOf(failure.getMessage()));
        }
    }

    synchronized long acknowledged() {
        return acknowledged;
    }

    synchronized long failed() {
        return failed;
    }

    /// Those of the failed that may be in the log all the same.
    synchronized long failedUnknown() {
        return failedUnknown;
    }

    /// How many failed and why, in one line; empty if none did.
    synchronized Optional<String> failures() {
        return firstFailure.map(first -> Quantities.count(failed, "record") + " failed ("
                + failedByReason.entrySet().stream()
                        .map(entry -> Quantities.number(entry.getValue()) + " " + entry.getKey())
                        .collect(Collectors.joining(", "))
                + (failedUnknown == 0
                        ? ""
                        : "; " + Quantities.number(failedUnknown) + " may be in the log all the same")
                + "), " + Quantities.number(acknowledged) + " acknowledged; the first failure: " + first);
    }

    private static String reason(WeirlogException failure) {
        return failure.reason() == ErrorReason.ERROR_REASON_UNSPECIFIED
                ? failure.code().name()
                : failure.reason().name().substring(REASON_PREFIX.length());
    }
}
