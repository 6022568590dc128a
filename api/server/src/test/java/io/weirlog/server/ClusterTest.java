package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.v1.CreatePartitionsRequest;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.HashMetadataRequest;
import io.weirlog.v1.ListTopicsRequest;
import io.weirlog.v1.Partition;
import io.weirlog.v1.Problem;
import io.weirlog.v1.RemoveControllerRequest;
import io.weirlog.v1.Topic;
import io.weirlog.v1.TopicSummary;
import io.weirlog.wire.Problems;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Several nodes are one cluster: any of them answers for all.
@Timeout(120)
class ClusterTest {
    @TempDir
    private Path folder;

    @Test
    void anyNodeAnswersForAll() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 3)) {
            cluster.start(1, 2, 3);
            for (int id = 1; id <= 3; id++) {
                // What a node has created, it shows at once, and its leaders can be written to at once.
                create(cluster.node(id), "topic-" + id, 3, 1);
                assertTrue(names(cluster.node(id)).contains("topic-" + id));
                writeToAll(cluster, describe(cluster.node(id), "topic-" + id), "hello");
            }
            await(() ->
                    names(cluster.node(1)).size() == 3 && names(cluster.node(2)).size() == 3);
            cluster.node(3)
                    .admin()
                    .deleteTopic(
                            DeleteTopicRequest.newBuilder().setName("topic-1").build());
            assertEquals(List.of("topic-2", "topic-3"), names(cluster.node(3)));
            await(() -> names(cluster.node(1)).size() == 2);
        }
    }

    @Test
    void aStoppedNodeComesBackWithWhatItHad() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 3)) {
            cluster.start(1, 2, 3);
            create(cluster.node(1), "events", 6, 1);
            var topic = describe(cluster.node(1), "events");
            assertEquals(
                    3,
                    new HashSet<>(topic.getPartitionsList().stream()
                                    .map(one -> one.getReplicas(0))
                                    .toList())
                            .size());
            writeToAll(cluster, topic, "before");
            for (int id = 1; id <= 3; id++) {
                int gone = id;
                int other = id % 3 + 1;
                cluster.stop(id);
                // Stopped in an orderly way, it is out of service when its process ends.
                await(() -> isFenced(cluster.node(other), gone));
                create(cluster.node(other), "while-" + id + "-was-gone", 2, 1);
                cluster.start(id);
                assertTrue(!isFenced(cluster.node(id), id));
                assertTrue(names(cluster.node(id)).contains("while-" + id + "-was-gone"));
                for (var partition : describe(cluster.node(id), "events").getPartitionsList()) {
                    if (partition.getReplicas(0) == id) {
                        assertEquals(List.of("before"), cluster.node(id).values("events", partition.getPartition()));
                    }
                }
            }
            writeToAll(cluster, describe(cluster.node(1), "events"), "after");
        }
    }

    /// A node that is no voter follows the metadata and proposes through those who are.
    @Test
    void aBrokerNeedNotVote() throws Exception {
        try (var cluster = new TestCluster(folder, 2, 1)) {
            cluster.start(1, 2);
            for (int id = 1; id <= 2; id++) {
                create(cluster.node(id), "topic-" + id, 4, 1);
                var topic = describe(cluster.node(id), "topic-" + id);
                assertEquals(
                        2,
                        new HashSet<>(topic.getPartitionsList().stream()
                                        .map(one -> one.getLeader().getBrokerId())
                                        .toList())
                                .size());
                writeToAll(cluster, topic, "hello");
            }
            cluster.stop(1);
            assertThrows(
                    StatusRuntimeException.class,
                    () -> cluster.node(2)
                            .admin()
                            .withDeadlineAfter(2, TimeUnit.SECONDS)
                            .deleteTopic(DeleteTopicRequest.newBuilder()
                                    .setName("topic-1")
                                    .build()));
            cluster.start(1);
            await(() -> !isFenced(cluster.node(1), 2));
            await(() -> describe(cluster.node(2), "topic-2").getPartitionsList().stream()
                    .allMatch(Partition::hasLeader));
            writeToAll(cluster, describe(cluster.node(2), "topic-2"), "again");
        }
    }

    @Test
    void aSecondProcessOfALivingBrokerIsRefused() throws Exception {
        try (var cluster = new TestCluster(folder, 2, 1)) {
            cluster.start(1, 2);
            var config = cluster.config(2);
            var twin = new TestCluster(folder.resolve("elsewhere"), 2, 1).config(2);
            var impostor = new NodeConfig(
                    config.nodeId(),
                    config.roles(),
                    config.clusterId(),
                    twin.dataDir(),
                    twin.network(),
                    config.cluster(),
                    config.limits(),
                    config.shutdownGrace(),
                    twin.logs(),
                    config.loggingFormat(),
                    config.topicDefaults());
            var refused = assertThrows(
                    NodeStartException.class, () -> Node.start(impostor).close());
            assertTrue(String.valueOf(refused.getMessage()).contains("another process is in service as broker 2"));
            assertTrue(!isFenced(cluster.node(1), 2));
        }
    }

    @Test
    void severalReplicasAreWrittenTo() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 3)) {
            cluster.start(1, 2, 3);
            create(cluster.node(1), "copied", 3, 3);
            writeToAll(cluster, describe(cluster.node(1), "copied"), "one");
        }
    }

    @Test
    void leadershipsComeBackToABrokerThatWasAway() throws Exception {
        try (var cluster =
                new TestCluster(folder, 3, 3).with(ConfigKeys.LEADER_IMBALANCE_CHECK_INTERVAL_SECONDS, "1")) {
            cluster.start(1, 2, 3);
            create(cluster.node(1), "balanced", 6, 3);
            cluster.stop(3);
            await(() -> describe(cluster.node(1), "balanced").getPartitionsList().stream()
                    .noneMatch(one -> one.getLeader().getBrokerId() == 3));
            cluster.start(3);
            await(() -> describe(cluster.node(1), "balanced").getPartitionsList().stream()
                    .allMatch(one -> one.getLeader().getBrokerId() == one.getReplicas(0)));
            writeToAll(cluster, describe(cluster.node(1), "balanced"), "one");
        }
    }

    @Test
    void newPartitionsCanBeWrittenToAtOnce() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 3)) {
            cluster.start(1, 2, 3);
            create(cluster.node(1), "growing", 1, 3);
            for (int count = 4; count <= 16; count += 4) {
                var grown = cluster.node(1 + count % 3)
                        .admin()
                        .createPartitions(CreatePartitionsRequest.newBuilder()
                                .setName("growing")
                                .setPartitions(count)
                                .build())
                        .getTopic();
                assertEquals(count, grown.getPartitionsCount());
                writeToAll(cluster, grown, "one");
            }
        }
    }

    /// It is not in the log any more, and goes on as a mere broker: it follows those who are left.
    @Test
    void aRemovedControllerFollowsTheOthers() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 3)) {
            cluster.start(1, 2, 3);
            for (int gone : new int[] {3, 2}) {
                await(() -> removed(cluster.node(gone), gone));
                await(() -> cluster
                        .node(gone)
                        .cluster()
                        .describeCluster(DescribeClusterRequest.getDefaultInstance())
                        .getControllersList()
                        .stream()
                        .noneMatch(controller -> controller.getNodeId() == gone));
                for (int id = 1; id <= 3; id++) {
                    create(cluster.node(id), "without-" + gone + "-by-" + id, 3, 3);
                    writeToAll(cluster, describe(cluster.node(id), "without-" + gone + "-by-" + id), "one");
                }
                await(() -> names(cluster.node(gone)).equals(names(cluster.node(1))));
            }
            var hashes = IntStream.rangeClosed(1, 3)
                    .mapToObj(id -> cluster.node(id)
                            .quorum()
                            .hashMetadata(HashMetadataRequest.getDefaultInstance())
                            .getNodeId())
                    .toList();
            assertEquals(List.of(1, 1, 1), hashes, "only a controller can tell");
            assertTrue(!isFenced(cluster.node(1), 2) && !isFenced(cluster.node(1), 3));
        }
    }

    /// An active controller that is to remove itself hands over first, and asks to be asked again.
    private static boolean removed(TestNode node, int controller) {
        try {
            var voters = node.quorum()
                    .removeController(RemoveControllerRequest.newBuilder()
                            .setNodeId(controller)
                            .build())
                    .getVoterNodeIdsList();
            assertTrue(!voters.contains(controller), voters::toString);
            return true;
        } catch (StatusRuntimeException e) {
            assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode(), e::toString);
            return false;
        }
    }

    private static void create(TestNode node, String topic, int partitions, int replicationFactor) {
        node.admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .setPartitions(partitions)
                        .setReplicationFactor(replicationFactor)
                        .build());
    }

    private static void writeToAll(TestCluster cluster, Topic topic, String value) {
        for (Partition partition : topic.getPartitionsList()) {
            int leader = partition.getLeader().getBrokerId();
            var result = cluster.node(leader)
                    .append(topic.getName(), partition.getPartition(), value)
                    .getFirst();
            assertTrue(result.hasAppended(), result::toString);
            int other = leader % 2 + 1 == leader ? 1 : leader % 2 + 1;
            var problem = refused(cluster.node(other), topic.getName(), partition.getPartition());
            assertEquals(ErrorReason.ERROR_REASON_NOT_LEADER, problem.getReason(), problem::toString);
            assertEquals(
                    cluster.node(leader).node.clientAddress(),
                    problem.getMetadataMap().get("leader_address"));
        }
    }

    private static Problem refused(TestNode node, String topic, int partition) {
        return Problems.fromThrowable(
                assertThrows(StatusRuntimeException.class, () -> node.appendToLeader(topic, partition, "one")));
    }

    private static Topic describe(TestNode node, String name) {
        return node.admin()
                .describeTopic(DescribeTopicRequest.newBuilder().setName(name).build())
                .getTopic();
    }

    private static List<String> names(TestNode node) {
        return node.admin().listTopics(ListTopicsRequest.getDefaultInstance()).getTopicsList().stream()
                .map(TopicSummary::getName)
                .toList();
    }

    private static boolean isFenced(TestNode node, int broker) {
        return node.cluster().describeCluster(DescribeClusterRequest.getDefaultInstance()).getBrokersList().stream()
                .anyMatch(one -> one.getBrokerId() == broker && one.getFenced());
    }
}
