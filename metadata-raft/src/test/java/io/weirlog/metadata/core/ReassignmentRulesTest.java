package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Commands;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReassignmentRulesTest {
    private final Cluster cluster = new Cluster();

    @BeforeEach
    void aTopicOnThreeOfFiveBrokers() {
        cluster.register(1, 2, 3, 4, 5);
        cluster.create("t", 3, Map.of("min.insync.replicas", "2"));
        assertReplicas("[1, 2, 3], adding [], removing []");
    }

    @Test
    void aReplicaMoves() {
        assertAccepted(move(1, 2, 4));
        assertReplicas("[1, 2, 3, 4], adding [4], removing [3]");
        cluster.assertPartition("leader 1, epoch 0, change 1, in sync [1, 2, 3], eligible []");
        cluster.alterIsr(1, 1, 2, 3, 4);
        assertReplicas("[1, 2, 4], adding [], removing []");
        cluster.assertPartition("leader 1, epoch 1, change 2, in sync [1, 2, 4], eligible []");
        assertEquals(0, cluster.state().load(new BrokerId(3)).replicas());
        assertEquals(1, cluster.state().load(new BrokerId(4)).replicas());
    }

    @Test
    void theLeaderIsTheLastToGo() {
        assertAccepted(move(4, 5));
        cluster.alterIsr(1, 1, 2, 3, 4);
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1, 2, 3, 4], eligible []");
        var through = cluster.alterIsr(1, 1, 2, 3, 4, 5);
        assertReplicas("[4, 5], adding [], removing []");
        cluster.assertPartition("leader 4, epoch 1, change 3, in sync [4, 5], eligible []");
        assertEquals(List.of(Optional.of(new Election(ElectionReason.REASSIGNED, true))), Cluster.elections(through));
    }

    @Test
    void aMoveCalledOffLeavesThingsAsTheyWere() {
        assertAccepted(move(4, 5, 1));
        cluster.alterIsr(1, 1, 2, 3, 4);
        assertAccepted(callOff());
        assertReplicas("[1, 2, 3], adding [], removing []");
        cluster.assertPartition("leader 1, epoch 1, change 3, in sync [1, 2, 3], eligible []");
    }

    /// The simulator's seed 17268: the replica learns that it was let go, and drops its log, only after it has been
    /// taken in again for what it had acknowledged before.
    @Test
    void whoIsLetGoAndAddedAgainIsNotTakenInForWhatItHadBefore() {
        assertAccepted(move(1, 2, 4));
        assertAccepted(callOff());
        assertAccepted(move(1, 2, 4));
        var before = cluster.partition();
        assertEquals(new LeaderEpoch(1), before.leaderEpoch());
        var members = Stream.of(1, 2, 3, 4).map(id -> new IsrChange.Member(new BrokerId(id), cluster.epoch(id)));
        var change = new IsrChange(
                new TopicPartition(cluster.topic().id(), 0),
                new LeaderEpoch(0),
                before.partitionEpoch(),
                members.toList());
        var late = new MetadataCommand.AlterIsr(Commands.request(), new BrokerId(1), cluster.epoch(1), List.of(change));
        assertEquals(
                List.of(new IsrResult.Refused(IsrResult.Reason.STALE_LEADER_EPOCH)),
                ((MetadataReply.IsrAltered) cluster.accepted(late).reply()).results());
    }

    @Test
    void aMoveCalledOffUnderItsNewLeaderGoesBackToAnOldOne() {
        assertAccepted(move(4, 5));
        cluster.alterIsr(1, 1, 2, 4);
        cluster.fence(1);
        cluster.fence(2);
        cluster.assertPartition("leader 4, epoch 2, change 4, in sync [4], eligible [2]");
        assertEquals(RejectReason.WOULD_LOSE_RECORDS, refusal(callOff()).reason(), "only 4 has everything");
        cluster.unfence(2);
        cluster.alterIsr(4, 2, 4);
        assertAccepted(callOff());
        assertReplicas("[1, 2, 3], adding [], removing []");
        cluster.assertPartition("leader 2, epoch 3, change 6, in sync [2], eligible []");
    }

    @Test
    void anotherTargetReplacesTheFirst() {
        assertAccepted(move(1, 2, 4));
        assertAccepted(move(1, 2, 5));
        assertReplicas("[1, 2, 3, 5], adding [5], removing [3]");
        assertEquals(0, cluster.state().load(new BrokerId(4)).replicas());
        var again = cluster.accepted(command(move(1, 2, 5)));
        assertEquals(List.of(), again.events(), "the same target again changes nothing");
    }

    @Test
    void aMoveUnderWayIsLeftAloneByWhoeverAsksForThat() {
        assertAccepted(move(1, 2, 4));
        var refused = assertInstanceOf(ItemResult.Refused.class, onlySettled(move(1, 2, 5)));
        assertEquals(RejectReason.REASSIGNMENT_IN_PROGRESS, refused.reason());
        assertEquals("t-0 is on its way to [1, 2, 4] already: wait for that, or call it off", refused.message());
        assertInstanceOf(ItemResult.Accepted.class, onlySettled(move(1, 2, 4)), "a retry");
        assertInstanceOf(ItemResult.Accepted.class, onlySettled(callOff()));
        assertReplicas("[1, 2, 3], adding [], removing []");
    }

    private ItemResult onlySettled(ReplicaMove move) {
        var command = new MetadataCommand.AlterReassignments(Commands.request(), List.of(move), true);
        return ((MetadataReply.Batch) cluster.accepted(command).reply())
                .results()
                .getFirst();
    }

    @Test
    void whatIsThereAlreadyIsThroughAtOnce() {
        assertAccepted(move(3, 2, 1));
        assertReplicas("[3, 2, 1], adding [], removing []");
        cluster.assertPartition("leader 1, epoch 0, change 1, in sync [3, 2, 1], eligible []");
        assertAccepted(move(2, 3));
        assertReplicas("[2, 3], adding [], removing []");
        cluster.assertPartition("leader 2, epoch 1, change 2, in sync [2, 3], eligible []");
    }

    @Test
    void replicasThatAreStillAddedDoNotRaiseTheMinimum() {
        assertAccepted(move(1));
        assertReplicas("[1], adding [], removing []");
        assertAccepted(move(1, 2, 3));
        cluster.assertPartition("leader 1, epoch 1, change 2, in sync [1], eligible []");
        cluster.alterIsr(1, 1, 2);
        cluster.fence(2);
        cluster.assertPartition("leader 1, epoch 1, change 4, in sync [1], eligible []");
    }

    @Test
    void nonsenseIsRefusedByItself() {
        cluster.fence(5);
        var unknown =
                new ReplicaMove(new TopicPartition(cluster.topic().id(), 7), Optional.of(List.of(new BrokerId(1))));
        var reply = assertInstanceOf(
                MetadataReply.Batch.class,
                cluster.apply(command(unknown, callOff(), move(), move(1, 1), move(1, 9, 5), move(1, 2, 4)))
                        .reply());
        assertEquals(
                Arrays.asList(
                        RejectReason.PARTITION_NOT_FOUND,
                        RejectReason.NO_REASSIGNMENT,
                        RejectReason.INVALID_REPLICAS,
                        RejectReason.INVALID_REPLICAS,
                        RejectReason.BROKER_NOT_FOUND,
                        null),
                reply.results().stream()
                        .map(result -> result instanceof ItemResult.Refused refused ? refused.reason() : null)
                        .toList());
        assertEquals(
                "there is no broker 9; broker 5 is out of service or about to stop",
                ((ItemResult.Refused) reply.results().get(4)).message());
        assertReplicas("[1, 2, 3, 4], adding [4], removing [3]");
    }

    @Test
    void aCommandIsBounded() {
        var tooMany = Collections.nCopies(MetadataLimits.MOVES_PER_COMMAND_MAX + 1, move(1));
        assertEquals(
                RejectReason.LIMIT_EXCEEDED,
                cluster.rejection(new MetadataCommand.AlterReassignments(Commands.request(), tooMany))
                        .reason());
    }

    @Test
    void aBrokerThatIsToHoldReplicasIsNotForgotten() {
        assertAccepted(move(1, 2, 4));
        cluster.fence(4);
        assertEquals(
                RejectReason.BROKER_HAS_REPLICAS,
                cluster.rejection(Commands.unregister(4, cluster.epoch(4))).reason());
    }

    private ReplicaMove move(int... target) {
        return new ReplicaMove(
                id(), Optional.of(Arrays.stream(target).mapToObj(BrokerId::new).toList()));
    }

    private ReplicaMove callOff() {
        return new ReplicaMove(id(), Optional.empty());
    }

    private TopicPartition id() {
        return new TopicPartition(cluster.topic().id(), 0);
    }

    private static MetadataCommand command(ReplicaMove... moves) {
        return new MetadataCommand.AlterReassignments(Commands.request(), List.of(moves));
    }

    private ItemResult result(ReplicaMove move) {
        return ((MetadataReply.Batch) cluster.accepted(command(move)).reply())
                .results()
                .getFirst();
    }

    private void assertAccepted(ReplicaMove move) {
        var result = result(move);
        assertTrue(result instanceof ItemResult.Accepted, result::toString);
    }

    private ItemResult.Refused refusal(ReplicaMove move) {
        return assertInstanceOf(ItemResult.Refused.class, result(move));
    }

    private void assertReplicas(String expected) {
        var partition = cluster.partition();
        assertEquals(
                expected,
                "%s, adding %s, removing %s"
                        .formatted(partition.replicas(), partition.addingReplicas(), partition.removingReplicas()));
    }
}
