package io.weirlog.server.consume;

import io.weirlog.common.TopicPartition;
import io.weirlog.v1.CommittedOffset;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.Problem;
import io.weirlog.v1.StartPosition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// Carries out on a stream what its group says: begins to read partitions where the group was, and stops.
final class GroupReading implements GroupMembership.Stream {
    private final ConsumeStream stream;
    private final Subscriptions subscriptions;
    private final Delivery delivery;
    private final ConsumeInitial initial;
    private final boolean mayAsk;
    private final Consumer<String> onJoined;
    private Optional<GroupMembership> membership = Optional.empty();
    private int lastAssignment;

    /// @param mayAsk whether other brokers may be asked
    /// @param onJoined told the member's id, once
    GroupReading(
            ConsumeStream stream,
            Subscriptions subscriptions,
            Delivery delivery,
            ConsumeInitial initial,
            boolean mayAsk,
            Consumer<String> onJoined) {
        this.stream = stream;
        this.subscriptions = subscriptions;
        this.delivery = delivery;
        this.initial = initial;
        this.mayAsk = mayAsk;
        this.onJoined = onJoined;
    }

    GroupMembership join(GroupPort port) {
        var member = new GroupMembership(port, this, initial);
        membership = Optional.of(member);
        member.begin();
        return member;
    }

    @Override
    public void execute(Runnable task) {
        stream.execute(task);
    }

    @Override
    public void send(ConsumeResponse response) {
        stream.send(response);
    }

    @Override
    public void joined(String memberId) {
        onJoined.accept(memberId);
    }

    @Override
    public void begin(
            Collection<TopicPartition> partitions, Map<TopicPartition, CommittedOffset> committed, int memberEpoch) {
        List<Subscriptions.Beginning> beginnings = new ArrayList<>();
        for (var partition : partitions) {
            var offset = Optional.ofNullable(committed.get(partition));
            var lastEpoch = offset.filter(CommittedOffset::hasLeaderEpoch)
                    .map(known -> OptionalInt.of(known.getLeaderEpoch()))
                    .orElseGet(OptionalInt::empty);
            var start = offset.map(known -> StartPosition.newBuilder()
                            .setOffset(known.getNextOffset())
                            .build())
                    .orElseGet(initial::getStart);
            var cursor = new Cursor(
                    ++lastAssignment,
                    subscriptions.name(partition),
                    partition,
                    lastEpoch,
                    !initial.getRack().isEmpty());
            beginnings.add(new Subscriptions.Beginning(cursor, start));
        }
        var _ = subscriptions
                .begin(beginnings, mayAsk)
                .thenAccept(begun -> stream.execute(() -> begun(begun, memberEpoch)));
    }

    private void begun(Subscriptions.Begun begun, int memberEpoch) {
        Map<Integer, TopicPartition> assigned = new HashMap<>();
        begun.cursors().forEach(cursor -> assigned.put(cursor.assignment, cursor.id));
        if (!membership.orElseThrow().isMemberSince(memberEpoch)) {
            return;
        }
        delivery.add(begun.cursors());
        stream.send(ConsumeResponse.newBuilder()
                .setAssigned(begun.assigned().toBuilder().setMemberEpoch(memberEpoch))
                .build());
        begun.problems().forEach(problem -> stream.sendProblem(problem.getAssignment(), problem.getProblem()));
        membership.orElseThrow().assigned(assigned);
        stream.wake();
    }

    @Override
    public long reached(int assignment) {
        return delivery.reached(assignment);
    }

    @Override
    public void stop(int assignment) {
        delivery.pause(assignment);
    }

    @Override
    public void remove(int assignment) {
        delivery.remove(assignment);
    }

    @Override
    public void fail(Problem problem) {
        stream.fail(problem);
    }
}
