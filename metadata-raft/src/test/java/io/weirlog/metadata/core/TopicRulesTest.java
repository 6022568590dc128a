package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.PartitionImage;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// Many topics in one command, replicas that somebody chose, and topics that grow.
class TopicRulesTest {
    private final Cluster cluster = new Cluster();
    private long ids;

    @Test
    void eachTopicOfABatchIsDecidedByItself() {
        cluster.register(1);
        var created = cluster.accepted(new MetadataCommand.CreateTopics(
                Commands.request(), List.of(topic("t", 2), topic("t", 2), topic("u", 0), topic("v", 1))));
        assertEquals(
                new MetadataReply.Batch(
                        List.of(
                                new ItemResult.Accepted(),
                                new ItemResult.Refused(RejectReason.TOPIC_ALREADY_EXISTS, "topic \"t\" exists already"),
                                new ItemResult.Refused(
                                        RejectReason.INVALID_PARTITIONS, "a topic has 1 to 10000 partitions, not 0"),
                                new ItemResult.Accepted()),
                        cluster.state().index()),
                created.reply());
        assertEquals(3, cluster.state().topics().partitionCount());
        var deleted = cluster.accepted(new MetadataCommand.DeleteTopics(
                Commands.request(),
                List.of(new TopicRef.ById(cluster.topic().id()), new TopicRef.ByName("t"), new TopicRef.ByName("v"))));
        assertEquals(
                new MetadataReply.Batch(
                        List.of(
                                new ItemResult.Accepted(),
                                new ItemResult.Refused(RejectReason.TOPIC_NOT_FOUND, "there is no topic \"t\""),
                                new ItemResult.Accepted()),
                        cluster.state().index()),
                deleted.reply());
        assertEquals(0, cluster.state().topics().partitionCount());
    }

    @Test
    void aBatchIsBounded() {
        cluster.register(1);
        var tooMany = Collections.nCopies(MetadataLimits.TOPICS_PER_COMMAND_MAX + 1, topic("t", 1));
        assertEquals(
                RejectReason.LIMIT_EXCEEDED,
                cluster.rejection(new MetadataCommand.CreateTopics(Commands.request(), tooMany))
                        .reason());
    }

    @Test
    void chosenReplicasAreTaken() {
        cluster.register(1, 2, 3);
        cluster.fence(3);
        cluster.accepted(new MetadataCommand.CreateTopic(
                Commands.request(), new NewTopic("t", id(), 2, 2, List.of(brokers(2, 1), brokers(3, 2)), Map.of())));
        assertEquals(List.of(brokers(2, 1), brokers(3, 2)), replicas());
        cluster.assertPartition("leader 2, epoch 0, change 0, in sync [2, 1], eligible []");
        var second = cluster.topic().partitions().get(1);
        assertEquals(brokers(2), second.inSyncReplicas(), "3 is out of service");
    }

    @Test
    void chosenReplicasMustFit() {
        cluster.register(1, 2);
        cluster.fence(2);
        var rejection = cluster.rejection(new MetadataCommand.CreateTopic(
                Commands.request(),
                new NewTopic(
                        "t", id(), 5, 2, List.of(brokers(1), brokers(1, 1), brokers(1, 9), brokers(2, 8)), Map.of())));
        assertEquals(RejectReason.INVALID_REPLICAS, rejection.reason());
        assertEquals(
                "replicas are given for 4 partitions, not for 5; "
                        + "partition 0 needs 2 replicas on as many brokers, not [1]; "
                        + "partition 1 needs 2 replicas on as many brokers, not [1, 1]; "
                        + "partition 2: there is no broker 9; partition 3: there is no broker 8; "
                        + "partition 3: none of its brokers is live",
                rejection.message());
    }

    @Test
    void aTopicGrowsEvenly() {
        cluster.register(1, 2, 3, 4);
        cluster.create("t", 2, Map.of());
        var first = cluster.partition();
        cluster.accepted(grow(8));
        assertEquals(first, cluster.partition(), "what there was stays");
        assertEquals(8, cluster.topic().partitions().size());
        assertEquals(8, cluster.state().topics().partitionCount());
        for (int broker = 1; broker <= 4; broker++) {
            assertEquals(new BrokerLoad(4, 2), cluster.state().load(new BrokerId(broker)));
        }
    }

    @Test
    void aTopicGrowsWhereItIsTold() {
        cluster.register(1, 2, 3);
        cluster.create("t", 2, Map.of());
        cluster.accepted(grow(3, List.of(brokers(3, 1), brokers(2, 3))));
        assertEquals(List.of(brokers(3, 1), brokers(2, 3)), replicas().subList(1, 3));
        var rejection = cluster.rejection(grow(4, List.of(brokers(3, 1, 2))));
        assertEquals("partition 3 needs 2 replicas on as many brokers, not [3, 1, 2]", rejection.message());
    }

    @Test
    void aTopicOnlyGrows() {
        cluster.register(1);
        cluster.create("t", 1, Map.of());
        for (int partitions : List.of(-1, 0, 1)) {
            assertEquals(
                    "topic \"t\" has 1 partitions: it can have more, not " + partitions,
                    cluster.rejection(grow(partitions)).message());
        }
        assertEquals(
                RejectReason.INVALID_PARTITIONS,
                cluster.rejection(grow(MetadataLimits.PARTITIONS_PER_TOPIC_MAX + 1))
                        .reason());
        cluster.fence(1);
        assertEquals(
                RejectReason.INVALID_REPLICATION_FACTOR,
                cluster.rejection(grow(2)).reason());
    }

    private static MetadataCommand grow(int partitions) {
        return grow(partitions, List.of());
    }

    private static MetadataCommand grow(int partitions, List<List<BrokerId>> replicas) {
        return new MetadataCommand.CreatePartitions(Commands.request(), new TopicRef.ByName("t"), partitions, replicas);
    }

    private NewTopic topic(String name, int partitions) {
        return new NewTopic(name, id(), partitions, 1, Map.of());
    }

    private TopicId id() {
        return new TopicId(new UUID(11, ids++));
    }

    private static List<BrokerId> brokers(int... ids) {
        return Arrays.stream(ids).mapToObj(BrokerId::new).toList();
    }

    private List<List<BrokerId>> replicas() {
        return cluster.topic().partitions().stream()
                .map(PartitionImage::replicas)
                .toList();
    }
}
