package io.weirlog.server.consume;

import com.google.protobuf.Duration;
import io.grpc.Status;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.RelayException;
import io.weirlog.v1.Commit;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.Committed;
import io.weirlog.v1.CommittedOffset;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.HeartbeatResponse;
import io.weirlog.v1.LeaveRequest;
import io.weirlog.v1.MemberSubscription;
import io.weirlog.v1.OffsetCommit;
import io.weirlog.v1.PartitionProblem;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Revoking;
import io.weirlog.v1.TopicPartitions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/// A Consume stream's part in its group: joins for it, heartbeats for it, and turns what the coordinator says into
/// assignments of the stream.
///
/// ```
/// joining --answered--> member --no member any more--> joining, with nothing
///                       member --not heard of for a session--> joining, with nothing: others may own what it had
/// any --another stream goes on as this member, another process under its instance id,
///       a subscription that cannot be--> the stream ends
/// ```
/// One heartbeat is under way at any time and waits at the coordinator for news; when the stream itself has news,
/// such as a revocation that the client has acknowledged, another one goes at once, and the answer of the one
/// before counts no more. Used on the stream's sequential executor only.
final class GroupMembership {
    private static final int SESSION_MILLIS_DEFAULT = 10_000;
    private static final int REBALANCE_MILLIS_DEFAULT = 60_000;
    private static final long CALL_MILLIS_MAX = 5_000;
    private static final long RETRY_MILLIS = 200;
    private static final Duration AT_ONCE = Duration.getDefaultInstance();

    private final GroupPort port;
    private final Stream stream;
    private final GroupSubscription group;
    private final MemberSubscription subscription;
    private final long sessionMillis;
    private String memberId;
    private int memberEpoch;
    /// The first epoch of this life as a member; 0 before it.
    private int lifeEpoch;
    private long heartbeatMillis = RETRY_MILLIS;
    /// When the last heartbeat that was answered had been sent.
    private long answeredNanos = System.nanoTime();
    /// What the stream owns, revoked but unacknowledged ones too, by the numbers of its assignments.
    private final Map<Integer, TopicPartition> owned = new TreeMap<>();
    private final Set<Integer> revoking = new HashSet<>();
    /// Being looked up where they begin.
    private final Set<TopicPartition> beginning = new HashSet<>();
    /// Of the newest heartbeat: answers of others are passed by.
    private long heartbeat;
    /// Of this life as a member: what belongs to another is passed by.
    private long life;
    private final CommitLane commits;
    private boolean announced;
    private boolean left;

    /// What the membership does to its stream.
    interface Stream {
        /// Runs a task on the stream's executor, unless the stream has ended.
        void execute(Runnable task);

        void send(ConsumeResponse response);

        /// The stream is a member now: told once.
        void joined(String memberId);

        /// Begins to read these; what becomes of them comes by [#assigned].
        ///
        /// @param committed by partition; where there is none the stream's own start counts
        void begin(
                Collection<TopicPartition> partitions, Map<TopicPartition, CommittedOffset> committed, int memberEpoch);

        /// How far a partition's log has come at least, as its records that were sent tell.
        long reached(int assignment);

        /// Stops sending a partition's records.
        void stop(int assignment);

        /// Forgets a partition.
        void remove(int assignment);

        void fail(Problem problem);
    }

    GroupMembership(GroupPort port, Stream stream, ConsumeInitial initial) {
        this.port = port;
        this.commits = new CommitLane(port::commit, CALL_MILLIS_MAX, System::nanoTime);
        this.stream = stream;
        this.group = initial.getGroup();
        this.memberId = group.getMemberId().isEmpty() ? UUID.randomUUID().toString() : group.getMemberId();
        this.sessionMillis = millis(group.hasSessionTimeout(), group.getSessionTimeout(), SESSION_MILLIS_DEFAULT);
        var rebalanceMillis =
                millis(group.hasRebalanceTimeout(), group.getRebalanceTimeout(), REBALANCE_MILLIS_DEFAULT);
        this.subscription = MemberSubscription.newBuilder()
                .addAllTopics(group.getTopicsList())
                .setTopicPattern(group.getTopicPattern())
                .setClientId(initial.getClientId())
                .setRack(initial.getRack())
                .setSessionTimeout(duration(sessionMillis))
                .setRebalanceTimeout(duration(rebalanceMillis))
                // By its number: this broker may not know it, and the coordinator may.
                .setAssignorValue(group.getAssignorValue())
                .build();
    }

