package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import io.grpc.StatusRuntimeException;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.DeleteGroupRequest;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.GroupState;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.HeartbeatResponse;
import io.weirlog.v1.LeaveRequest;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.MemberSubscription;
import io.weirlog.v1.OffsetCommit;
import io.weirlog.v1.OffsetReset;
import io.weirlog.v1.SetOffsetsRequest;
import io.weirlog.v1.StartPosition;
import io.weirlog.v1.TopicPartitions;
import io.weirlog.wire.Problems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Groups through the service for clients that fetch by themselves: over several brokers, any of which is asked.
@Timeout(120)
class GroupsTest {
    private static final String GROUP = "billing";
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 6;

    @TempDir
    private Path folder;

    /// A member that owns whatever it may.
    private static final class Member {
        private final GroupsServiceGrpc.GroupsServiceBlockingStub groups;
        private HeartbeatResponse last = HeartbeatResponse.getDefaultInstance();

        Member(TestNode node) {
            groups = node.groups();
        }

        Member heartbeat() {
            var request = HeartbeatRequest.newBuilder()
                    .setGroupId(GROUP)
                    .setMemberId(last.getMemberId())
                    .setMemberEpoch(last.getMemberEpoch())
                    .addAllOwned(last.getAssignedList())
                    .setMaxWait(Duration.newBuilder().setNanos(200_000_000));
            if (last.getMemberEpoch() == 0) {
                request.setSubscription(MemberSubscription.newBuilder()
                        .addTopics(TOPIC)
                        .setSessionTimeout(Duration.newBuilder().setSeconds(20)));
            }
            last = groups.withDeadlineAfter(20, TimeUnit.SECONDS).heartbeat(request.build());
            return this;
        }

        Set<Integer> partitions() {
            var all = new TreeSet<Integer>();
            for (var topic : last.getAssignedList()) {
                assertEquals(TOPIC, topic.getTopic());
                all.addAll(topic.getPartitionsList());
            }
            return all;
        }
    }

    private static List<Member> settled(List<Member> members) {
        var share = PARTITIONS / members.size();
        await(() -> {
            members.forEach(Member::heartbeat);
            return members.stream().allMatch(member -> member.partitions().size() == share);
        });
        return members;
    }

    private static CommitOffsetsRequest.Builder commit(Member member, int partition, long offset) {
        return CommitOffsetsRequest.newBuilder()
                .setGroupId(GROUP)
                .setMemberId(member.last.getMemberId())
                .setMemberEpoch(member.last.getMemberEpoch())
                .addOffsets(OffsetCommit.newBuilder()
                        .setTopic(TOPIC)
                        .setPartition(partition)
                        .setNextOffset(offset)
                        .setNote("done"));
    }

    @Test
    void membersOfAllBrokersShareThePartitions() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            var members = new ArrayList<Member>();
            for (int id = 1; id <= 3; id++) {
                members.add(new Member(cluster.node(id)));
                if (id != 2) {
                    settled(members);
                }
            }
            var all = new TreeSet<Integer>();
            members.forEach(member -> member.partitions()
                    .forEach(partition -> assertTrue(all.add(partition), "two own partition " + partition)));
            assertEquals(PARTITIONS, all.size());
            var group = cluster.node(2)
                    .groups()
                    .describeGroup(
                            DescribeGroupRequest.newBuilder().setGroupId(GROUP).build());
            assertEquals(GroupState.GROUP_STATE_STABLE, group.getState(), group::toString);
            assertEquals(3, group.getMembersCount());
            assertEquals("", group.getReason());

