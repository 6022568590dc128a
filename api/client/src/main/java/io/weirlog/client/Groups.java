package io.weirlog.client;

import io.weirlog.v1.DeleteGroupRequest;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.DescribeGroupResponse;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.GroupMember;
import io.weirlog.v1.GroupOffset;
import io.weirlog.v1.GroupSummary;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.OffsetReset;
import io.weirlog.v1.OffsetResetResult;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.TopicPartitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Looks at consumer groups and sets where they read on. Every call blocks for at most the client's request timeout and
/// throws a [WeirlogException] if it fails. Thread-safe.
public final class Groups {
    private final UnaryCalls calls;
    private final Duration timeout;

    Groups(UnaryCalls calls) {
        this.calls = calls;
        this.timeout = calls.connections().config().requestTimeout();
    }

    /// All groups of the cluster, as far as their coordinators can be asked.
    public GroupList list() {
        var groups = new ArrayList<GroupListing>();
        // A coordinator may be silent for some pages only, and its groups are missing all the same.
        var missing = new LinkedHashMap<String, WeirlogException>();
        var pageToken = "";
        do {
            var request = ListGroupsRequest.newBuilder().setPageToken(pageToken).build();
            var page = calls.call(GroupsServiceGrpc.getListGroupsMethod(), request, timeout);
            page.getGroupsList().forEach(group -> groups.add(listing(group)));
            page.getProblemsList()
                    .forEach(problem -> missing.putIfAbsent(problem.getMessage(), WeirlogException.of(problem)));
            pageToken = page.getNextPageToken();
        } while (!pageToken.isEmpty());
        return new GroupList(groups, List.copyOf(missing.values()));
    }

    /// @throws WeirlogException `UNKNOWN_GROUP`
    public GroupDescription describe(String group) {
        var request = DescribeGroupRequest.newBuilder().setGroupId(group).build();
        return description(calls.call(GroupsServiceGrpc.getDescribeGroupMethod(), request, timeout));
    }

    /// Where the group reads on, of all partitions of which it has committed something.
    ///
    /// @throws WeirlogException `UNKNOWN_GROUP`
    public Map<PartitionRef, GroupPosition> committed(String group) {
        var request = FetchOffsetsRequest.newBuilder().setGroupId(group).build();
        var offsets = new TreeMap<PartitionRef, GroupPosition>();
        for (var offset : calls.call(GroupsServiceGrpc.getFetchOffsetsMethod(), request, timeout)
                .getOffsetsList()) {
            offsets.put(
                    new PartitionRef(offset.getTopic(), offset.getPartition()),
                    new GroupPosition(offset.getNextOffset(), offset.getNote()));
        }
        return offsets;
    }

    /// Deletes a group without members, with its offsets.
    ///
    /// @throws WeirlogException `UNKNOWN_GROUP`, `GROUP_NOT_EMPTY`
    public void delete(String group) {
        var request = DeleteGroupRequest.newBuilder().setGroupId(group).build();
        calls.call(GroupsServiceGrpc.getDeleteGroupMethod(), request, timeout);
    }

    /// Sets where a group without members reads on; each partition is answered for by itself, by topic and partition.
    /// A group that is not there is made.
    ///
    /// @throws WeirlogException `GROUP_NOT_EMPTY`, `UNKNOWN_TOPIC`
    public List<SeekOutcome> seek(String group, Collection<GroupSeek> seeks) {
        return seek(group, seeks, false);
    }

    /// What [#seek] would do. Changes nothing.
    public List<SeekOutcome> planSeek(String group, Collection<GroupSeek> seeks) {
        return seek(group, seeks, true);
    }

    private List<SeekOutcome> seek(String group, Collection<GroupSeek> seeks, boolean validateOnly) {
        var request = SetOffsetsRequest.newBuilder().setGroupId(group).setValidateOnly(validateOnly);
        seeks.forEach(seek -> request.addOffsets(reset(seek)));
        return calls.call(GroupsServiceGrpc.getSetOffsetsMethod(), request.build(), timeout).getResultsList().stream()
                .map(Groups::outcome)
                .toList();
    }

