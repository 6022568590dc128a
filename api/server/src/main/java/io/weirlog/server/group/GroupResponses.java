package io.weirlog.server.group;

import com.google.protobuf.Duration;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.server.RecordCodec;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.group.core.AssignorKind;
import io.weirlog.server.group.core.GroupReply;
import io.weirlog.v1.Assignor;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.CommitResult;
import io.weirlog.v1.CommittedOffset;
import io.weirlog.v1.DeleteOffsetsRequest;
import io.weirlog.v1.DeleteOffsetsResponse;
import io.weirlog.v1.DescribeGroupResponse;
import io.weirlog.v1.FetchOffsetsResponse;
import io.weirlog.v1.GroupMember;
import io.weirlog.v1.GroupOffset;
import io.weirlog.v1.GroupState;
import io.weirlog.v1.GroupSummary;
import io.weirlog.v1.HeartbeatResponse;
import io.weirlog.v1.Leader;
import io.weirlog.v1.MemberSubscription;
import io.weirlog.v1.OffsetResetResult;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.SetOffsetsResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// What a group's machine replies, as messages.
final class GroupResponses {
    private GroupResponses() {}

    static HeartbeatResponse heartbeat(GroupReply reply, Leader coordinator, MetadataImage image) {
        var membership = (GroupReply.Membership) reply;
        var response = HeartbeatResponse.newBuilder()
                .setMemberId(membership.member().value())
                .setMemberEpoch(membership.epoch())
                .addAllAssigned(GroupTopics.messages(membership.assigned(), image))
                .addAllRevoking(GroupTopics.messages(membership.revoking(), image))
                .setHeartbeatInterval(duration(membership.heartbeatMillis()))
                .setCoordinator(coordinator);
        membership.revokeMillis().ifPresent(millis -> response.setRevokeWithin(duration(millis)));
        return response.build();
    }

    static CommitOffsetsResponse committed(CommitOffsetsRequest request, GroupReply reply, Leader coordinator) {
        var results = ((GroupReply.PartitionResults) reply).results();
        var response = CommitOffsetsResponse.newBuilder().setCoordinator(coordinator);
        for (var i = 0; i < results.size(); i++) {
            var commit = request.getOffsets(i);
            response.addResults(result(commit.getTopic(), commit.getPartition(), results.get(i), request.getGroupId()));
        }
        return response.build();
    }

    static DeleteOffsetsResponse deleted(DeleteOffsetsRequest request, GroupReply reply, Leader coordinator) {
        var results = ((GroupReply.PartitionResults) reply).results().iterator();
        var response = DeleteOffsetsResponse.newBuilder().setCoordinator(coordinator);
        for (var topic : request.getPartitionsList()) {
            for (int partition : topic.getPartitionsList()) {
                response.addResults(result(topic.getTopic(), partition, results.next(), request.getGroupId()));
            }
        }
        return response.build();
    }

    private static CommitResult result(
            String topic, int partition, Optional<GroupReply.Refused> refused, String group) {
        var result = CommitResult.newBuilder().setTopic(topic).setPartition(partition);
        refused.ifPresent(problem -> result.setProblem(GroupProblems.problem(problem, group)));
        return result.build();
    }

    static SetOffsetsResponse set(SetOffsetsRequest request, GroupReply reply, Leader coordinator) {
        var results = ((GroupReply.PartitionResults) reply).results();
        var response = SetOffsetsResponse.newBuilder().setCoordinator(coordinator);
        for (var i = 0; i < results.size(); i++) {
            var reset = request.getOffsets(i);
            var result = OffsetResetResult.newBuilder()
                    .setTopic(reset.getTopic())
                    .setPartition(reset.getPartition())
                    .setNewOffset(reset.getPosition().getOffset());
            results.get(i)
                    .ifPresent(refused ->
                            result.clearNewOffset().setProblem(GroupProblems.problem(refused, request.getGroupId())));
            response.addResults(result);
        }
        return response.build();
    }

    static FetchOffsetsResponse offsets(GroupReply reply, Leader coordinator, MetadataImage image) {
        var response = FetchOffsetsResponse.newBuilder().setCoordinator(coordinator);
        ((GroupReply.Offsets) reply)
                .offsets()
                .forEach((partition, offset) -> response.addOffsets(offset(partition, offset, image)));
        return response.build();
    }

