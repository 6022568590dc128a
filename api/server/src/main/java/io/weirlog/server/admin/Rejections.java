package io.weirlog.server.admin;

import io.grpc.Status;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.server.ServerProblems;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts the metadata machine's refusals into the contract's words.
final class Rejections {
    private static final Logger LOG = LoggerFactory.getLogger(Rejections.class);

    private Rejections() {}

    /// @param topic that the request concerns; empty text: it concerns none
    static Problem problem(MetadataReply.Rejected rejected, String topic) {
        return switch (rejected.reason()) {
            case TOPIC_NOT_FOUND -> ServerProblems.unknownTopic(topic);
            case TOPIC_ALREADY_EXISTS ->
                of(Status.Code.ALREADY_EXISTS, ErrorReason.ERROR_REASON_TOPIC_EXISTS, rejected, topic);
            case INVALID_TOPIC_NAME, TOPIC_NAME_COLLISION ->
                of(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_TOPIC, rejected, topic);
            case INVALID_PARTITIONS ->
                of(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_PARTITION_COUNT, rejected, topic);
            case INVALID_REPLICATION_FACTOR ->
                of(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REPLICATION_FACTOR, rejected, topic);
            case INVALID_CONFIG ->
                of(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_CONFIG, rejected, topic);
            case LIMIT_EXCEEDED ->
                of(Status.Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_OVERLOADED, rejected, topic);
            case BROKER_NOT_FOUND ->
                of(Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_BROKER, rejected, topic);
            case PARTITION_NOT_FOUND ->
                of(Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_PARTITION, rejected, topic);
            case INVALID_REPLICAS ->
                of(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REPLICAS, rejected, topic);
            case REASSIGNMENT_IN_PROGRESS ->
                of(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_REASSIGNMENT_IN_PROGRESS, rejected, topic);
            case NO_REASSIGNMENT ->
                of(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NO_REASSIGNMENT, rejected, topic);
            case WOULD_LOSE_RECORDS ->
                of(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_WOULD_LOSE_RECORDS, rejected, topic);
            case BROKER_IN_SERVICE, BROKER_HAS_REPLICAS, UNSUPPORTED_FEATURE_LEVEL ->
                of(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_INVALID_REQUEST, rejected, topic);
            case COMMAND_TOO_LARGE,
                    INVALID_BROKER,
                    TOPIC_ID_IN_USE,
                    STALE_BROKER_EPOCH,
                    INVALID_FEATURE_LEVEL,
                    INVALID_CONTROLLER,
                    CONTROLLER_NOT_FOUND,
                    STALE_CONTROLLER_INCARNATION ->
                of(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REQUEST, rejected, topic);
        };
    }

    private static Problem of(Status.Code code, ErrorReason reason, MetadataReply.Rejected rejected, String topic) {
        return topic.isEmpty()
                ? Problems.problem(code, reason, rejected.message())
                : Problems.problem(code, reason, rejected.message(), Map.of("topic", ServerProblems.shortened(topic)));
    }

    /// What a proposal that failed is told as.
    static Problem failed(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof MetadataUnavailableException unavailable) {
            return unavailable(unavailable);
        }
        LOG.error("a metadata request failed", cause);
        return ServerProblems.internal("the request failed: see the broker's log");
    }

    static Problem unavailable(MetadataUnavailableException e) {
        return ServerProblems.retryable(Problems.problem(
                Status.Code.UNAVAILABLE,
                ErrorReason.ERROR_REASON_METADATA_UNAVAILABLE,
                "the metadata quorum did not answer (" + e.getMessage() + "): try again with the same request_id"));
    }
}
