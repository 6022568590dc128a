package io.weirlog.client;

import io.weirlog.v1.Assigned;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.Revoking;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// What a member of a group has, and what its user has still to hear of that. Pure.
///
/// ```
///           assigned          told
///   nobody ----------> new ----------> owned
///                       |               | revoking in time
///                       |               v
///                       |           to be let go --let go--> nobody
///                       |               |
///                       +-- the stream ended, or revoked at once --> lost, until the user is told
///
/// leave: all of it, and what is assigned from then on, is to be let go
/// ```
/// What is lost before the user has heard of it, the user never hears of.
final class GroupAssignments {
    private final Map<Integer, Owned> owned = new LinkedHashMap<>();
    private final Map<PartitionRef, Owned> byPartition = new HashMap<>();
    private final Set<PartitionRef> lost = new LinkedHashSet<>();
    /// Nothing is kept of this stream: what is still assigned is to be let go by then.
    private OptionalLong leavingUntilNanos = OptionalLong.empty();

    /// What the user is to hear.
    sealed interface Change {
        Set<PartitionRef> partitions();
    }

    record Gained(Set<PartitionRef> partitions) implements Change {}

    /// @param untilNanos by then it has to be let go
    record ToLetGo(Set<PartitionRef> partitions, List<Integer> assignments, long untilNanos) implements Change {}

    record Lost(Set<PartitionRef> partitions) implements Change {}

    private static final class Owned {
        private final PartitionReading reading;
        private boolean told;
        private boolean revoking;
        private long letGoUntilNanos;
        private OptionalLong committing = OptionalLong.empty();

        Owned(PartitionReading reading) {
            this.reading = reading;
        }

        private void letGoUntil(long nanos) {
            revoking = true;
            letGoUntilNanos = nanos;
        }
    }

    void assigned(Assigned assigned) {
        for (var partition : assigned.getPartitionsList()) {
            var ref = new PartitionRef(partition.getTopic(), partition.getPartition());
            var one = new Owned(new PartitionReading(
                    ref, partition.getTopicId(), partition.getAssignment(), partition.getStartOffset()));
            leavingUntilNanos.ifPresent(one::letGoUntil);
            owned.put(partition.getAssignment(), one);
            byPartition.put(ref, one);
        }
    }

    void revoking(Revoking revoking, long nowNanos) {
        var withinNanos = TimeUnit.SECONDS.toNanos(revoking.getDeadline().getSeconds())
                + revoking.getDeadline().getNanos();
        for (var assignment : revoking.getAssignmentsList()) {
            var one = owned.get(assignment);
            if (one != null && withinNanos == 0) {
                lose(assignment, one);
            } else if (one != null) {
                one.letGoUntil(nowNanos + withinNanos);
            }
        }
    }

    /// All is to be let go, what comes later too.
    void leave(long untilNanos) {
        leavingUntilNanos = OptionalLong.of(untilNanos);
        owned.values().forEach(one -> one.letGoUntil(untilNanos));
    }

    /// Whether all is to be let go, and has been.
    boolean hasLeft() {
        return leavingUntilNanos.isPresent() && owned.isEmpty();
    }

    boolean isLeaving() {
        return leavingUntilNanos.isPresent();
    }

    private void lose(int assignment, Owned one) {
        if (one.told) {
            lost.add(one.reading.partition());
        }
        remove(assignment);
    }

    private void remove(int assignment) {
        var one = owned.remove(assignment);
        if (one != null) {
            byPartition.remove(one.reading.partition(), one);
        }
    }

    /// The stream is over, and the membership with it.
    void ended() {
        leavingUntilNanos = OptionalLong.empty();
        List.copyOf(owned.entrySet()).forEach(entry -> lose(entry.getKey(), entry.getValue()));
    }

    boolean hasChange() {
        return !lost.isEmpty() || owned.values().stream().anyMatch(one -> one.revoking || !one.told);
    }

    /// The next change, which counts as told then; what is to be let go comes until [#letGo].
    Optional<Change> nextChange() {
        if (!lost.isEmpty()) {
            var change = new Lost(Set.copyOf(lost));
            lost.clear();
            return Optional.of(change);
        }
        var revoked = select(one -> one.revoking);
        if (!revoked.isEmpty()) {
            var untilNanos =
                    revoked.stream().mapToLong(one -> one.letGoUntilNanos).min().orElse(0);
            return Optional.of(
                    new ToLetGo(partitions(select(one -> one.revoking && one.told)), numbers(revoked), untilNanos));
        }
        var gained = select(one -> !one.told);
        gained.forEach(one -> one.told = true);
        return gained.isEmpty() ? Optional.empty() : Optional.of(new Gained(partitions(gained)));
    }

    private List<Owned> select(Predicate<Owned> which) {
        return owned.values().stream().filter(which).toList();
    }

    private static Set<PartitionRef> partitions(Collection<Owned> some) {
        var refs = new LinkedHashSet<PartitionRef>();
        some.forEach(one -> refs.add(one.reading.partition()));
        return refs;
    }

    private static List<Integer> numbers(Collection<Owned> some) {
        return some.stream().map(one -> one.reading.assignment()).toList();
    }

    void letGo(Collection<Integer> assignments) {
        assignments.forEach(this::remove);
    }

    /// Whether the user believes to own what it does not any more.
    boolean hasLost() {
        return !lost.isEmpty();
    }

    boolean isRevoking(int assignment) {
        var one = owned.get(assignment);
        return one != null && one.revoking;
    }

    Optional<PartitionReading> reading(int assignment) {
        return Optional.ofNullable(owned.get(assignment)).map(one -> one.reading);
    }

    Optional<PartitionReading> reading(PartitionRef partition) {
        return Optional.ofNullable(byPartition.get(partition)).map(one -> one.reading);
    }

    List<PartitionReading> readings() {
        return owned.values().stream().map(one -> one.reading).toList();
    }

    /// Where the user has come to, wherever that was not committed yet; taken as committed from now on.
    ///
    /// @param partitions of which
    List<CommitPosition> takeUncommitted(Predicate<PartitionRef> partitions) {
        var positions = new ArrayList<CommitPosition>();
        for (var one : owned.values()) {
            var reading = one.reading;
            var position = OptionalLong.of(reading.position());
            if (reading.isLocated() && !position.equals(one.committing) && partitions.test(reading.partition())) {
                one.committing = position;
                var commit = CommitPosition.newBuilder()
                        .setAssignment(reading.assignment())
                        .setNextOffset(reading.position());
                reading.lastLeaderEpoch().ifPresent(commit::setLastLeaderEpoch);
                positions.add(commit.build());
            }
        }
        return positions;
    }

    /// A commit has failed, or another position was committed: all are to be committed again.
    void forgetCommits() {
        owned.values().forEach(one -> one.committing = OptionalLong.empty());
    }
}
