package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.v1.Assigned;
import io.weirlog.v1.AssignedPartition;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.Revoking;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GroupAssignmentsTest {
    private final GroupAssignments assignments = new GroupAssignments();

    private static PartitionRef partition(int number) {
        return new PartitionRef("t", number);
    }

    /// Partition n is assignment 10 + n.
    private void assign(int... partitions) {
        var assigned = Assigned.newBuilder();
        for (var partition : partitions) {
            assigned.addPartitions(AssignedPartition.newBuilder()
                    .setAssignment(10 + partition)
                    .setTopic("t")
                    .setPartition(partition));
        }
        assignments.assigned(assigned.build());
    }

    private void revoke(int seconds, int... partitions) {
        var revoking = Revoking.newBuilder().setDeadline(ToProto.nanos(seconds * 1_000_000_000L));
        for (var partition : partitions) {
            revoking.addAssignments(10 + partition);
        }
        assignments.revoking(revoking.build(), 7);
    }

    private <C extends GroupAssignments.Change> C told(Class<C> kind) {
        return assertInstanceOf(kind, assignments.nextChange().orElseThrow());
    }

    private void nothingIsTold() {
        assertFalse(assignments.hasChange());
        assertTrue(assignments.nextChange().isEmpty());
    }

    @Test
    void whatComesIsToldOnce() {
        nothingIsTold();
        assign(0, 1);
        assertTrue(assignments.hasChange());
        assertEquals(
                Set.of(partition(0), partition(1)),
                told(GroupAssignments.Gained.class).partitions());
        nothingIsTold();
        assertEquals(2, assignments.readings().size());
    }

    @Test
    void whatIsRevokedStaysUntilItIsLetGo() {
        assign(0, 1);
        told(GroupAssignments.Gained.class);
        revoke(3, 1);
        var going = told(GroupAssignments.ToLetGo.class);
        assertEquals(Set.of(partition(1)), going.partitions());
        assertEquals(List.of(11), going.assignments());
        assertEquals(3_000_000_007L, going.untilNanos());
        assertTrue(assignments.isRevoking(11));
        assertTrue(assignments.reading(partition(1)).isPresent());
        assignments.letGo(going.assignments());
        nothingIsTold();
        assertTrue(assignments.reading(partition(1)).isEmpty());
    }

    @Test
    void whatNobodyHeardOfGoesWithoutAWord() {
        assign(0);
        revoke(3, 0);
        var going = told(GroupAssignments.ToLetGo.class);
        assertEquals(Set.of(), going.partitions());
        assertEquals(List.of(10), going.assignments());
        assignments.letGo(going.assignments());
        assign(1);
        revoke(0, 1);
        nothingIsTold();
        assign(2);
        assignments.ended();
        nothingIsTold();
    }

    @Test
    void theEndOfTheStreamLosesAll() {
        assign(0, 1, 2);
        told(GroupAssignments.Gained.class);
        revoke(0, 0);
        revoke(9, 1);
        assignments.ended();
        assertTrue(assignments.hasLost());
        assertEquals(
                Set.of(partition(0), partition(1), partition(2)),
                told(GroupAssignments.Lost.class).partitions());
        nothingIsTold();
        assertFalse(assignments.hasLost());
    }

    @Test
    void whoLeavesLetsGoOfAllEvenOfWhatComesLater() {
        assign(0);
        told(GroupAssignments.Gained.class);
        assignments.leave(50);
        assign(1);
        assertFalse(assignments.hasLeft());
        var going = told(GroupAssignments.ToLetGo.class);
        assertEquals(Set.of(partition(0)), going.partitions());
        assertEquals(List.of(10, 11), going.assignments());
        assertEquals(50, going.untilNanos());
        assignments.letGo(going.assignments());
        assertTrue(assignments.hasLeft());
        assignments.ended();
        nothingIsTold();
        assign(0);
        told(GroupAssignments.Gained.class);
        assertFalse(assignments.hasLeft(), "another stream");
    }

    @Test
    void aPositionIsCommittedOnce() {
        assign(0, 1);
        told(GroupAssignments.Gained.class);
        var reading = assignments.reading(partition(0)).orElseThrow();
        assertEquals(List.of(), assignments.takeUncommitted(all -> true), "nobody knows where they are");
        reading.began();
        reading.returned(4, OptionalInt.of(2));
        assertEquals(List.of(), assignments.takeUncommitted(partition(1)::equals));
        var position = CommitPosition.newBuilder()
                .setAssignment(10)
                .setNextOffset(5)
                .setLastLeaderEpoch(2)
                .build();
        assertEquals(List.of(position), assignments.takeUncommitted(all -> true));
        assertEquals(List.of(), assignments.takeUncommitted(all -> true));
        assignments.forgetCommits();
        assertEquals(List.of(position), assignments.takeUncommitted(all -> true));
    }
}
