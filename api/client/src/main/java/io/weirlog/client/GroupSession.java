package io.weirlog.client;

import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.DescribeClusterResponse;
import io.weirlog.v1.Draining;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.Problem;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Resume;
import io.weirlog.v1.Revoked;
import io.weirlog.wire.Framed;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// A group member's stream. One that breaks is followed by another that goes on as the same member. Only [#interrupt]
/// and [#stopWaiting] may come from another thread than the consumer's.
final class GroupSession implements StreamLife.Owner, PartitionReader.Source {
    private static final int BATCH_BYTES_MAX = 1024 * 1024;
    /// Where nothing is committed and the options name no other start: no log reaches there, so the broker says so.
    static final long NOWHERE = Long.MAX_VALUE;

    private final GroupOptions options;
    private final UnaryCalls calls;
    private final StreamLife life;
    private final CreditWindow credit;
    private final GroupAssignments assignments = new GroupAssignments();
    private final GroupCommits commits;
    private final PassingTroubles troubles;
    private String memberId = "";
    /// As whom the next stream goes on; empty: as a new member.
    private String formerMemberId = "";
    private volatile boolean closing;

    GroupSession(GroupOptions options, UnaryCalls calls) {
        this.options = options;
        this.calls = calls;
        var connections = calls.connections();
        var timeout = connections.config().requestTimeout();
        this.life = new StreamLife(connections, connections::any, this);
        this.credit = new CreditWindow(options.bufferRecords(), options.bufferBytes());
        this.commits = new GroupCommits(life::send, timeout);
        this.troubles = new PassingTroubles(timeout.toNanos());
    }

    @Override
    public ConsumeStream.Inbox inbox() {
        var asked = commits.begin();
        return new ConsumeStream.Inbox(
                () -> {},
                message -> dealtWithAtOnce(asked, message),
                () -> commits.end(asked, GroupCommits.notOwned("the connection to the group's broker was lost")),
                true);
    }

    /// On a network thread: whoever waits for a commit need not poll, and what nobody takes does not pile up.
    private boolean dealtWithAtOnce(CommitQueue asked, ConsumeResponse message) {
        if (message.hasCommitted()) {
            commits.answered(asked, message.getCommitted());
            return true;
        }
        return message.hasHeartbeat() || message.hasLag() || message.hasPreferred();
    }

    GroupAssignments assignments() {
        return assignments;
    }

    GroupCommits commits() {
        return commits;
    }

    Optional<String> memberId() {
        return memberId.isEmpty() ? Optional.empty() : Optional.of(memberId);
    }

    /// The next message of a partition; whoever gets it closes it. Empty if there was none in time, or if the
    /// assignments have changed.
    ///
    /// @throws WeirlogException if a broker refuses for good, or none was reached for the request timeout
    Optional<Framed<ConsumeResponse>> next(long timeoutNanos) throws InterruptedException {
        return life.next(timeoutNanos);
    }

    @Override
    public ConsumeInitial initial() {
        var group = GroupSubscription.newBuilder()
                .setGroupId(options.groupId())
                .addAllTopics(options.topics())
                .setTopicPattern(options.topicPattern())
                .setInstanceId(options.instanceId())
                .setMemberId(formerMemberId)
                .setAssignor(options.assignor().toProto())
                .setSessionTimeout(ToProto.nanos(options.sessionTimeout().toNanos()))
                .setRebalanceTimeout(ToProto.nanos(options.rebalanceTimeout().toNanos()));
        return ConsumeInitial.newBuilder()
                .setClientId(calls.connections().config().clientId())
                .setGroup(group)
                .setStart(ToProto.start(options.start().orElseGet(() -> StartAt.offset(NOWHERE))))
                .setIsolation(options.isolation().toProto())
                .setForm(RecordForm.RECORD_FORM_BATCHES)
                .setRack(options.rack())
                .setCredit(credit.open())
                // The last message within the credit may go beyond it by its own size.
                .setMaxBatchBytes(Math.min(BATCH_BYTES_MAX, Math.max(1, options.bufferBytes() / 2)))
                .build();
    }

