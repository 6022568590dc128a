package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import io.weirlog.replication.IsrController.Outcome;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.PartitionMetadata;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DepartureTest {
    private static final BrokerId SELF = new BrokerId(1);

    private final Departure departure = new Departure(SELF);

    private static PartitionAssignment assignment(int leader, long partitionEpoch, int... inSync) {
        var replicas = Stream.of(1, 2, 3).map(BrokerId::new).toList();
        var standings = replicas.stream()
                .collect(Collectors.toMap(
                        Function.identity(), _ -> new PartitionMetadata.Standing(new BrokerEpoch(7), true)));
        var metadata = new PartitionMetadata(
                new LeaderEpoch(4),
                partitionEpoch,
                replicas,
                Arrays.stream(inSync).mapToObj(BrokerId::new).toList(),
                1,
                standings);
        return new PartitionAssignment(
                new TopicPartition(new TopicId(new UUID(1, 1)), 0),
                "t",
                Optional.of(new BrokerId(leader)),
                metadata,
                LogConfig.defaults());
    }

    private static List<BrokerId> ids(IsrProposal proposal) {
        return proposal.inSync().stream().map(IsrProposal.Member::id).toList();
    }

    @Test
    void asksOnceForTheSetWithoutItself() {
        var asked = departure.ask(assignment(2, 5, 1, 2, 3), 0).orElseThrow();
        assertEquals(List.of(new BrokerId(2), new BrokerId(3)), ids(asked));
        assertEquals(5, asked.partitionEpoch());
        assertTrue(departure.ask(assignment(2, 5, 1, 2, 3), 60_000).isEmpty(), "no answer yet");
    }

    @Test
    void isThroughOnceTheMetadataKnow() {
        assertTrue(departure.ask(assignment(2, 5, 1, 2, 3), 0).isPresent());
        departure.answered(new Outcome.Altered(new LeaderEpoch(4), 6));
        assertFalse(departure.isThrough(assignment(2, 5, 1, 2, 3)));
        assertTrue(departure.ask(assignment(2, 5, 1, 2, 3), 60_000).isEmpty(), "the metadata are about to say so");
        assertTrue(departure.isThrough(assignment(2, 6, 2, 3)));
        assertTrue(departure.ask(assignment(2, 6, 2, 3), 60_000).isEmpty());
    }

    @Test
    void aLeaderIsThroughOnlyWhenSomebodyElseLeads() {
        assertTrue(departure.ask(assignment(1, 5, 1, 2), 0).isPresent());
        departure.answered(new Outcome.Altered(new LeaderEpoch(5), 6));
        assertFalse(departure.isThrough(assignment(1, 6, 2)));
        assertTrue(departure.isThrough(assignment(2, 6, 2)));
    }

    @Test
    void asksAgainAfterAWhileOrWhenTheMetadataChange() {
        assertTrue(departure.ask(assignment(2, 5, 1, 2, 3), 0).isPresent());
        departure.answered(new Outcome.Unknown());
        assertTrue(departure.ask(assignment(2, 5, 1, 2, 3), 4_999).isEmpty());
        assertEquals(
                5, departure.ask(assignment(2, 5, 1, 2, 3), 5_000).orElseThrow().partitionEpoch());
        departure.answered(new Outcome.Refused(true));
        assertEquals(
                6, departure.ask(assignment(2, 6, 1, 2), 5_001).orElseThrow().partitionEpoch());
    }

    @Test
    void leavesAgainIfItIsCountedAgain() {
        assertTrue(departure.ask(assignment(2, 5, 1, 2, 3), 0).isPresent());
        departure.answered(new Outcome.Altered(new LeaderEpoch(4), 6));
        assertEquals(
                7,
                departure.ask(assignment(2, 7, 1, 2, 3), 60_000).orElseThrow().partitionEpoch());
    }

    @Test
    void anOnlyReplicaStays() {
        var alone = PartitionAssignment.alone(
                new TopicPartition(new TopicId(new UUID(1, 1)), 0), "t", SELF, LogConfig.defaults());
        assertTrue(departure.ask(alone, 0).isEmpty());
    }
}
