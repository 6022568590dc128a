package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.core.MetadataCommand.AllocateProducerIds;
import io.weirlog.metadata.core.MetadataCommand.ElectLeaders;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ElectionRulesTest {
    private final Cluster cluster = new Cluster();

    @BeforeEach
    void threeBrokers() {
        cluster.register(1, 2, 3);
    }

    @Test
    void thePreferredLeaderLeadsAgain() {
        var partition = new TopicPartition(cluster.create("t", 3, Map.of()), 0);
        cluster.drain(1);
        assertEquals(List.of(ElectionResult.NOT_AVAILABLE), elect(partition), "it is about to stop");
        cluster.unfence(1);
        cluster.assertPartition("leader 2, epoch 1, change 1, in sync [1, 2, 3], eligible []");
        var unknown = new TopicPartition(new TopicId(new UUID(9, 9)), 0);
        var applied = cluster.accepted(new ElectLeaders(
                Commands.request(),
                ElectionKind.PREFERRED,
                List.of(unknown, partition, partition, new TopicPartition(partition.topicId(), 1))));
        assertEquals(
                new MetadataReply.LeadersElected(
                        List.of(
                                ElectionResult.UNKNOWN_PARTITION,
                                ElectionResult.ELECTED,
                                ElectionResult.LEADS_ALREADY,
                                ElectionResult.UNKNOWN_PARTITION),
                        cluster.state().index()),
                applied.reply());
        assertEquals(List.of(Optional.of(new Election(ElectionReason.PREFERRED, true))), Cluster.elections(applied));
        cluster.assertPartition("leader 1, epoch 2, change 2, in sync [1, 2, 3], eligible []");
    }

    @Test
    void aPreferredLeaderOutOfSyncDoesNotLead() {
        var partition = new TopicPartition(cluster.create("t", 3, Map.of()), 0);
        cluster.fence(1);
        cluster.unfence(1);
        assertEquals(List.of(ElectionResult.NOT_AVAILABLE), elect(partition));
        cluster.assertPartition("leader 2, epoch 1, change 1, in sync [2, 3], eligible []");
        var tooMany = Collections.nCopies(MetadataLimits.ELECTIONS_PER_COMMAND_MAX + 1, partition);
        assertEquals(
                RejectReason.LIMIT_EXCEEDED,
                cluster.rejection(new ElectLeaders(Commands.request(), ElectionKind.PREFERRED, tooMany))
                        .reason());
    }

    @Test
    void producerIdsAreGivenOnce() {
        int block = MetadataLimits.PRODUCER_ID_BLOCK_IDS;
        var first = allocate(1, cluster.epoch(1));
        assertEquals(
                new MetadataReply.ProducerIdsAllocated(0, block, cluster.state().index() + 1),
                cluster.accepted(first).reply());
        assertEquals(
                new MetadataReply.ProducerIdsAllocated(
                        block, block, cluster.state().index() + 1),
                cluster.accepted(allocate(2, cluster.epoch(2))).reply());
        assertEquals(List.of(), cluster.accepted(first).events(), "a retry gets the block it got before");
        assertEquals(2L * block, cluster.state().nextProducerId());
        var old = cluster.epoch(1);
        cluster.restart(1);
        assertEquals(
                RejectReason.STALE_BROKER_EPOCH,
                cluster.rejection(allocate(1, old)).reason());
    }

    private static AllocateProducerIds allocate(int broker, BrokerEpoch epoch) {
        return new AllocateProducerIds(Commands.request(), new BrokerId(broker), epoch);
    }

    private List<ElectionResult> elect(TopicPartition partition) {
        var reply = cluster.accepted(new ElectLeaders(Commands.request(), ElectionKind.PREFERRED, List.of(partition)))
                .reply();
        return ((MetadataReply.LeadersElected) reply).results();
    }
}
