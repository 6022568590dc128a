package io.weirlog.server.group;

import io.grpc.Status;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.group.core.GroupReply;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Map;

/// What clients are told when a group refuses something.
public final class GroupProblems {
    private static final long RETRY_MILLIS = 100;

    private GroupProblems() {}

    /// @param group the id that the client named; put into the problem's metadata
    public static Problem problem(GroupReply.Refused refused, String group) {
        return switch (refused.reason()) { // No default: a new reason must not compile until it has a code.
            case UNKNOWN_MEMBER ->
                problem(Status.Code.ABORTED, ErrorReason.ERROR_REASON_UNKNOWN_MEMBER, refused, group);
            case STALE_MEMBER_EPOCH ->
                problem(Status.Code.ABORTED, ErrorReason.ERROR_REASON_STALE_MEMBER_EPOCH, refused, group);
            case FENCED_MEMBER -> problem(Status.Code.ABORTED, ErrorReason.ERROR_REASON_FENCED_MEMBER, refused, group);
            case COORDINATOR_LOADING ->
                Problems.retryAfterMillis(
                        problem(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_COORDINATOR_LOADING, refused, group),
                        RETRY_MILLIS);
            case GROUP_NOT_EMPTY ->
                problem(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_GROUP_NOT_EMPTY, refused, group);
            case UNKNOWN_GROUP ->
                problem(Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_GROUP, refused, group);
            case INVALID_GROUP ->
                problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_GROUP, refused, group);
            case INVALID_SUBSCRIPTION ->
                problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_SUBSCRIPTION, refused, group);
            case INVALID_REQUEST ->
                problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REQUEST, refused, group);
            case LIMIT_REACHED ->
                problem(Status.Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_OVERLOADED, refused, group);
            case PARTITION_NOT_OWNED ->
                problem(Status.Code.ABORTED, ErrorReason.ERROR_REASON_PARTITION_NOT_OWNED, refused, group);
            case UNKNOWN_PARTITION ->
                problem(Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_PARTITION, refused, group);
        };
    }

    private static Problem problem(Status.Code code, ErrorReason reason, GroupReply.Refused refused, String group) {
        return Problems.problem(code, reason, refused.message(), Map.of("group_id", ServerProblems.shortened(group)));
    }
}
