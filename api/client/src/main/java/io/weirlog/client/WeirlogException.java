package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.tls.TlsFailure;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A request failed. The message says what was wrong and what to do; [#reason] and [#metadata] say it to programs.
///
/// Not final: reasons that programs commonly catch have a class of their own.
public class WeirlogException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Problem problem;
    private final @Nullable AppendOutcome outcome;

    WeirlogException(String message, Problem problem, @Nullable AppendOutcome outcome, @Nullable Throwable cause) {
        super(message, cause);
        this.problem = problem;
        this.outcome = outcome;
    }

    /// What a broker said of a request.
    static WeirlogException of(Problem problem) {
        if (problem.getReason() == ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE) {
            return OffsetOutOfRangeException.of(problem);
        }
        if (problem.getReason() == ErrorReason.ERROR_REASON_FENCED_MEMBER) {
            return new MemberFencedException(problem);
        }
        if (TlsException.isOne(problem)) {
            return new TlsException(problem, null);
        }
        return new WeirlogException(problem.getMessage(), problem, null, null);
    }

    /// What a broker, or the client itself, says of records that were to be appended.
    static WeirlogException append(Problem problem, AppendOutcome outcome) {
        return append(problem, outcome, null);
    }

    static WeirlogException append(Problem problem, AppendOutcome outcome, @Nullable Throwable cause) {
        var message = outcome == AppendOutcome.APPEND_OUTCOME_NOT_APPENDED
                ? problem.getMessage() + " (the records are not in the log; they can be sent again)"
                : problem.getMessage() + " (the records may be in the log: look before sending them again)";
        return problem.getReason() == ErrorReason.ERROR_REASON_PRODUCER_FENCED
                ? new ProducerFencedException(message, problem, outcome)
                : new WeirlogException(message, problem, outcome, cause);
    }

    /// The client itself could not do it.
    static WeirlogException local(Status.Code code, ErrorReason reason, String message) {
        return of(Problems.problem(code, reason, message));
    }

    /// The same, with what kept it.
    static WeirlogException of(Problem problem, Throwable cause) {
        return new WeirlogException(problem.getMessage(), problem, null, cause);
    }

    /// A call that ended with `failure`; where no broker explained it, the message names the cause below.
    static WeirlogException of(String what, Throwable failure) {
        var problem = explain(what, failure);
        if (problem.getReason() == ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE) {
            return OffsetOutOfRangeException.of(problem);
        }
        if (TlsException.isOne(problem)) {
            return new TlsException(problem, failure);
        }
        return new WeirlogException(problem.getMessage(), problem, null, failure);
    }

    /// The problem behind `failure`, its message completed if no broker wrote it.
    static Problem explain(String what, Throwable failure) {
        var problem = Problems.fromThrowable(failure);
        if (problem.getReason() != ErrorReason.ERROR_REASON_UNSPECIFIED) {
            return problem;
        }
        var tls = tlsFailure(failure);
        if (tls.isPresent()) {
            return problem.toBuilder()
                    .setMessage(
                            "no secure connection: " + what + ": " + tls.get().message())
                    .putMetadata(TlsException.CAUSE_KEY, tls.get().kind().name())
                    .build();
        }
        var message = new StringBuilder(what).append(": ").append(problem.getMessage());
        var cause = failure.getCause();
        if (cause != null && cause.getMessage() != null) {
            message.append(" (").append(cause.getMessage()).append(')');
        }
        return problem.toBuilder().setMessage(message.toString()).build();
    }

    /// Whether, and how, TLS is the cause. A port that speaks TLS only ends a connection without it by a GOAWAY with
    /// this
    /// code; gRPC tells of it in the status' text alone.
    static Optional<TlsFailure> tlsFailure(Throwable failure) {
        if (String.valueOf(failure.getMessage()).contains("INADEQUATE_SECURITY")) {
            return Optional.of(
                    new TlsFailure(TlsFailure.Kind.PLAINTEXT, "it speaks TLS only, and this client does not"));
        }
        return TlsFailure.of(failure);
    }

    @Override
    public final String getMessage() {
        return Objects.requireNonNullElse(super.getMessage(), "");
    }

    /// Why, as the contract lists it; `ERROR_REASON_UNSPECIFIED` if no broker explained it, as when none was reached.
    public final ErrorReason reason() {
        return problem.getReason();
    }

    /// The gRPC status code of the same failure.
    public final Status.Code code() {
        return Status.fromCodeValue(problem.getCode()).getCode();
    }

    /// Details; their keys are documented at each [ErrorReason].
    public final Map<String, String> metadata() {
        return problem.getMetadataMap();
    }

    /// For failed writes: whether the records may be in the log all the same.
    public final Optional<AppendOutcome> outcome() {
        return Optional.ofNullable(outcome);
    }

    /// How long to wait before trying again, where the broker advised it.
    public final Optional<Duration> retryDelay() {
        if (!problem.hasRetryDelay()) {
            return Optional.empty();
        }
        var delay = problem.getRetryDelay();
        return Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
    }

    final Problem problem() {
        return problem;
    }
}
