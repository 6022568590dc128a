package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.core.IsrResult.Reason;
import io.weirlog.metadata.core.MetadataCommand.AlterIsr;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Broker 1 leads partition 0 of `t`, with 2 and 3 beside it, of which two must be in sync; broker 4 stands by.
class IsrRulesTest {
    private final Cluster cluster = new Cluster();
    private TopicId topic = new TopicId(new UUID(0, 0));

    @BeforeEach
    void aTopic() {
        cluster.register(1, 2, 3);
        topic = cluster.create("t", 3, Map.of("min.insync.replicas", "2"));
        cluster.register(4);
    }

    @Test
    void theSetShrinksAndGrows() {
        assertEquals(altered(0, 1), alter(change(0, 0, 1, 2)));
        cluster.assertPartition("leader 1, epoch 0, change 1, in sync [1, 2], eligible []");
        assertEquals(altered(0, 2), alter(change(0, 1, 1)));
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1], eligible [2]");
        assertEquals(altered(0, 3), alter(change(0, 2, 3, 1)));
        cluster.assertPartition("leader 1, epoch 0, change 3, in sync [1, 3], eligible []");
    }

    /// R9, KAFKA-14144: the answer was lost, and the leader asks again under another request id.
    @Test
    void anIdenticalRetrySucceeds() {
        alter(change(0, 0, 1, 2));
        var command = command(change(0, 0, 2, 1));
        var retry = cluster.apply(command);
        assertEquals(List.of(), retry.events());
        assertEquals(altered(0, 1), result(retry));
        alter(change(0, 1, 1));
        assertEquals(altered(0, 1), result(cluster.apply(command)), "a retry of the command gets its first answer");
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1], eligible [2]");
    }

    @Test
    void whatCameBetweenWins() {
        alter(change(0, 0, 1, 2));
        assertEquals(refused(Reason.STALE_PARTITION_EPOCH), alter(change(0, 0, 1, 3)));
        assertEquals(refused(Reason.STALE_PARTITION_EPOCH), alter(change(0, 2, 1)));
        assertEquals(refused(Reason.STALE_LEADER_EPOCH), alter(change(1, 1, 1)));
        cluster.fence(1);
        cluster.unfence(1);
        assertEquals(refused(Reason.NOT_LEADER), alter(change(0, 1, 1)));
        cluster.assertPartition("leader 2, epoch 1, change 2, in sync [2], eligible [1]");
    }

    /// Its log has failed.
    @Test
    void aLeaderLeavesAndAnotherTakesOver() {
        assertEquals(altered(1, 1), alter(change(0, 0, 2, 3)));
        cluster.assertPartition("leader 2, epoch 1, change 1, in sync [2, 3], eligible []");
        assertEquals(refused(Reason.STALE_LEADER_EPOCH), alter(change(0, 0, 2, 3)), "a retry is told what came of it");
        assertEquals(altered(1, 1), alter(change(1, 1, 2, 3)), "it has left already");
    }

    @Test
    void aFollowerLeavesByItself() {
        assertEquals(altered(0, 1), result(cluster.alterIsr(3, 1, 2)));
        cluster.assertPartition("leader 1, epoch 0, change 1, in sync [1, 2], eligible []");
        assertEquals(altered(0, 2), result(cluster.alterIsr(2, 1)), "not eligible: it may have lost records");
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1], eligible []");
        assertEquals(refused(Reason.INVALID_IN_SYNC_SET), alter(change(0, 2)), "the last one");
        assertEquals(refused(Reason.INVALID_IN_SYNC_SET), result(cluster.alterIsr(4, 1)), "no replica");
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1], eligible []");
    }

    @Test
    void anEligibleReplicaLeavesToo() {
        alter(change(0, 0, 1, 2));
        alter(change(0, 1, 1));
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1], eligible [2]");
        assertEquals(altered(0, 3), result(cluster.alterIsr(2, 1)));
        cluster.assertPartition("leader 1, epoch 0, change 3, in sync [1], eligible []");
    }

    @Test
    void theLastInSyncLeavesToAnEligibleOneThatIsAway() {
        alter(change(0, 0, 1, 2));
        cluster.fence(2);
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1], eligible [2]");
        assertEquals(altered(1, 3), alter(change(0, 2)));
        cluster.assertPartition("leader -, epoch 1, change 3, in sync [2], eligible []");
        cluster.unfence(2);
        cluster.assertPartition("leader 2, epoch 2, change 4, in sync [2], eligible []");
    }

    @Test
    void nonsenseIsRefused() {
        for (var nonsense : List.of(
                change(0, 0), change(0, 0, 2), change(0, 0, 1, 1), change(0, 0, 1, 4), change(0, 0, 1, 2, 3, 9))) {
            assertEquals(refused(Reason.INVALID_IN_SYNC_SET), alter(nonsense), nonsense::toString);
        }
        var elsewhere = new TopicPartition(new TopicId(new UUID(9, 9)), 0);
        assertEquals(
                refused(Reason.UNKNOWN_PARTITION), alter(new IsrChange(elsewhere, new LeaderEpoch(0), 0, List.of())));
        assertEquals(
                refused(Reason.UNKNOWN_PARTITION),
                alter(new IsrChange(new TopicPartition(topic, 1), new LeaderEpoch(0), 0, List.of())));
        cluster.assertPartition("leader 1, epoch 0, change 0, in sync [1, 2, 3], eligible []");
    }

    /// R8, KIP-903.
    @Test
    void onlyLiveReplicasOfTheCurrentLifeJoin() {
        alter(change(0, 0, 1));
        var beforeRestart = change(0, 1, 1, 2);
        cluster.restart(2);
        assertEquals(refused(Reason.STALE_PARTITION_EPOCH), alter(beforeRestart), "2 was eligible");
        var withOldLife =
                new IsrChange(beforeRestart.partition(), beforeRestart.leaderEpoch(), 2, beforeRestart.inSync());
        assertEquals(refused(Reason.INELIGIBLE_REPLICA), alter(withOldLife));
        cluster.fence(2);
        assertEquals(refused(Reason.INELIGIBLE_REPLICA), alter(change(0, 2, 1, 2)));
        cluster.unfence(2);
        cluster.drain(2);
        assertEquals(refused(Reason.INELIGIBLE_REPLICA), alter(change(0, 2, 1, 2)));
        cluster.unfence(2);
        assertEquals(altered(0, 3), alter(change(0, 2, 1, 2)));
    }

    @Test
    void aDrainingLeaderHandsOverToWhoJoins() {
        alter(change(0, 0, 1));
        cluster.drain(1);
        cluster.assertPartition("leader 1, epoch 0, change 1, in sync [1], eligible [2, 3]");
        var applied = cluster.apply(command(change(0, 1, 1, 3)));
        assertEquals(altered(1, 2), result(applied));
        assertEquals(List.of(new Election(ElectionReason.DRAINING, true)), elections(applied));
        cluster.assertPartition("leader 3, epoch 1, change 2, in sync [1, 3], eligible []");
    }

    @Test
    void manyChangesAreDecidedOneByOne() {
        var changes = List.of(change(0, 0, 1, 2), change(0, 0, 1, 3), change(0, 1, 1));
        var reply = assertInstanceOf(
                MetadataReply.IsrAltered.class,
                cluster.apply(new AlterIsr(Commands.request(), new BrokerId(1), cluster.epoch(1), changes))
                        .reply());
        assertEquals(List.of(altered(0, 1), refused(Reason.STALE_PARTITION_EPOCH), altered(0, 2)), reply.results());
    }

    @Test
    void theLeaderMustBeOfItsCurrentLife() {
        var old = cluster.epoch(1);
        cluster.restart(1);
        var expected = new HashMap<MetadataCommand, RejectReason>();
        expected.put(
                new AlterIsr(Commands.request(), new BrokerId(1), old, List.of(change(0, 0, 1))),
                RejectReason.STALE_BROKER_EPOCH);
        expected.put(
                new AlterIsr(Commands.request(), new BrokerId(9), old, List.of(change(0, 0, 1))),
                RejectReason.BROKER_NOT_FOUND);
        expected.put(
                new AlterIsr(
                        Commands.request(),
                        new BrokerId(1),
                        cluster.epoch(1),
                        Collections.nCopies(MetadataLimits.ISR_CHANGES_PER_COMMAND_MAX + 1, change(0, 0, 1))),
                RejectReason.LIMIT_EXCEEDED);
        expected.forEach((command, reason) ->
                assertEquals(reason, cluster.rejection(command).reason()));
    }

    private static List<Election> elections(Applied applied) {
        return Cluster.elections(applied).stream()
                .flatMap(election -> election.stream())
                .toList();
    }

    private static IsrResult altered(int leaderEpoch, long partitionEpoch) {
        return new IsrResult.Altered(new LeaderEpoch(leaderEpoch), partitionEpoch);
    }

    private static IsrResult refused(Reason reason) {
        return new IsrResult.Refused(reason);
    }

    private IsrChange change(int leaderEpoch, long partitionEpoch, int... wanted) {
        var members = new ArrayList<IsrChange.Member>();
        for (int broker : wanted) {
            var id = new BrokerId(broker);
            boolean known = cluster.state().brokers().containsKey(id);
            members.add(new IsrChange.Member(id, known ? cluster.epoch(broker) : new BrokerEpoch(0)));
        }
        return new IsrChange(new TopicPartition(topic, 0), new LeaderEpoch(leaderEpoch), partitionEpoch, members);
    }

    private AlterIsr command(IsrChange change) {
        return new AlterIsr(Commands.request(), new BrokerId(1), cluster.epoch(1), List.of(change));
    }

    private IsrResult alter(IsrChange change) {
        return result(cluster.apply(command(change)));
    }

    private static IsrResult result(Applied applied) {
        return assertInstanceOf(MetadataReply.IsrAltered.class, applied.reply())
                .results()
                .getFirst();
    }
}