    private static CommittedOffset offset(
            TopicPartition partition, io.weirlog.server.group.core.CommittedOffset offset, MetadataImage image) {
        var message = CommittedOffset.newBuilder()
                .setTopic(GroupTopics.name(partition.topicId(), image))
                .setTopicId(TopicLookup.bytes(partition.topicId()))
                .setPartition(partition.partition())
                .setNextOffset(offset.nextOffset())
                .setNote(offset.note())
                .setCommitTime(RecordCodec.timestamp(offset.commitMillis()));
        offset.leaderEpoch().ifPresent(message::setLeaderEpoch);
        return message.build();
    }

    static GroupSummary summary(GroupReply.GroupSummary summary, Leader coordinator) {
        return GroupSummary.newBuilder()
                .setGroupId(summary.group().value())
                .setState(state(summary.state()))
                .setMembers(summary.members())
                .setGroupEpoch(summary.epoch())
                .setCoordinator(coordinator)
                .build();
    }

    private static GroupState state(GroupReply.GroupState state) {
        return switch (state) {
            case EMPTY -> GroupState.GROUP_STATE_EMPTY;
            case STABLE -> GroupState.GROUP_STATE_STABLE;
            case RECONCILING -> GroupState.GROUP_STATE_RECONCILING;
        };
    }

    private static Assignor assignor(AssignorKind kind) {
        return switch (kind) {
            case STICKY -> Assignor.ASSIGNOR_STICKY;
            case UNIFORM -> Assignor.ASSIGNOR_UNIFORM;
            case RANGE -> Assignor.ASSIGNOR_RANGE;
        };
    }

    static DescribeGroupResponse described(GroupReply reply, Leader coordinator, MetadataImage image) {
        var group = ((GroupReply.Described) reply).group();
        var response = DescribeGroupResponse.newBuilder()
                .setGroupId(group.summary().group().value())
                .setState(state(group.summary().state()))
                .setReason(group.reason())
                .setGroupEpoch(group.summary().epoch())
                .setAssignor(assignor(group.meta().assignor()))
                .setCoordinator(coordinator);
        group.meta().emptySinceMillis().ifPresent(millis -> response.setEmptySince(RecordCodec.timestamp(millis)));
        Map<TopicPartition, String> owners = new HashMap<>();
        for (var member : group.members()) {
            response.addMembers(member(member, image));
            member.current()
                    .assigned()
                    .keySet()
                    .forEach(partition -> owners.put(partition, member.member().value()));
        }
        var partitions = new TreeSet<>(owners.keySet());
        partitions.addAll(group.offsets().keySet());
        for (var partition : partitions) {
            var offset = GroupOffset.newBuilder()
                    .setTopic(GroupTopics.name(partition.topicId(), image))
                    .setTopicId(TopicLookup.bytes(partition.topicId()))
                    .setPartition(partition.partition())
                    .setMemberId(owners.getOrDefault(partition, ""));
            Optional.ofNullable(group.offsets().get(partition))
                    .ifPresent(committed -> offset.setCommitted(offset(partition, committed, image)));
            response.addOffsets(offset);
        }
        return response.build();
    }

    private static GroupMember member(GroupReply.MemberDescription member, MetadataImage image) {
        var terms = member.terms();
        var subscription = MemberSubscription.newBuilder()
                .addAllTopics(terms.subscription().topics())
                .setClientId(terms.clientId())
                .setRack(terms.rack())
                .setSessionTimeout(duration(terms.sessionMillis()))
                .setRebalanceTimeout(duration(terms.rebalanceMillis()))
                .setAssignor(assignor(terms.assignor()));
        terms.subscription().pattern().ifPresent(subscription::setTopicPattern);
        return GroupMember.newBuilder()
                .setMemberId(member.member().value())
                .setInstanceId(
                        terms.instance().map(instance -> instance.value()).orElse(""))
                .setMemberEpoch(member.current().epoch())
                .setSubscription(subscription)
                .addAllAssigned(GroupTopics.messages(member.current().assigned().keySet(), image))
                .addAllRevoking(GroupTopics.messages(member.current().revoking().keySet(), image))
                .addAllTarget(GroupTopics.messages(member.target(), image))
                .setSilentFor(duration(member.silentMillis()))
                .build();
    }

    private static Duration duration(long millis) {
        return Duration.newBuilder()
                .setSeconds(Math.floorDiv(millis, 1000L))
                .setNanos(Math.floorMod(millis, 1000) * 1_000_000)
                .build();
    }
}
