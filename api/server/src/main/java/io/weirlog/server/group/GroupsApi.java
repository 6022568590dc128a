package io.weirlog.server.group;

import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.DescribeGroupResponse;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.HeartbeatResponse;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.ListGroupsResponse;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.SetOffsetsResponse;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// The service as clients call it: brings each call to the coordinator of its group, wherever that is.
public final class GroupsApi extends GroupsTranslation {
    private static final long WAIT_MILLIS_DEFAULT = 15_000;

    private final GroupCalls calls;
    private final GroupListing listing;
    private final GroupLags lags;
    private final OffsetCommits commits;
    private final OffsetResets resets;

    GroupsApi(GroupCalls calls, GroupListing listing, GroupLags lags, OffsetCommits commits, OffsetResets resets) {
        this.calls = calls;
        this.listing = listing;
        this.lags = lags;
        this.commits = commits;
        this.resets = resets;
    }

    /// As long as the caller waits, or a time that no answer should take.
    private static long waitMillis() {
        return Optional.ofNullable(Context.current().getDeadline())
                .map(deadline -> Math.max(1, deadline.timeRemaining(TimeUnit.MILLISECONDS)))
                .orElse(WAIT_MILLIS_DEFAULT);
    }

    @Override
    <Q, R> CompletableFuture<R> call(GroupCall<Q, R> call, Q request) {
        return calls.call(call, request, waitMillis());
    }

    /// A member that has no id yet gets one here: so it is the same one however often its coordinator has to be asked.
    @Override
    public void heartbeat(HeartbeatRequest request, StreamObserver<HeartbeatResponse> response) {
        var named = request.getMemberId().isEmpty() && request.getMemberEpoch() == 0
                ? request.toBuilder().setMemberId(UUID.randomUUID().toString()).build()
                : request;
        super.heartbeat(named, response);
    }

    @Override
    public void listGroups(ListGroupsRequest request, StreamObserver<ListGroupsResponse> response) {
        tell(listing.everywhere(request), response);
    }

    @Override
    public void describeGroup(DescribeGroupRequest request, StreamObserver<DescribeGroupResponse> response) {
        var described = call(GroupRpcs.DESCRIBE_GROUP, request);
        tell(
                request.getWithoutOffsets()
                        ? described.thenApply(
                                group -> group.toBuilder().clearOffsets().build())
                        : described.thenCompose(lags::added),
                response);
    }

    @Override
    public void commitOffsets(CommitOffsetsRequest request, StreamObserver<CommitOffsetsResponse> response) {
        tell(commits.commit(request, waitMillis()), response);
    }

    @Override
    public void setOffsets(SetOffsetsRequest request, StreamObserver<SetOffsetsResponse> response) {
        tell(resets.set(request, waitMillis()), response);
    }
}
