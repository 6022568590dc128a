package io.weirlog.server.group;

import io.grpc.stub.StreamObserver;
import io.weirlog.server.relay.RelayException;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.DeleteGroupRequest;
import io.weirlog.v1.DeleteGroupResponse;
import io.weirlog.v1.DeleteOffsetsRequest;
import io.weirlog.v1.DeleteOffsetsResponse;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.DescribeGroupResponse;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.FetchOffsetsResponse;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.HeartbeatResponse;
import io.weirlog.v1.LeaveRequest;
import io.weirlog.v1.LeaveResponse;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.SetOffsetsResponse;
import io.weirlog.wire.Problems;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// `weirlog.v1.GroupsService`: translates. Who answers a call is up to those who extend it.
abstract class GroupsTranslation extends GroupsServiceGrpc.GroupsServiceImplBase {
    /// Has the call answered.
    abstract <Q, R> CompletableFuture<R> call(GroupCall<Q, R> call, Q request);

    private <Q, R> void answer(GroupCall<Q, R> call, Q request, StreamObserver<R> response) {
        tell(call(call, request), response);
    }

    static <R> void tell(CompletableFuture<R> answer, StreamObserver<R> response) {
        var _ = answer.whenComplete((found, failure) -> {
            if (failure != null) {
                response.onError(status(failure));
            } else {
                response.onNext(found);
                response.onCompleted();
            }
        });
    }

    private static Throwable status(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof RelayException relayed ? Problems.toStatus(relayed.problem()) : cause;
    }

    @Override
    public void heartbeat(HeartbeatRequest request, StreamObserver<HeartbeatResponse> response) {
        answer(GroupRpcs.HEARTBEAT, request, response);
    }

    @Override
    public void leave(LeaveRequest request, StreamObserver<LeaveResponse> response) {
        answer(GroupRpcs.LEAVE, request, response);
    }

    @Override
    public void commitOffsets(CommitOffsetsRequest request, StreamObserver<CommitOffsetsResponse> response) {
        answer(GroupRpcs.COMMIT_OFFSETS, request, response);
    }

    @Override
    public void fetchOffsets(FetchOffsetsRequest request, StreamObserver<FetchOffsetsResponse> response) {
        answer(GroupRpcs.FETCH_OFFSETS, request, response);
    }

    @Override
    public void describeGroup(DescribeGroupRequest request, StreamObserver<DescribeGroupResponse> response) {
        answer(GroupRpcs.DESCRIBE_GROUP, request, response);
    }

    @Override
    public void deleteGroup(DeleteGroupRequest request, StreamObserver<DeleteGroupResponse> response) {
        answer(GroupRpcs.DELETE_GROUP, request, response);
    }

    @Override
    public void deleteOffsets(DeleteOffsetsRequest request, StreamObserver<DeleteOffsetsResponse> response) {
        answer(GroupRpcs.DELETE_OFFSETS, request, response);
    }

    @Override
    public void setOffsets(SetOffsetsRequest request, StreamObserver<SetOffsetsResponse> response) {
        answer(GroupRpcs.SET_OFFSETS, request, response);
    }
}
