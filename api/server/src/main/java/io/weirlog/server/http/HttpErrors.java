package io.weirlog.server.http;

import com.google.gson.JsonObject;
import io.grpc.Status;
import io.weirlog.v1.AppendFailure;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;

/// Puts problems into HTTP's words: the status that the gRPC code usually becomes, and a body that says the rest.
final class HttpErrors {
    private HttpErrors() {}

    static int status(Problem problem) {
        return switch (Status.fromCodeValue(problem.getCode()).getCode()) {
            case OK -> 200;
            case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> 400;
            case UNAUTHENTICATED -> 401;
            case PERMISSION_DENIED -> 403;
            case NOT_FOUND -> 404;
            case ALREADY_EXISTS, ABORTED -> 409;
            case RESOURCE_EXHAUSTED -> 429;
            case CANCELLED -> 499;
            case UNIMPLEMENTED -> 501;
            case UNAVAILABLE -> 503;
            case DEADLINE_EXCEEDED -> 504;
            case INTERNAL, UNKNOWN, DATA_LOSS -> 500;
        };
    }

    /// With what became of the records.
    static JsonObject error(AppendFailure failure) {
        var error = error(failure.getProblem());
        error.addProperty("outcome", failure.getOutcome().name().substring("APPEND_OUTCOME_".length()));
        return error;
    }

    static JsonObject error(Problem problem) {
        var error = new JsonObject();
        error.addProperty(
                "code", Status.fromCodeValue(problem.getCode()).getCode().name());
        error.addProperty("reason", Problems.name(problem.getReason()));
        error.addProperty("message", problem.getMessage());
        var metadata = new JsonObject();
        problem.getMetadataMap().forEach((key, value) -> {
            if (key.equals(Problems.OUTCOME_KEY)) {
                error.addProperty("outcome", value);
            } else {
                metadata.addProperty(key, value);
            }
        });
        if (!metadata.isEmpty()) {
            error.add("metadata", metadata);
        }
        if (problem.hasRetryDelay()) {
            error.addProperty(
                    "retry_after_ms",
                    problem.getRetryDelay().getSeconds() * 1000
                            + problem.getRetryDelay().getNanos() / 1_000_000);
        }
        return error;
    }
}
