package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.metadata.Commands;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Brokers 1, 2 and 3 hold partition 0 of `t`, and come and go.
class BrokerLifeTest {
    private static final Map<String, String> MIN_TWO = Map.of("min.insync.replicas", "2");
    private static final Map<String, String> MIN_TWO_CACHED =
            Map.of("min.insync.replicas", "2", "durability", "page-cache");

    private final Cluster cluster = new Cluster();

    @BeforeEach
    void threeBrokers() {
        cluster.register(1, 2, 3);
    }

    @Test
    void aFencedBrokerLeavesTheInSyncSetAndItsLeaderships() {
        cluster.create("t", 3, MIN_TWO);
        var applied = cluster.fence(1);
        assertEquals(new MetadataReply.Done(cluster.state().index()), applied.reply());
        assertEquals(List.of(Optional.of(new Election(ElectionReason.LEADER_GONE, true))), Cluster.elections(applied));
        cluster.assertPartition("leader 2, epoch 1, change 1, in sync [2, 3], eligible []");
        cluster.fence(2);
        cluster.assertPartition("leader 3, epoch 2, change 2, in sync [3], eligible [2]");
        cluster.fence(3);
        cluster.assertPartition("leader -, epoch 3, change 3, in sync [3], eligible [2]");
    }

    /// 10,000 partitions change by one entry of the log.
    @Test
    void oneCommandMovesAllLeaderships() {
        cluster.apply(Commands.create("wide", 900, 3));
        var applied = cluster.fence(1);
        assertEquals(901, applied.events().size());
        assertEquals(
                300,
                Cluster.elections(applied).stream().filter(Optional::isPresent).count());
    }

    @Test
    void whoeverComesBackFirstAndIsCompleteLeads() {
        cluster.create("t", 3, MIN_TWO);
        List.of(1, 2, 3).forEach(cluster::fence);
        assertEquals(1, cluster.unfence(1).events().size(), "1 may lack records");
        cluster.assertPartition("leader -, epoch 3, change 3, in sync [3], eligible [2]");
        var back = cluster.unfence(2);
        assertEquals(List.of(Optional.of(new Election(ElectionReason.REPLICA_BACK, true))), Cluster.elections(back));
        cluster.assertPartition("leader 2, epoch 4, change 4, in sync [2], eligible [3]");
    }

    /// KIP-966, "the last replica standing": the in-sync set shrank to one, which then loses its newest records.
    @Test
    void theLastReplicaLosesItsRecordsAndAnEligibleOneTakesOver() {
        cluster.create("t", 3, MIN_TWO_CACHED);
        List.of(1, 2, 3).forEach(cluster::fence);
        cluster.restart(3);
        cluster.assertPartition("leader -, epoch 3, change 4, in sync [2], eligible []");
        cluster.unfence(2);
        cluster.assertPartition("leader 2, epoch 4, change 5, in sync [2], eligible []");
    }

    @Test
    void nobodyLeadsIfAllCompleteReplicasMayHaveLostRecords() {
        cluster.create("t", 3, MIN_TWO_CACHED);
        List.of(1, 2, 3).forEach(cluster::fence);
        cluster.restart(3);
        cluster.restart(2);
        cluster.unfence(1);
        cluster.assertPartition("leader -, epoch 3, change 5, in sync [], eligible []");
    }

    @Test
    void theLastReplicaThatFlushedEverythingLeadsAgain() {
        cluster.create("t", 3, Map.of());
        List.of(1, 2, 3).forEach(cluster::fence);
        cluster.restart(3);
        cluster.assertPartition("leader 3, epoch 4, change 4, in sync [3], eligible []");
    }

    /// What it has acknowledged it has, and nobody else can lead: waiting for the others would help nobody.
    @Test
    void aReplicaThatFlushedEverythingLeadsWhileTheOtherCompleteOnesAreGone() {
        cluster.create("t", 3, MIN_TWO);
        List.of(1, 2, 3).forEach(cluster::fence);
        cluster.assertPartition("leader -, epoch 3, change 3, in sync [3], eligible [2]");
        cluster.restart(2);
        cluster.assertPartition("leader 2, epoch 4, change 4, in sync [2], eligible [3]");
    }

    /// Nobody else has what it had: only who asks for it at any price gets its empty log.
    @Test
    void aWipedBrokerIsCompleteNowhere() {
        var before = List.of(new UUID(0, 1));
        cluster.restartAfterCleanStop(3, cluster.epoch(3), before);
        cluster.create("t", 3, MIN_TWO);
        List.of(1, 2, 3).forEach(cluster::fence);
        cluster.assertPartition("leader -, epoch 3, change 3, in sync [3], eligible [2]");
        cluster.restartAfterCleanStop(3, cluster.epoch(3), List.of(new UUID(0, 2)));
        cluster.assertPartition("leader -, epoch 3, change 4, in sync [2], eligible []");
    }

    @Test
    void aWipedBrokerThatWasTheLastLeavesNobodyToLead() {
        var before = List.of(new UUID(0, 1));
        cluster.restartAfterCleanStop(1, cluster.epoch(1), before);
        cluster.create("t", 1, Map.of());
        cluster.restartAfterCleanStop(1, cluster.epoch(1), List.of(new UUID(0, 2)));
        cluster.assertPartition("leader -, epoch 1, change 1, in sync [], eligible []");
    }