    private static long millis(boolean given, Duration duration, long otherwise) {
        return given ? duration.getSeconds() * 1000 + duration.getNanos() / 1_000_000 : otherwise;
    }

    static Duration duration(long millis) {
        return Duration.newBuilder()
                .setSeconds(millis / 1000)
                .setNanos((int) (millis % 1000) * 1_000_000)
                .build();
    }

    /// Joins the group.
    void begin() {
        sendHeartbeat();
    }

    // Heartbeats.

    private void sendHeartbeat() {
        var number = ++heartbeat;
        var sentNanos = System.nanoTime();
        var request = HeartbeatRequest.newBuilder()
                .setGroupId(group.getGroupId())
                .setMemberId(memberId)
                .setMemberEpoch(memberEpoch)
                .setInstanceId(group.getInstanceId())
                .addAllOwned(messages())
                .setMaxWait(duration(heartbeatMillis));
        if (memberEpoch == 0) {
            request.setSubscription(subscription);
        }
        var _ = port.heartbeat(request.build(), CALL_MILLIS_MAX + heartbeatMillis)
                .whenComplete((response, failure) -> stream.execute(() -> {
                    if (number != heartbeat || left) {
                        return;
                    }
                    if (failure == null) {
                        answeredNanos = sentNanos;
                        answered(response);
                    } else {
                        failed(problem(failure));
                    }
                }));
    }

    private List<TopicPartitions> messages() {
        Map<TopicId, TopicPartitions.Builder> topics = new TreeMap<>();
        for (var partition : new TreeSet<>(owned.values())) {
            topics.computeIfAbsent(
                            partition.topicId(),
                            id -> TopicPartitions.newBuilder().setTopicId(TopicLookup.bytes(id)))
                    .addPartitions(partition.partition());
        }
        return topics.values().stream().map(TopicPartitions.Builder::build).toList();
    }

    private void answered(HeartbeatResponse response) {
        if (memberEpoch == 0) {
            lifeEpoch = response.getMemberEpoch();
        }
        memberEpoch = response.getMemberEpoch();
        heartbeatMillis = millis(true, response.getHeartbeatInterval(), RETRY_MILLIS);
        if (!announced) {
            announced = true;
            stream.joined(memberId);
        }
        var assigned = partitions(response.getAssignedList());
        var taken = partitions(response.getRevokingList());
        List<Integer> revoked = new ArrayList<>();
        List<Integer> lost = new ArrayList<>();
        owned.forEach((assignment, partition) -> {
            if (!assigned.contains(partition) && !revoking.contains(assignment)) {
                (taken.contains(partition) ? revoked : lost).add(assignment);
            }
        });
        revoke(revoked, response.getRevokeWithin());
        revoke(lost, AT_ONCE);
        lost.forEach(this::forget);
        assigned.removeAll(owned.values());
        assigned.removeAll(beginning);
        if (assigned.isEmpty()) {
            sendHeartbeat();
        } else {
            lookUp(assigned);
        }
    }

    private static Set<TopicPartition> partitions(List<TopicPartitions> messages) {
        var all = new TreeSet<TopicPartition>();
        for (var message : messages) {
            var id = TopicId.fromBytes(message.getTopicId().toByteArray());
            message.getPartitionsList().forEach(number -> all.add(new TopicPartition(id, number)));
        }
        return all;
    }

