package io.weirlog.server.group;

import com.google.protobuf.Duration;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.group.GroupCall.Read;
import io.weirlog.server.group.core.AssignorKind;
import io.weirlog.server.group.core.GroupConfig;
import io.weirlog.server.group.core.GroupId;
import io.weirlog.server.group.core.GroupRequest;
import io.weirlog.server.group.core.InstanceId;
import io.weirlog.server.group.core.MemberId;
import io.weirlog.server.group.core.MemberTerms;
import io.weirlog.server.group.core.Subscription;
import io.weirlog.v1.Assignor;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.DeleteOffsetsRequest;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.LeaveRequest;
import io.weirlog.v1.MemberSubscription;
import io.weirlog.v1.OffsetCommit;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.TopicPartitions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// What messages ask of a group's machine. It judges what they say; here only what cannot even be said is refused.
final class GroupRequests {
    private GroupRequests() {}

    private static Read wrong(String message) {
        return new Read.Wrong(ServerProblems.invalidRequest(message));
    }

    private static Read read(GroupRequest request) {
        return new Read.Request(request);
    }

    static Read heartbeat(HeartbeatRequest request, MetadataImage image) {
        var group = new GroupId(request.getGroupId());
        var member = new MemberId(request.getMemberId());
        var instance = text(request.getInstanceId()).map(InstanceId::new);
        if (request.getMemberEpoch() < 0) {
            return wrong("`member_epoch` is negative");
        }
        if (request.getMemberEpoch() == 0) {
            return request.hasSubscription()
                    ? read(new GroupRequest.Join(group, member, terms(request.getSubscription(), instance)))
                    : wrong("who joins (`member_epoch` 0) must say with `subscription` what it wants to read");
        }
        var terms = request.hasSubscription()
                ? Optional.of(terms(request.getSubscription(), instance))
                : Optional.<MemberTerms>empty();
        return read(new GroupRequest.Heartbeat(
                group,
                member,
                request.getMemberEpoch(),
                instance,
                terms,
                GroupTopics.known(request.getOwnedList(), image),
                Math.max(0, millis(request.getMaxWait()))));
    }

    private static MemberTerms terms(MemberSubscription subscription, Optional<InstanceId> instance) {
        return new MemberTerms(
                instance,
                subscription.getClientId(),
                subscription.getRack(),
                new Subscription(subscription.getTopicsList(), text(subscription.getTopicPattern())),
                subscription.hasSessionTimeout()
                        ? intMillis(subscription.getSessionTimeout())
                        : GroupConfig.SESSION_MILLIS_DEFAULT,
                subscription.hasRebalanceTimeout()
                        ? intMillis(subscription.getRebalanceTimeout())
                        : GroupConfig.REBALANCE_MILLIS_DEFAULT,
                assignor(subscription.getAssignor()));
    }

    private static AssignorKind assignor(Assignor assignor) {
        return switch (assignor) {
            case ASSIGNOR_UNSPECIFIED, ASSIGNOR_STICKY, UNRECOGNIZED -> AssignorKind.STICKY;
            case ASSIGNOR_UNIFORM -> AssignorKind.UNIFORM;
            case ASSIGNOR_RANGE -> AssignorKind.RANGE;
        };
    }

    static Read leave(LeaveRequest request, MetadataImage image) {
        var group = new GroupId(request.getGroupId());
        if (request.getMemberId().isEmpty()) {
            return request.getInstanceId().isEmpty()
                    ? wrong("name the member that leaves: `member_id` with `member_epoch`, or `instance_id`")
                    : read(new GroupRequest.RemoveInstance(group, new InstanceId(request.getInstanceId())));
        }
        return read(new GroupRequest.Leave(group, new MemberId(request.getMemberId()), request.getMemberEpoch()));
    }

    static Read commit(CommitOffsetsRequest request, MetadataImage image) {
        return read(new GroupRequest.CommitOffsets(
                new GroupId(request.getGroupId()),
                member(request.getMemberId(), request.getMemberEpoch()),
                request.getOffsetsList().stream()
                        .map(commit -> commit(commit, image))
                        .toList()));
    }

    private static GroupRequest.OffsetCommit commit(OffsetCommit commit, MetadataImage image) {
        return new GroupRequest.OffsetCommit(
                partition(commit, image),
                commit.getNextOffset(),
                commit.hasLeaderEpoch() ? OptionalInt.of(commit.getLeaderEpoch()) : OptionalInt.empty(),
                commit.getNote());
    }

    /// A topic that is not there has an id that none has: the machine says so, in its place of the answer.
    private static TopicPartition partition(OffsetCommit commit, MetadataImage image) {
        return new TopicPartition(
                GroupTopics.id(commit.getTopic(), commit.getTopicId(), image).orElse(GroupTopics.NO_TOPIC),
                Math.max(0, commit.getPartition()));
    }

    static Read fetchOffsets(FetchOffsetsRequest request, MetadataImage image) {
        return read(new GroupRequest.FetchOffsets(
                new GroupId(request.getGroupId()),
                member(request.getMemberId(), request.getMemberEpoch()),
                request.getPartitionsCount() == 0
                        ? Optional.empty()
                        : Optional.of(List.copyOf(GroupTopics.known(request.getPartitionsList(), image)))));
    }

    static Read deleteOffsets(DeleteOffsetsRequest request, MetadataImage image) {
        return read(new GroupRequest.DeleteOffsets(
                new GroupId(request.getGroupId()),
                partitions(request.getPartitionsList(), image),
                request.getValidateOnly()));
    }

    /// In the order of the request, unknown ones too.
    static List<TopicPartition> partitions(List<TopicPartitions> messages, MetadataImage image) {
        var all = new ArrayList<TopicPartition>();
        for (var message : messages) {
            var id = GroupTopics.id(message.getTopic(), message.getTopicId(), image)
                    .orElse(GroupTopics.NO_TOPIC);
            message.getPartitionsList().forEach(number -> all.add(new TopicPartition(id, Math.max(0, number))));
        }
        return all;
    }

    /// Only what is already an offset: times and ends are looked up before ([OffsetResets]).
    static Read setOffsets(SetOffsetsRequest request, MetadataImage image) {
        var offsets = new ArrayList<GroupRequest.OffsetCommit>(request.getOffsetsCount());
        for (var reset : request.getOffsetsList()) {
            if (!reset.getPosition().hasOffset() || !reset.hasPartition()) {
                return wrong("an offset to set that was not looked up");
            }
            offsets.add(new GroupRequest.OffsetCommit(
                    new TopicPartition(
                            GroupTopics.id(reset.getTopic(), reset.getTopicId(), image)
                                    .orElse(GroupTopics.NO_TOPIC),
                            Math.max(0, reset.getPartition())),
                    reset.getPosition().getOffset(),
                    OptionalInt.empty(),
                    reset.getNote()));
        }
        return read(new GroupRequest.SetOffsets(new GroupId(request.getGroupId()), offsets, request.getValidateOnly()));
    }

    private static Optional<GroupRequest.MemberRef> member(String member, int epoch) {
        return text(member).map(id -> new GroupRequest.MemberRef(new MemberId(id), epoch));
    }

    private static Optional<String> text(String value) {
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }

    private static int intMillis(Duration duration) {
        return Math.clamp(millis(duration), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    static long millis(Duration duration) {
        return Math.clamp(duration.getSeconds(), -1_000_000_000L, 1_000_000_000L) * 1000
                + duration.getNanos() / 1_000_000;
    }
}
