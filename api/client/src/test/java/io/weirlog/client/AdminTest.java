package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdminTest {
    private final InMemoryBroker broker = InMemoryBroker.start();
    private final WeirlogClient client = WeirlogClient.connect(broker.address());
    private final Admin admin = client.admin();

    @AfterEach
    void close() {
        client.close();
        broker.close();
    }

    @Test
    void createsAndDescribesATopic() {
        var created = admin.createTopic(new NewTopic("t", 3, 1, Map.of("retention.ms", "1000")));
        var described = admin.describeTopic("t");
        assertEquals(created.id(), described.id());
        assertEquals(List.of(new TopicConfig("retention.ms", "1000", true)), described.configs());
        assertEquals(3, described.partitions().size());
        var partition = described.partitions().get(2);
        assertEquals(2, partition.partition());
        assertEquals(
                Optional.of(new LeaderDescription(new BrokerId(1), new LeaderEpoch(3), broker.address())),
                partition.leader());
        assertEquals(List.of(new BrokerId(1)), partition.replicas());
        assertEquals(List.of(new BrokerId(1)), partition.inSyncReplicas());
        assertEquals(OptionalLong.of(0), partition.highWatermark());
        assertEquals(OptionalLong.empty(), partition.sizeBytes());
    }

    @Test
    void leavesDefaultsToTheCluster() {
        admin.createTopic(NewTopic.named("t").withConfig("a", "b"));
        assertEquals(1, admin.describeTopic("t").partitions().size());
    }

    @Test
    void listsAllPages() {
        for (var name : List.of("a", "b", "c", "d", "e")) {
            admin.createTopic(NewTopic.named(name).withPartitions(2));
        }
        assertEquals(
                List.of("a", "b", "c", "d", "e"),
                admin.listTopics().stream().map(TopicListing::name).toList());
        assertEquals(2, admin.listTopics().get(0).partitions());
    }

    private static void refused(ErrorReason reason, Runnable call) {
        var failure = assertThrows(WeirlogException.class, call::run);
        assertEquals(reason, failure.reason());
        assertTrue(failure.outcome().isEmpty());
    }

    @Test
    void tellsWhatIsWrong() {
        admin.createTopic(NewTopic.named("t"));
        refused(ErrorReason.ERROR_REASON_TOPIC_EXISTS, () -> admin.createTopic(NewTopic.named("t")));
        refused(ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, () -> admin.describeTopic("none"));
        refused(ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, () -> admin.deleteTopic("none"));
        refused(ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, () -> admin.listOffsets("none", StartAt.latest()));
        refused(
                ErrorReason.ERROR_REASON_UNKNOWN_PARTITION,
                () -> admin.listOffsets(List.of(new PartitionRef("t", 5)), StartAt.latest()));
    }

    @Test
    void deletesOnlyTheTopicThatIsMeant() {
        var first = admin.createTopic(NewTopic.named("t")).id();
        admin.deleteTopic("t", first);
        var second = admin.createTopic(NewTopic.named("t")).id();
        refused(ErrorReason.ERROR_REASON_TOPIC_ID_MISMATCH, () -> admin.deleteTopic("t", first));
        assertEquals(second, admin.describeTopic("t").id());
        admin.deleteTopic("t");
        assertEquals(List.of(), admin.listTopics());
    }

    @Test
    void describesTheCluster() {
        var cluster = admin.describeCluster();
        assertEquals(InMemoryBroker.CLUSTER_ID, cluster.clusterId());
        assertEquals(new BrokerId(1), cluster.node());
        assertEquals(
                List.of(new BrokerDescription(new BrokerId(1), broker.address(), "", false, false, 0, 0, 0)),
                cluster.brokers());
    }

    @Test
    void looksUpOffsets() {
        admin.createTopic(NewTopic.named("t").withPartitions(2));
        try (var producer = client.producer()) {
            for (var i = 0; i < 10; i++) {
                producer.send(ProducerRecord.of("t", "v").toPartition(1).at(1_000L * i))
                        .join();
            }
        }
        broker.deleteBefore("t", 1, 3);
        assertEquals(List.of(0L, 3L), offsets(StartAt.earliest()));
        assertEquals(List.of(0L, 10L), offsets(StartAt.latest()));
        assertEquals(List.of(-1L, 7L), offsets(StartAt.timestamp(Instant.ofEpochSecond(7))));
        assertEquals(List.of(-1L, -1L), offsets(StartAt.timestamp(Instant.ofEpochSecond(70))));
    }

    @Test
    void deletesRecordsAndTellsOfEachPartition() {
        admin.createTopic(NewTopic.named("t").withPartitions(2));
        try (var producer = client.producer()) {
            for (var i = 0; i < 10; i++) {
                producer.send(ProducerRecord.of("t", "v").toPartition(i % 2)).join();
            }
        }
        var elsewhere = Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_NOT_LEADER,
                "led elsewhere",
                Map.of("leader_address", broker.address()));
        broker.refuseDeletions(elsewhere, elsewhere);
        var zero = new PartitionRef("t", 0);
        var one = new PartitionRef("t", 1);
        var missing = new PartitionRef("t", 2);
        var outcomes = admin.deleteRecords(Map.of(zero, 3L, one, 6L, missing, 1L));
        assertEquals(List.of(zero, one, missing), List.copyOf(outcomes.keySet()));
        assertEquals(new DeletionOutcome.Begins(3), outcomes.get(zero));
        assertEquals(ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE, why(outcomes.get(one)));
        assertEquals(ErrorReason.ERROR_REASON_UNKNOWN_PARTITION, why(outcomes.get(missing)));
        assertEquals(List.of(3L, 0L), offsets(StartAt.earliest()));
        assertEquals(Map.of(zero, new DeletionOutcome.Begins(3)), admin.deleteRecords(Map.of(zero, 1L)));
        assertEquals(Map.of(), admin.deleteRecords(Map.of()));
    }

    private static ErrorReason why(@Nullable DeletionOutcome outcome) {
        return assertInstanceOf(DeletionOutcome.Refused.class, outcome).why().reason();
    }

    private List<Long> offsets(StartAt position) {
        return admin.listOffsets("t", position).stream()
                .map(found -> found.offset().orElse(-1))
                .toList();
    }

    @Test
    void asksTheNextBrokerWhenOneIsNotThere() {
        try (var both = WeirlogClient.connect("127.0.0.1:1", broker.address())) {
            assertEquals(
                    InMemoryBroker.CLUSTER_ID, both.admin().describeCluster().clusterId());
        }
    }

    @Test
    void tellsAtOnceWhenNoBrokerIsThere() {
        try (var lost = WeirlogClient.builder()
                .bootstrap("127.0.0.1:1", "127.0.0.1:2")
                .requestTimeout(Duration.ofMinutes(5))
                .build()) {
            var failure =
                    assertThrows(WeirlogException.class, () -> lost.admin().listTopics());
            assertEquals(Status.Code.UNAVAILABLE, failure.code());
            assertTrue(
                    failure.getMessage().contains("is a broker running there?")
                            && failure.getMessage().contains("Connection refused"),
                    failure.getMessage());
        }
    }

    @Test
    void aTopicJustCreatedIsKnownThoughTheBrokerLagsBehind() {
        admin.createTopic(NewTopic.named("t"));
        broker.lagMetadata(3);
        try (var producer = client.producer()) {
            assertEquals(OptionalLong.of(0), producer.send("t", "a").join().offset());
        }
    }
}