    private static Problem problem(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof RelayException told
                ? told.problem()
                : ServerProblems.internal("the group's coordinator could not be asked: see the broker's log");
    }

    private void failed(Problem problem) {
        var reason = problem.getReason();
        if (reason == ErrorReason.ERROR_REASON_UNKNOWN_MEMBER) {
            joinAnew();
        } else if (reason == ErrorReason.ERROR_REASON_STALE_MEMBER_EPOCH
                || reason == ErrorReason.ERROR_REASON_FENCED_MEMBER
                || problem.getCode() == Status.Code.INVALID_ARGUMENT.value()) {
            stream.fail(problem);
        } else {
            later(() -> {
                if (silentForASession()) {
                    joinAnew();
                } else {
                    sendHeartbeat();
                }
            });
        }
    }

    private boolean silentForASession() {
        return memberEpoch > 0 && System.nanoTime() - answeredNanos > TimeUnit.MILLISECONDS.toNanos(sessionMillis);
    }

    private void later(Runnable task) {
        var number = heartbeat;
        CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS)
                .execute(() -> stream.execute(() -> {
                    if (number == heartbeat && !left) {
                        task.run();
                    }
                }));
    }

    /// It may be that others own by now what it had.
    private void joinAnew() {
        var all = List.copyOf(owned.keySet());
        revoke(all.stream().filter(assignment -> !revoking.contains(assignment)).toList(), AT_ONCE);
        all.forEach(this::forget);
        beginning.clear();
        life++;
        memberId = UUID.randomUUID().toString();
        memberEpoch = 0;
        lifeEpoch = 0;
        answeredNanos = System.nanoTime();
        sendHeartbeat();
    }

    // Assignments.

    private void lookUp(Set<TopicPartition> partitions) {
        beginning.addAll(partitions);
        var ofLife = life;
        var epoch = memberEpoch;
        var request = FetchOffsetsRequest.newBuilder()
                .setGroupId(group.getGroupId())
                .setMemberId(memberId)
                .setMemberEpoch(epoch);
        partitions.forEach(partition -> request.addPartitions(TopicPartitions.newBuilder()
                .setTopicId(TopicLookup.bytes(partition.topicId()))
                .addPartitions(partition.partition())));
        var _ = port.offsets(request.build(), CALL_MILLIS_MAX)
                .whenComplete((response, failure) -> stream.execute(() -> {
                    if (ofLife != life || left) {
                        return;
                    }
                    if (failure != null) {
                        beginning.removeAll(partitions);
                        failed(problem(failure));
                        return;
                    }
                    Map<TopicPartition, CommittedOffset> committed = new HashMap<>();
                    response.getOffsetsList()
                            .forEach(offset -> committed.put(
                                    new TopicPartition(
                                            TopicId.fromBytes(
                                                    offset.getTopicId().toByteArray()),
                                            offset.getPartition()),
                                    offset));
                    stream.begin(partitions, committed, epoch);
                }));
    }

    /// Whether it is still the member that it was in this epoch: what was looked up for a former one is not begun.
    boolean isMemberSince(int epoch) {
        return !left && lifeEpoch > 0 && epoch >= lifeEpoch;
    }

    /// The stream reads these now.
    void assigned(Map<Integer, TopicPartition> begun) {
        beginning.removeAll(begun.values());
        owned.putAll(begun);
        sendHeartbeat();
    }

    private void revoke(List<Integer> assignments, Duration within) {
        if (assignments.isEmpty()) {
            return;
        }
        revoking.addAll(assignments);
        assignments.forEach(stream::stop);
        stream.send(ConsumeResponse.newBuilder()
                .setRevoking(
                        Revoking.newBuilder().addAllAssignments(assignments).setDeadline(within))
                .build());
    }

    private void forget(int assignment) {
        owned.remove(assignment);
        revoking.remove(assignment);
        stream.remove(assignment);
    }

    /// The client has let go of these. What it has committed before has to arrive before: whoever gets them asks where
    /// to begin.
    void revoked(List<Integer> assignments) {
        var committing = commits.settled();
        if (committing.isDone()) {
            letGo(assignments);
        } else {
            var _ = committing.thenRun(() -> stream.execute(() -> {
                if (!left) {
                    letGo(assignments);
                }
            }));
        }
    }

    private void letGo(List<Integer> assignments) {
        var any = false;
        for (int assignment : assignments) {
            if (revoking.contains(assignment)) {
                forget(assignment);
                any = true;
            }
        }
        if (any) {
            sendHeartbeat();
        }
    }

    boolean isRevoking(int assignment) {
        return revoking.contains(assignment);
    }

    // Commits.

    void commit(Commit commit) {
        var request = CommitOffsetsRequest.newBuilder()
                .setGroupId(group.getGroupId())
                .setMemberId(memberId)
                .setMemberEpoch(memberEpoch);
        for (var position : commit.getPositionsList()) {
            var partition = owned.get(position.getAssignment());
            if (partition == null) {
                tell(
                        commit,
                        ServerProblems.invalidRequest("the stream has no assignment " + position.getAssignment()
                                + ": nothing was committed"));
                return;
            }
            port.reached(partition, stream.reached(position.getAssignment()));
            var offset = OffsetCommit.newBuilder()
                    .setTopicId(TopicLookup.bytes(partition.topicId()))
                    .setPartition(partition.partition())
                    .setNextOffset(position.getNextOffset())
                    .setNote(position.getNote());
            if (position.hasLastLeaderEpoch()) {
                offset.setLeaderEpoch(position.getLastLeaderEpoch());
            }
            request.addOffsets(offset);
        }
        if (request.getOffsetsCount() == 0) {
            tell(commit, ServerProblems.invalidRequest("a commit of nothing"));
            return;
        }
        var answer = commits.commit(request.build());
        if (answer.isEmpty()) {
            tell(commit, ServerProblems.overloaded("commits of one stream that wait (" + CommitLane.WAITING_MAX + ")"));
            return;
        }
        var _ = answer.get()
                .whenComplete((response, failure) -> stream.execute(() -> {
                    if (failure != null) {
                        tell(commit, problem(failure));
                    } else {
                        committed(commit, response);
                    }
                }));
    }

    /// @param response one result for each position
    private void committed(Commit commit, CommitOffsetsResponse response) {
        var committed = Committed.newBuilder().setCommitId(commit.getCommitId());
        for (int i = 0; i < response.getResultsCount(); i++) {
            if (response.getResults(i).hasProblem()) {
                committed.addProblems(PartitionProblem.newBuilder()
                        .setAssignment(commit.getPositions(i).getAssignment())
                        .setProblem(response.getResults(i).getProblem()));
            }
        }
        if (committed.getProblemsCount() > 0) {
            committed.setProblem(committed.getProblems(0).getProblem());
        }
        stream.send(ConsumeResponse.newBuilder().setCommitted(committed).build());
    }

    private void tell(Commit commit, Problem problem) {
        stream.send(ConsumeResponse.newBuilder()
                .setCommitted(
                        Committed.newBuilder().setCommitId(commit.getCommitId()).setProblem(problem))
                .build());
    }

    /// The stream has ended. A static member stays until its session times out: it may come back.
    ///
    /// @return completes when the coordinator knows, or will not
    CompletableFuture<?> leave() {
        if (left || !group.getInstanceId().isEmpty() || memberEpoch == 0) {
            left = true;
            return CompletableFuture.completedFuture(null);
        }
        left = true;
        var request = LeaveRequest.newBuilder()
                .setGroupId(group.getGroupId())
                .setMemberId(memberId)
                .setMemberEpoch(memberEpoch)
                .build();
        // What is being committed is this member's: it has to arrive before.
        return commits.settled().thenCompose(_ -> port.leave(request, CALL_MILLIS_MAX));
    }
}
