package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.core.MetadataCommand.CreateTopic;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopic;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MetadataMachineTest {
    private static final BrokerId ONE = new BrokerId(1);
    private static final BrokerId TWO = new BrokerId(2);

    private MetadataState state = MetadataState.EMPTY;

    @Test
    void aTopicIsCreatedWithLeadersInSync() {
        brokers(1, 2, 3);
        var create = Commands.create("orders", 6, 3, Map.of("retention.ms", "5"));
        var applied = apply(create);
        assertEquals(new MetadataReply.TopicCreated(create.topic().topicId(), state.index()), applied.reply());
        var topic = image().topic("orders").orElseThrow();
        assertEquals(List.of(new MetadataEvent.TopicCreated(topic)), applied.events());
        assertEquals(topic, image().topic(create.topic().topicId()).orElseThrow());
        assertEquals(Map.of("retention.ms", "5"), topic.configs());
        for (int partition = 0; partition < 6; partition++) {
            var placed = topic.partition(partition).orElseThrow();
            assertEquals(partition, placed.partition());
            assertEquals(3, placed.replicas().size());
            assertEquals(placed.replicas(), placed.inSyncReplicas());
            assertEquals(Optional.of(placed.replicas().getFirst()), placed.leader());
            assertEquals(new LeaderEpoch(0), placed.leaderEpoch());
            assertEquals(0, placed.partitionEpoch());
        }
        assertTrue(topic.partition(6).isEmpty());
        assertEquals(6, image().partitionCount());
    }

    @Test
    void allProblemsOfATopicAreToldTogether() {
        brokers(1);
        var refusal = rejected(Commands.create("no/good", 0, 2, Map.of("retention.ms", "soon", "segment.byte", "1")));
        assertEquals(RejectReason.INVALID_TOPIC_NAME, refusal.reason());
        for (var part : List.of("no/good", "1 to 10000 partitions", "there is 1", "retention.ms", "segment.bytes?")) {
            assertTrue(refusal.message().contains(part), () -> part + " is not in: " + refusal.message());
        }
        assertEquals(0, image().topics().size());
    }

    @Test
    void eachRuleOfTopicsHasItsReason() {
        brokers(1, 2);
        apply(Commands.create("a.b", 1, 1));
        var taken = Commands.create("taken", 1, 1);
        apply(taken);
        var expected = new HashMap<MetadataCommand, RejectReason>();
        expected.put(Commands.create("", 1, 1), RejectReason.INVALID_TOPIC_NAME);
        expected.put(Commands.create("taken", 1, 1), RejectReason.TOPIC_ALREADY_EXISTS);
        expected.put(Commands.create("a_b", 1, 1), RejectReason.TOPIC_NAME_COLLISION);
        expected.put(
                new CreateTopic(Commands.request(), "other", taken.topic().topicId(), 1, 1, Map.of()),
                RejectReason.TOPIC_ID_IN_USE);
        expected.put(Commands.create("t", 0, 1), RejectReason.INVALID_PARTITIONS);
        expected.put(Commands.create("t", -1, 1), RejectReason.INVALID_PARTITIONS);
        expected.put(Commands.create("t", 10_001, 1), RejectReason.INVALID_PARTITIONS);
        expected.put(Commands.create("t", 1, 0), RejectReason.INVALID_REPLICATION_FACTOR);
        expected.put(Commands.create("t", 1, 3), RejectReason.INVALID_REPLICATION_FACTOR);
        expected.put(Commands.create("t", 1, 16), RejectReason.INVALID_REPLICATION_FACTOR);
        expected.put(Commands.create("t", 1, 1, Map.of("retention.ms", "x")), RejectReason.INVALID_CONFIG);
        expected.put(Commands.create("t", 1, 1, Map.of("min.insync.replicas", "2")), RejectReason.INVALID_CONFIG);
        expected.put(Commands.delete("none"), RejectReason.TOPIC_NOT_FOUND);
        expected.put(Commands.delete(""), RejectReason.TOPIC_NOT_FOUND);
        expected.put(new DeleteTopic(Commands.request(), new TopicId(new UUID(9, 9))), RejectReason.TOPIC_NOT_FOUND);
        expected.forEach(
                (command, reason) -> assertEquals(reason, rejected(command).reason(), command::toString));
        assertEquals(2, image().topics().size());
    }

    @Test
    void theClusterHasABoundOfPartitions() {
        brokers(1);
        int topics = MetadataLimits.PARTITIONS_PER_CLUSTER_MAX / MetadataLimits.PARTITIONS_PER_TOPIC_MAX;
        for (int topic = 0; topic < topics; topic++) {
            apply(Commands.create("large-" + topic, MetadataLimits.PARTITIONS_PER_TOPIC_MAX, 1));
        }
        assertEquals(MetadataLimits.PARTITIONS_PER_CLUSTER_MAX, image().partitionCount());
        assertEquals(
                RejectReason.LIMIT_EXCEEDED,
                rejected(Commands.create("one-more", 1, 1)).reason());
        apply(Commands.delete("large-0"));
        assertInstanceOf(
                MetadataReply.TopicCreated.class,
                apply(Commands.create("one-more", 1, 1)).reply());
    }

    @Test
    void aDeletedNameIsFree() {
        brokers(1);
        var first = Commands.create("a.b", 1, 1);
        apply(first);
        var deleted = apply(Commands.delete("a.b"));
        assertEquals(new MetadataReply.TopicDeleted(first.topic().topicId(), state.index()), deleted.reply());
        assertEquals(List.of(new MetadataEvent.TopicDeleted(first.topic().topicId(), "a.b")), deleted.events());
        assertTrue(image().topic("a.b").isEmpty());
        var second = Commands.create("a_b", 1, 1);
        assertInstanceOf(MetadataReply.TopicCreated.class, apply(second).reply());
        assertEquals(
                RejectReason.TOPIC_NOT_FOUND,
                rejected(new DeleteTopic(Commands.request(), first.topic().topicId()))
                        .reason());
        assertInstanceOf(
                MetadataReply.TopicDeleted.class,
                apply(new DeleteTopic(Commands.request(), second.topic().topicId()))
                        .reply());
    }

    @Test
    void topicsAreListedInTheOrderOfTheirNames() {
        brokers(1);
        List.of("b", "a-1", "c", "B", "a").forEach(name -> apply(Commands.create(name, 1, 1)));
        assertEquals(
                List.of("B", "a", "a-1", "b", "c"),
                image().topics().stream().map(topic -> topic.name()).toList());
        assertEquals(
                List.of("b", "c"),
                image().topicsAfter("a-1").stream().map(topic -> topic.name()).toList());
    }

    @Test
    void aRetryGetsTheFirstAnswerAndDoesNothing() {
        brokers(1);
        var create = Commands.create("orders", 1, 1);
        var first = apply(create).reply();
        apply(Commands.delete("orders"));
        var retry = apply(create);
        assertEquals(first, retry.reply());
        assertEquals(List.of(), retry.events());
        assertTrue(image().topic("orders").isEmpty(), "the retry did not create it again");

        var refused = Commands.create("late", 1, 2);
        var refusal = apply(refused).reply();
        brokers(2);
        assertEquals(refusal, apply(refused).reply(), "a refusal is an answer too");
    }

    @Test
    void anAnswerIsForgottenWithTheWindow() {
        brokers(1);
        var create = Commands.create("orders", 1, 1);
        apply(create);
        long answered = state.index();
        var last = MetadataMachine.apply(state, answered + MetadataLimits.REQUEST_WINDOW_ENTRIES - 1, create);
        assertInstanceOf(MetadataReply.TopicCreated.class, last.reply());
        var after = MetadataMachine.apply(state, answered + MetadataLimits.REQUEST_WINDOW_ENTRIES, create);
        assertEquals(
                RejectReason.TOPIC_ALREADY_EXISTS,
                assertInstanceOf(MetadataReply.Rejected.class, after.reply()).reason());
        assertEquals(1, after.state().requests().answers().size());
    }

    @Test
    void theIndexOnlyRises() {
        brokers(1);
        assertThrows(
                InvariantViolation.class,
                () -> MetadataMachine.apply(state, state.index(), Commands.create("orders", 1, 1)));
    }

    @Test
    void aBrokerGetsItsEpochFromTheLog() {
        var register = Commands.register(1);
        var applied = apply(register);
        assertEquals(
                new MetadataReply.BrokerRegistered(new BrokerEpoch(state.index()), state.index()), applied.reply());
        var broker = image().broker(ONE).orElseThrow();
        assertEquals(List.of(new MetadataEvent.BrokerRegistered(broker)), applied.events());
        assertEquals(Map.of("client", new Endpoint("broker-1", 7171)), broker.endpoints());

        var again = apply(Commands.register(1, register.incarnation(), false));
        assertEquals(List.of(), again.events(), "the same life registers again: nothing new");
        assertEquals(new MetadataReply.BrokerRegistered(broker.epoch(), state.index()), again.reply());

        apply(Commands.register(1));
        assertEquals(
                new BrokerEpoch(state.index()),
                image().broker(ONE).orElseThrow().epoch());
    }

    @Test
    void illegalBrokersAreRefused() {
        var good = new Endpoint("host", 7171);
        var illegal = List.of(
                registration(Optional.empty(), Map.of()),
                registration(Optional.of(" "), Map.of("client", good)),
                registration(Optional.of("r".repeat(250)), Map.of("client", good)),
                registration(Optional.empty(), Map.of("Client", good)),
                registration(Optional.empty(), Map.of("client", new Endpoint("", 7171))),
                registration(Optional.empty(), Map.of("client", new Endpoint("h".repeat(254), 7171))),
                registration(Optional.empty(), Map.of("client", new Endpoint("host", 0))),
                registration(Optional.empty(), Map.of("client", new Endpoint("host", 65_536))));
        for (var command : illegal) {
            assertEquals(RejectReason.INVALID_BROKER, rejected(command).reason(), command::toString);
        }
        assertEquals(0, image().brokers().size());
    }

    @Test
    void theClusterHasABoundOfBrokers() {
        for (int broker = 0; broker < MetadataLimits.BROKERS_MAX; broker++) {
            apply(Commands.register(broker));
        }
        assertEquals(
                RejectReason.LIMIT_EXCEEDED,
                rejected(Commands.register(MetadataLimits.BROKERS_MAX)).reason());
        assertInstanceOf(
                MetadataReply.BrokerRegistered.class,
                apply(Commands.register(0)).reply());
    }

    @Test
    void aFencedBrokerGetsNoReplicas() {
        brokers(1);
        apply(Commands.register(2, new UUID(0, 2), true));
        assertEquals(
                RejectReason.INVALID_REPLICATION_FACTOR,
                rejected(Commands.create("t", 1, 2)).reason());
        apply(Commands.create("t", 3, 1));
        image().topic("t").orElseThrow().partitions().forEach(p -> assertEquals(List.of(ONE), p.replicas()));
    }

    /// R1: what the former life had not flushed is gone, so the epoch it was written in must not go on.
    @Test
    void aRestartedLoneLeaderLeadsInANewEpoch() {
        brokers(1);
        apply(Commands.create("t", 2, 1));
        var applied = apply(Commands.register(1));
        assertEquals(3, applied.events().size());
        for (var partition : image().topic("t").orElseThrow().partitions()) {
            assertEquals(Optional.of(ONE), partition.leader());
            assertEquals(new LeaderEpoch(1), partition.leaderEpoch());
            assertEquals(1, partition.partitionEpoch());
            assertEquals(List.of(ONE), partition.inSyncReplicas());
        }
    }

    /// R10: it may not have what it had acknowledged, the others have.
    @Test
    void aRestartedBrokerLeavesTheInSyncSetAndItsLeaderships() {
        brokers(1, 2);
        apply(Commands.create("t", 2, 2));
        apply(Commands.register(1));
        for (var partition : image().topic("t").orElseThrow().partitions()) {
            boolean led = partition.replicas().getFirst().equals(ONE);
            assertEquals(List.of(TWO), partition.inSyncReplicas());
            assertEquals(Optional.of(TWO), partition.leader());
            assertEquals(new LeaderEpoch(led ? 1 : 0), partition.leaderEpoch());
            assertEquals(1, partition.partitionEpoch());
        }
    }

    @Test
    void aLoneReplicaThatComesBackFencedLeavesItsPartitionWithoutALeader() {
        brokers(1);
        apply(Commands.create("t", 1, 1));
        var incarnation = new UUID(0, 7);
        apply(Commands.register(1, incarnation, true));
        var leaderless = image().topic("t").orElseThrow().partitions().getFirst();
        assertEquals(Optional.empty(), leaderless.leader());
        assertEquals(List.of(ONE), leaderless.inSyncReplicas());
        apply(Commands.register(1, incarnation, false));
        var led = image().topic("t").orElseThrow().partitions().getFirst();
        assertEquals(Optional.of(ONE), led.leader());
        assertEquals(new LeaderEpoch(2), led.leaderEpoch());
    }

    @Test
    void aDryRunAnswersAndChangesNothing() {
        brokers(1);
        var image = image();
        assertInstanceOf(MetadataReply.TopicCreated.class, image.dryRun(Commands.create("t", 1, 1)));
        assertInstanceOf(MetadataReply.Rejected.class, image.dryRun(Commands.create("t", 1, 2)));
        assertTrue(image.topic("t").isEmpty());
    }

    @Test
    void refusalsAreBounded() {
        var configs = new HashMap<String, String>();
        for (int i = 0; i < 1_000; i++) {
            configs.put("unknown-\ud83d\ude00-" + i, "x");
        }
        var refusal = rejected(Commands.create("t", 1, 1, configs));
        assertTrue(refusal.message().length() <= MetadataLimits.REJECT_MESSAGE_CHARS_MAX);
    }

    private static RegisterBroker registration(Optional<String> rack, Map<String, Endpoint> endpoints) {
        return new RegisterBroker(Commands.request(), ONE, new UUID(0, 1), rack, endpoints, false);
    }

    private void brokers(int... ids) {
        for (int id : ids) {
            assertInstanceOf(
                    MetadataReply.BrokerRegistered.class,
                    apply(Commands.register(id)).reply());
        }
    }

    private MetadataImage image() {
        return MetadataImage.of(state);
    }

    private Applied apply(MetadataCommand command) {
        var applied = MetadataMachine.apply(state, state.index() + 1, command);
        state = applied.state();
        return applied;
    }

    private MetadataReply.Rejected rejected(MetadataCommand command) {
        return assertInstanceOf(MetadataReply.Rejected.class, apply(command).reply(), command::toString);
    }
}