            var leaving = members.removeFirst();
            cluster.node(3)
                    .groups()
                    .leave(LeaveRequest.newBuilder()
                            .setGroupId(GROUP)
                            .setMemberId(leaving.last.getMemberId())
                            .setMemberEpoch(leaving.last.getMemberEpoch())
                            .build());
            settled(members);
            var gone = assertThrows(StatusRuntimeException.class, leaving::heartbeat);
            assertEquals(
                    ErrorReason.ERROR_REASON_UNKNOWN_MEMBER,
                    Problems.fromThrowable(gone).getReason());
        }
    }

    @Test
    void committedOffsetsSurviveTheCoordinator() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            var member = settled(List.of(new Member(cluster.node(1)))).getFirst();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                cluster.node(2).append(TOPIC, partition, "a", "b", "c");
                var committed = cluster.node(partition % 3 + 1)
                        .groups()
                        .commitOffsets(commit(member, partition, 2).build());
                assertFalse(committed.getResults(0).hasProblem(), committed::toString);
            }
            int coordinator = member.last.getCoordinator().getBrokerId();
            int other = coordinator % 3 + 1;
            cluster.stop(coordinator);
            var offsets = cluster.node(other)
                    .groups()
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .fetchOffsets(
                            FetchOffsetsRequest.newBuilder().setGroupId(GROUP).build());
            assertEquals(PARTITIONS, offsets.getOffsetsCount());
            offsets.getOffsetsList().forEach(offset -> {
                assertEquals(2, offset.getNextOffset());
                assertEquals("done", offset.getNote());
            });
            var group = cluster.node(other)
                    .groups()
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .describeGroup(
                            DescribeGroupRequest.newBuilder().setGroupId(GROUP).build());
            group.getOffsetsList().forEach(offset -> assertEquals(1, offset.getLagRecords(), offset::toString));
        }
    }

    @Test
    void toolsListResetAndDelete() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            cluster.node(1).append(TOPIC, 0, "a", "b", "c", "d");
            var groups = cluster.node(3).groups().withDeadlineAfter(60, TimeUnit.SECONDS);
            var set = groups.setOffsets(SetOffsetsRequest.newBuilder()
                    .setGroupId(GROUP)
                    .addOffsets(OffsetReset.newBuilder()
                            .setTopic(TOPIC)
                            .setPosition(
                                    StartPosition.newBuilder().setLatest(StartPosition.Latest.getDefaultInstance())))
                    .build());
            assertEquals(PARTITIONS, set.getResultsCount());
            assertEquals(4, set.getResults(0).getNewOffset());
            var back = groups.setOffsets(SetOffsetsRequest.newBuilder()
                    .setGroupId(GROUP)
                    .addOffsets(OffsetReset.newBuilder()
                            .setTopic(TOPIC)
                            .setPartition(0)
                            .setShiftBy(-3))
                    .build());
            assertEquals(4, back.getResults(0).getOldOffset());
            assertEquals(1, back.getResults(0).getNewOffset());
            var listed = cluster.node(2).groups().listGroups(ListGroupsRequest.getDefaultInstance());
            assertEquals(
                    List.of(GROUP),
                    listed.getGroupsList().stream()
                            .map(group -> group.getGroupId())
                            .toList());
            assertEquals(GroupState.GROUP_STATE_EMPTY, listed.getGroups(0).getState());
            groups.deleteGroup(DeleteGroupRequest.newBuilder().setGroupId(GROUP).build());
            assertEquals(
                    0, groups.listGroups(ListGroupsRequest.getDefaultInstance()).getGroupsCount());
        }
    }

    @Test
    void nonsenseIsRefusedByName() throws Exception {
        try (var cluster = TestCluster.ofThree(folder, TOPIC, PARTITIONS)) {
            var groups = cluster.node(1).groups().withDeadlineAfter(60, TimeUnit.SECONDS);
            assertEquals(
                    ErrorReason.ERROR_REASON_INVALID_GROUP,
                    reason(() -> groups.heartbeat(HeartbeatRequest.newBuilder()
                            .setGroupId("")
                            .setSubscription(MemberSubscription.newBuilder().addTopics(TOPIC))
                            .build())));
            assertEquals(
                    ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    reason(() -> groups.heartbeat(
                            HeartbeatRequest.newBuilder().setGroupId(GROUP).build())));
            var member = settled(List.of(new Member(cluster.node(2)))).getFirst();
            assertEquals(
                    ErrorReason.ERROR_REASON_GROUP_NOT_EMPTY,
                    reason(() -> groups.deleteGroup(
                            DeleteGroupRequest.newBuilder().setGroupId(GROUP).build())));
            var stale = commit(member, 0, 1).setMemberEpoch(member.last.getMemberEpoch() + 1);
            var unknown = commit(member, 0, 1).setMemberId("nobody");
            for (var wrong : List.of(stale, unknown)) {
                var reason = committedOrRefused(groups, wrong.build());
                assertTrue(
                        reason == ErrorReason.ERROR_REASON_STALE_MEMBER_EPOCH
                                || reason == ErrorReason.ERROR_REASON_UNKNOWN_MEMBER,
                        reason::toString);
            }
            assertEquals(
                    ErrorReason.ERROR_REASON_POLICY_VIOLATION,
                    reason(() -> cluster.node(3).append(InternalTopics.OFFSETS, 0, "mischief")));
            assertEquals(
                    ErrorReason.ERROR_REASON_POLICY_VIOLATION,
                    reason(() -> cluster.node(3)
                            .admin()
                            .deleteTopic(DeleteTopicRequest.newBuilder()
                                    .setName(InternalTopics.OFFSETS)
                                    .build())));
            assertEquals(
                    0,
                    groups.fetchOffsets(FetchOffsetsRequest.newBuilder()
                                    .setGroupId(GROUP)
                                    .addPartitions(TopicPartitions.newBuilder()
                                            .setTopic(TOPIC)
                                            .addPartitions(0))
                                    .build())
                            .getOffsetsCount());
        }
    }

    private static ErrorReason committedOrRefused(
            GroupsServiceGrpc.GroupsServiceBlockingStub groups, CommitOffsetsRequest request) {
        try {
            return groups.commitOffsets(request).getResults(0).getProblem().getReason();
        } catch (StatusRuntimeException e) {
            return Problems.fromThrowable(e).getReason();
        }
    }

    private static ErrorReason reason(Runnable call) {
        return Problems.fromThrowable(assertThrows(StatusRuntimeException.class, call::run))
                .getReason();
    }
}