    private static OffsetReset reset(GroupSeek seek) {
        var reset = OffsetReset.newBuilder().setTopic(seek.topic());
        seek.partition().ifPresent(reset::setPartition);
        if (seek.to() instanceof SeekTo.Position to) {
            reset.setPosition(ToProto.start(to.position()));
        } else if (seek.to() instanceof SeekTo.Age to) {
            reset.setAge(ToProto.duration(to.age()));
        } else if (seek.to() instanceof SeekTo.Shift to) {
            reset.setShiftBy(to.records());
        }
        return reset.build();
    }

    private static SeekOutcome outcome(OffsetResetResult result) {
        return new SeekOutcome(
                new PartitionRef(result.getTopic(), result.getPartition()),
                result.hasOldOffset() ? OptionalLong.of(result.getOldOffset()) : OptionalLong.empty(),
                result.hasNewOffset() ? OptionalLong.of(result.getNewOffset()) : OptionalLong.empty(),
                result.hasProblem() ? Optional.of(WeirlogException.of(result.getProblem())) : Optional.empty());
    }

    private static GroupListing listing(GroupSummary group) {
        return new GroupListing(
                group.getGroupId(),
                state(group.getState()),
                group.getMembers(),
                FromProto.leader(group.getCoordinator()));
    }

    private static GroupDescription description(DescribeGroupResponse group) {
        return new GroupDescription(
                group.getGroupId(),
                state(group.getState()),
                group.getReason(),
                FromProto.leader(group.getCoordinator()),
                group.getMembersList().stream().map(Groups::member).toList(),
                group.getOffsetsList().stream()
                        // Of a topic that was deleted meanwhile nothing is left to read.
                        .filter(offset -> !offset.getTopic().isEmpty())
                        .map(Groups::partition)
                        .toList());
    }

    private static GroupState state(io.weirlog.v1.GroupState state) {
        return switch (state) {
            case GROUP_STATE_EMPTY -> GroupState.EMPTY;
            case GROUP_STATE_STABLE -> GroupState.STABLE;
            case GROUP_STATE_RECONCILING -> GroupState.RECONCILING;
            case GROUP_STATE_UNSPECIFIED, UNRECOGNIZED -> GroupState.UNKNOWN;
        };
    }

    private static GroupDescription.Member member(GroupMember member) {
        return new GroupDescription.Member(
                member.getMemberId(),
                present(member.getInstanceId()),
                member.getSubscription().getClientId(),
                member.getMemberEpoch(),
                partitions(member.getAssignedList()),
                partitions(member.getRevokingList()));
    }

    private static GroupDescription.Partition partition(GroupOffset offset) {
        return new GroupDescription.Partition(
                new PartitionRef(offset.getTopic(), offset.getPartition()),
                offset.hasCommitted() ? OptionalLong.of(offset.getCommitted().getNextOffset()) : OptionalLong.empty(),
                offset.hasHighWatermark() ? OptionalLong.of(offset.getHighWatermark()) : OptionalLong.empty(),
                offset.hasLagRecords() ? OptionalLong.of(offset.getLagRecords()) : OptionalLong.empty(),
                offset.hasLagAge() ? Optional.of(duration(offset.getLagAge())) : Optional.empty(),
                present(offset.getMemberId()));
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }

    private static Optional<String> present(String text) {
        return Optional.of(text).filter(some -> !some.isEmpty());
    }

    private static List<PartitionRef> partitions(List<TopicPartitions> topics) {
        return topics.stream()
                .flatMap(topic -> topic.getPartitionsList().stream()
                        .map(partition -> new PartitionRef(topic.getTopic(), partition)))
                .toList();
    }
}
