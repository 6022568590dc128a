package io.weirlog.wire;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Turns a [Problem] into the gRPC status that says the same, and back.
public final class Problems {
    /// The ErrorInfo domain of all reasons in [ErrorReason].
    public static final String DOMAIN = "weirlog";

    /// The ErrorInfo metadata key that carries the [AppendOutcome] of a failed Append, without its prefix.
    public static final String OUTCOME_KEY = "outcome";

    private static final String REASON_PREFIX = "ERROR_REASON_";
    private static final String OUTCOME_PREFIX = "APPEND_OUTCOME_";

    private Problems() {}

    /// A problem without metadata or a hint to retry.
    public static Problem problem(Status.Code code, ErrorReason reason, String message) {
        return Problem.newBuilder()
                .setCode(code.value())
                .setReason(reason)
                .setMessage(message)
                .build();
    }

    /// A problem with metadata, as [ErrorReason] documents it for the reason.
    public static Problem problem(Status.Code code, ErrorReason reason, String message, Map<String, String> metadata) {
        return problem(code, reason, message).toBuilder()
                .putAllMetadata(metadata)
                .build();
    }

    /// The same problem with the advice to wait that long and try again.
    public static Problem retryAfterMillis(Problem problem, long delayMillis) {
        return problem.toBuilder()
                .setRetryDelay(Duration.newBuilder()
                        .setSeconds(delayMillis / 1000)
                        .setNanos((int) (delayMillis % 1000) * 1_000_000))
                .build();
    }

    public static StatusRuntimeException toStatus(Problem problem) {
        return StatusProto.toStatusRuntimeException(statusProto(problem, problem.getMetadataMap()));
    }

    /// The status of a failed append: it tells besides whether the records may be in the log.
    public static StatusRuntimeException toStatus(Problem problem, AppendOutcome outcome) {
        var metadata = new TreeMap<>(problem.getMetadataMap());
        metadata.put(OUTCOME_KEY, outcome.name().substring(OUTCOME_PREFIX.length()));
        return StatusProto.toStatusRuntimeException(statusProto(problem, metadata));
    }

    private static com.google.rpc.Status statusProto(Problem problem, Map<String, String> metadata) {
        var status = com.google.rpc.Status.newBuilder()
                .setCode(problem.getCode())
                .setMessage(problem.getMessage())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setDomain(DOMAIN)
                        .setReason(name(problem.getReason()))
                        .putAllMetadata(metadata)
                        .build()));
        if (problem.hasRetryDelay()) {
            status.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(problem.getRetryDelay())
                    .build()));
        }
        return status.build();
    }

    /// The reason's name as ErrorInfo carries it, such as `UNKNOWN_TOPIC`.
    public static String name(ErrorReason reason) {
        return reason == ErrorReason.UNRECOGNIZED
                ? "UNRECOGNIZED"
                : reason.name().substring(REASON_PREFIX.length());
    }

    /// What a failed call says; a failure that no broker explained, such as a lost connection, has no reason.
    public static Problem fromThrowable(Throwable failure) {
        var status = StatusProto.fromThrowable(failure);
        if (status == null) {
            return problem(Status.Code.UNKNOWN, ErrorReason.ERROR_REASON_UNSPECIFIED, String.valueOf(failure));
        }
        var problem = Problem.newBuilder().setCode(status.getCode()).setMessage(status.getMessage());
        try {
            for (var detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    var info = detail.unpack(ErrorInfo.class);
                    if (info.getDomain().equals(DOMAIN)) {
                        problem.setReason(reason(info.getReason())).putAllMetadata(info.getMetadataMap());
                    }
                } else if (detail.is(RetryInfo.class)) {
                    problem.setRetryDelay(detail.unpack(RetryInfo.class).getRetryDelay());
                }
            }
        } catch (InvalidProtocolBufferException e) {
            return problem(Status.Code.UNKNOWN, ErrorReason.ERROR_REASON_UNSPECIFIED, "unreadable error details");
        }
        return problem.build();
    }

    /// What a failed Append says of its records; empty if it does not say.
    public static Optional<AppendOutcome> outcome(Problem problem) {
        var name = problem.getMetadataMap().get(OUTCOME_KEY);
        for (var outcome : AppendOutcome.values()) {
            if (outcome.name().equals(OUTCOME_PREFIX + name)) {
                return Optional.of(outcome);
            }
        }
        return Optional.empty();
    }

    private static ErrorReason reason(String name) {
        for (var reason : ErrorReason.values()) {
            if (reason.name().equals(REASON_PREFIX + name)) {
                return reason;
            }
        }
        return ErrorReason.ERROR_REASON_UNSPECIFIED;
    }
}
