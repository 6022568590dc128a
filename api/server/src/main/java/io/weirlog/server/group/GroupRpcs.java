package io.weirlog.server.group;

import io.weirlog.server.group.core.GroupId;
import io.weirlog.server.group.core.GroupRequest;
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

/// The RPCs that a group's coordinator answers.
final class GroupRpcs {
    static final GroupCall<HeartbeatRequest, HeartbeatResponse> HEARTBEAT = new GroupCall<>(
            GroupsServiceGrpc.getHeartbeatMethod(),
            HeartbeatRequest::getGroupId,
            HeartbeatRequest::getRouting,
            GroupRequests::heartbeat,
            (_, reply, coordinator, image) -> GroupResponses.heartbeat(reply, coordinator, image));

    static final GroupCall<LeaveRequest, LeaveResponse> LEAVE = new GroupCall<>(
            GroupsServiceGrpc.getLeaveMethod(),
            LeaveRequest::getGroupId,
            LeaveRequest::getRouting,
            GroupRequests::leave,
            (_, _, coordinator, _) ->
                    LeaveResponse.newBuilder().setCoordinator(coordinator).build());

    static final GroupCall<CommitOffsetsRequest, CommitOffsetsResponse> COMMIT_OFFSETS = new GroupCall<>(
            GroupsServiceGrpc.getCommitOffsetsMethod(),
            CommitOffsetsRequest::getGroupId,
            CommitOffsetsRequest::getRouting,
            GroupRequests::commit,
            (request, reply, coordinator, _) -> GroupResponses.committed(request, reply, coordinator));

    static final GroupCall<FetchOffsetsRequest, FetchOffsetsResponse> FETCH_OFFSETS = new GroupCall<>(
            GroupsServiceGrpc.getFetchOffsetsMethod(),
            FetchOffsetsRequest::getGroupId,
            FetchOffsetsRequest::getRouting,
            GroupRequests::fetchOffsets,
            (_, reply, coordinator, image) -> GroupResponses.offsets(reply, coordinator, image));

    static final GroupCall<DescribeGroupRequest, DescribeGroupResponse> DESCRIBE_GROUP = new GroupCall<>(
            GroupsServiceGrpc.getDescribeGroupMethod(),
            DescribeGroupRequest::getGroupId,
            DescribeGroupRequest::getRouting,
            (request, _) ->
                    new GroupCall.Read.Request(new GroupRequest.DescribeGroup(new GroupId(request.getGroupId()))),
            (_, reply, coordinator, image) -> GroupResponses.described(reply, coordinator, image));

    static final GroupCall<DeleteGroupRequest, DeleteGroupResponse> DELETE_GROUP = new GroupCall<>(
            GroupsServiceGrpc.getDeleteGroupMethod(),
            DeleteGroupRequest::getGroupId,
            DeleteGroupRequest::getRouting,
            (request, _) -> new GroupCall.Read.Request(
                    new GroupRequest.DeleteGroup(new GroupId(request.getGroupId()), request.getValidateOnly())),
            (_, _, coordinator, _) ->
                    DeleteGroupResponse.newBuilder().setCoordinator(coordinator).build());

    static final GroupCall<DeleteOffsetsRequest, DeleteOffsetsResponse> DELETE_OFFSETS = new GroupCall<>(
            GroupsServiceGrpc.getDeleteOffsetsMethod(),
            DeleteOffsetsRequest::getGroupId,
            DeleteOffsetsRequest::getRouting,
            GroupRequests::deleteOffsets,
            (request, reply, coordinator, _) -> GroupResponses.deleted(request, reply, coordinator));

    /// Of offsets that were looked up.
    static final GroupCall<SetOffsetsRequest, SetOffsetsResponse> SET_OFFSETS = new GroupCall<>(
            GroupsServiceGrpc.getSetOffsetsMethod(),
            SetOffsetsRequest::getGroupId,
            SetOffsetsRequest::getRouting,
            GroupRequests::setOffsets,
            (request, reply, coordinator, _) -> GroupResponses.set(request, reply, coordinator));

    private GroupRpcs() {}
}