    @Override
    public boolean isForCaller(ConsumeResponse message) {
        return switch (message.getResponseCase()) {
            case BATCH, END_OF_PARTITION, PROBLEM -> true;
            case INITIAL -> {
                memberId = message.getInitial().getMemberId();
                formerMemberId = memberId;
                learnBrokers();
                yield false;
            }
            case ASSIGNED -> {
                assignments.assigned(message.getAssigned());
                yield false;
            }
            case REVOKING -> {
                assignments.revoking(message.getRevoking(), System.nanoTime());
                yield false;
            }
            case COMMITTED, LAG, HEARTBEAT, DRAINING, PREFERRED, RESPONSE_NOT_SET -> false;
        };
    }

    /// So that another one can be asked when this one goes.
    private void learnBrokers() {
        var connections = calls.connections();
        calls.ask(
                ClusterServiceGrpc.getDescribeClusterMethod(),
                DescribeClusterRequest.getDefaultInstance(),
                connections.config().requestTimeout(),
                new UnaryCalls.Done<>() {
                    @Override
                    public void answered(DescribeClusterResponse answer) {
                        answer.getBrokersList()
                                .forEach(broker ->
                                        Address.tryParse(broker.getAddress()).ifPresent(connections::learn));
                    }

                    @Override
                    public void failed(Problem problem) {
                        // The next stream tries again.
                    }
                });
    }

    @Override
    public boolean hasNews() {
        return closing || assignments.hasChange();
    }

    @Override
    public void tick() {
        for (var reading : troubles.takeDue()) {
            if (!reading.isPaused() && assignments.reading(reading.assignment()).isPresent()) {
                send(ConsumeRequest.newBuilder().setResume(Resume.newBuilder().addAssignments(reading.assignment())));
            }
        }
    }

    /// @throws WeirlogException if the partition has been in trouble for the request timeout
    void tryAgain(PartitionReading reading, Problem problem) {
        troubles.tryAgain(reading, problem);
    }

    @Override
    public void ended() {
        memberId = "";
        troubles.forgetAll();
        assignments.ended();
    }

    /// A stream that broke a moment ago may still act as this member at its broker, which hears of it by that.
    @Override
    public boolean outlives(Problem problem) {
        return problem.getReason() == ErrorReason.ERROR_REASON_STALE_MEMBER_EPOCH;
    }

    @Override
    public boolean leavesAtOnce(Draining draining) {
        var graceNanos = StreamLife.nanos(draining.getGrace());
        if (graceNanos > 0) {
            assignments.leave(System.nanoTime() + graceNanos);
        }
        return graceNanos == 0 || assignments.hasLeft();
    }

    /// Has all partitions be let go; with the last of them the stream ends.
    void leaveWithin(Duration timeout) {
        assignments.leave(System.nanoTime() + timeout.toNanos());
    }

    @Override
    public Collection<PartitionReading> readings() {
        return assignments.readings();
    }

    @Override
    public Optional<PartitionReading> reading(PartitionRef partition) {
        return assignments.reading(partition);
    }

    @Override
    public Optional<PartitionReading> reading(int assignment) {
        return assignments.isRevoking(assignment) ? Optional.empty() : assignments.reading(assignment);
    }

    @Override
    public void send(ConsumeRequest.Builder request) {
        life.send(request);
    }

    @Override
    public void done(int records, int bytes) {
        credit.done(records, bytes);
    }

    void replenish() {
        life.replenish(credit);
    }

    /// Acknowledges a revocation, or leaves a broker that stops.
    void letGo(List<Integer> partitions) {
        assignments.letGo(partitions);
        if (assignments.hasLeft()) {
            formerMemberId = "";
            life.leave();
        } else if (!assignments.isLeaving()) {
            send(ConsumeRequest.newBuilder().setRevoked(Revoked.newBuilder().addAllAssignments(partitions)));
        }
    }

    /// Any thread: ends a [#next] that is under way, and all later ones.
    void stopWaiting() {
        closing = true;
    }

    /// Ends the stream, and with it the membership, and every [#next] from now on.
    void interrupt() {
        life.interrupt();
    }
}