    @Test
    void aCleanlyStoppedBrokerStaysEligible() {
        cluster.create("t", 3, MIN_TWO_CACHED);
        cluster.fence(1);
        cluster.fence(2);
        cluster.assertPartition("leader 3, epoch 2, change 2, in sync [3], eligible [2]");
        cluster.restartAfterCleanStop(2, cluster.epoch(2));
        cluster.assertPartition("leader 3, epoch 2, change 2, in sync [3], eligible [2]");
        cluster.restartAfterCleanStop(2, new BrokerEpoch(0));
        cluster.assertPartition("leader 3, epoch 2, change 3, in sync [3], eligible []");
    }

    @Test
    void aCleanlyRestartedLeaderStillNeedsANewEpoch() {
        cluster.create("t", 3, Map.of());
        cluster.restartAfterCleanStop(1, cluster.epoch(1));
        cluster.assertPartition("leader 1, epoch 1, change 1, in sync [1, 2, 3], eligible []");
    }

    @Test
    void anUncleanElectionNeedsTheTopicsConsentAndIsCounted() {
        cluster.create("t", 3, Map.of("unclean.leader.election.enable", "true"));
        List.of(1, 2).forEach(cluster::fence);
        cluster.assertPartition("leader 3, epoch 2, change 2, in sync [3], eligible []");
        cluster.fence(3);
        var back = cluster.unfence(1);
        assertEquals(List.of(Optional.of(new Election(ElectionReason.REPLICA_BACK, false))), Cluster.elections(back));
        cluster.assertPartition("leader 1, epoch 4, change 4, in sync [1], eligible []");
    }

    @Test
    void aDrainedBrokerGivesUpItsLeadershipsAndStaysInSync() {
        cluster.create("t", 3, Map.of());
        var drained = cluster.drain(1);
        assertEquals(List.of(Optional.of(new Election(ElectionReason.DRAINING, true))), Cluster.elections(drained));
        cluster.assertPartition("leader 2, epoch 1, change 1, in sync [1, 2, 3], eligible []");
        assertEquals(List.of(), cluster.drain(1).events(), "it drains already");
        assertEquals(
                RejectReason.INVALID_REPLICATION_FACTOR,
                cluster.rejection(Commands.create("u", 1, 3)).reason(),
                "a draining broker gets no replicas");
        cluster.drain(2);
        cluster.drain(3);
        cluster.assertPartition("leader 3, epoch 2, change 2, in sync [1, 2, 3], eligible []");
        cluster.unfence(1);
        assertTrue(cluster.state().isServing(new BrokerId(1)), "the drain is called off");
        cluster.assertPartition("leader 1, epoch 3, change 3, in sync [1, 2, 3], eligible []");
    }

    @Test
    void aFencedBrokerWithoutReplicasCanBeForgotten() {
        cluster.create("t", 2, Map.of());
        var one = new BrokerId(1);
        var epoch = cluster.epoch(1);
        assertEquals(
                RejectReason.BROKER_IN_SERVICE,
                cluster.rejection(Commands.unregister(1, epoch)).reason());
        cluster.fence(1);
        assertEquals(
                RejectReason.BROKER_HAS_REPLICAS,
                cluster.rejection(Commands.unregister(1, epoch)).reason());
        cluster.apply(Commands.delete("t"));
        assertEquals(
                List.of(new MetadataEvent.BrokerUnregistered(one)),
                cluster.apply(Commands.unregister(1, epoch)).events());
        assertFalse(cluster.state().brokers().containsKey(one));
        assertEquals(
                RejectReason.BROKER_NOT_FOUND,
                cluster.rejection(Commands.unregister(1, epoch)).reason());
    }

    /// R10: the decision to fence a broker must not hit its next life.
    @Test
    void commandsForAnEarlierLifeAreRefused() {
        var old = cluster.epoch(1);
        cluster.restart(1);
        for (var command : List.of(
                Commands.fence(1, old),
                Commands.unfence(1, old),
                Commands.drain(1, old),
                Commands.unregister(1, old))) {
            assertEquals(
                    RejectReason.STALE_BROKER_EPOCH, cluster.rejection(command).reason(), command::toString);
        }
        for (var command : List.of(
                Commands.fence(9, old),
                Commands.unfence(9, old),
                Commands.drain(9, old),
                Commands.unregister(9, old))) {
            assertEquals(
                    RejectReason.BROKER_NOT_FOUND, cluster.rejection(command).reason(), command::toString);
        }
        assertTrue(cluster.state().isLive(new BrokerId(1)));
    }

    @Test
    void aRetriedFenceDoesNotHitABrokerThatIsBack() {
        cluster.create("t", 3, Map.of());
        var fence = Commands.fence(1, cluster.epoch(1));
        cluster.apply(fence);
        cluster.unfence(1);
        assertEquals(List.of(), cluster.apply(fence).events());
        assertTrue(cluster.state().isLive(new BrokerId(1)));
        assertEquals(new LeaderEpoch(1), cluster.partition().leaderEpoch());
    }

    /// What was on a disk that is gone is gone, however clean the stop was.
    @Test
    void aBrokerThatLacksADirectoryIsNotTrusted() {
        var both = List.of(new UUID(0, 1), new UUID(0, 2));
        cluster.create("t", 3, MIN_TWO);
        for (var after : List.of(both, both.subList(0, 1))) {
            cluster.restartAfterCleanStop(3, cluster.epoch(3), both);
            cluster.restartAfterCleanStop(3, cluster.epoch(3), after);
            boolean trusted = after.equals(both);
            assertEquals(
                    trusted ? "[1, 2, 3]" : "[1, 2]",
                    cluster.partition().inSyncReplicas().toString());
        }
    }
}
