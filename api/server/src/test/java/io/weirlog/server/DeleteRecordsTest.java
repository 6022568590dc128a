package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DeletedRecords;
import io.weirlog.v1.DescribeReplicasRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.LocalReplica;
import io.weirlog.v1.PartitionRef;
import io.weirlog.v1.Replicas;
import io.weirlog.v1.StartPosition;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Three brokers, a topic on all of them.
@Timeout(120)
class DeleteRecordsTest {
    private static final String TOPIC = "orders";

    @TempDir
    private Path folder;

    @Test
    void whatIsDeletedIsGoneEverywhereAlsoAfterARestart() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 1)) {
            cluster.start(1, 2, 3);
            cluster.node(1)
                    .admin()
                    .createTopic(CreateTopicRequest.newBuilder()
                            .setName(TOPIC)
                            .addReplicas(Replicas.newBuilder().addAllBrokerIds(List.of(2, 1, 3)))
                            .build());
            for (int i = 0; i < 10; i++) {
                assertTrue(cluster.node(2)
                        .append(TOPIC, 0, "value " + i)
                        .getFirst()
                        .hasAppended());
            }
            var elsewhere = delete(cluster, 1, before(6));
            assertEquals(6, begin(elsewhere), "passed on to the leader");
            assertEquals(2, elsewhere.getLeader().getBrokerId());
            assertEquals(6, begin(delete(cluster, 2, before(6))));
            assertEquals(6, begin(delete(cluster, 2, before(5))), "nothing was to be done");
            for (int id = 1; id <= 3; id++) {
                int node = id;
                await(() -> replica(cluster, node).getLogStartOffset() == 6);
            }
            assertEquals(6, earliest(cluster));
            cluster.stop(2);
            cluster.start(2);
            await(() -> readable(cluster, 6) == 4);
            for (int id = 1; id <= 3; id++) {
                assertEquals(6, replica(cluster, id).getLogStartOffset(), "broker " + id);
            }
            assertEquals(6, earliest(cluster));
            assertEquals(10, begin(delete(cluster, leader(cluster), highWatermark())));
            assertEquals(10, earliest(cluster));
        }
    }

    private static DeleteRecordsPartition.Builder before(long offset) {
        return DeleteRecordsPartition.newBuilder().setTopic(TOPIC).setOffset(offset);
    }

    private static DeleteRecordsPartition.Builder highWatermark() {
        return DeleteRecordsPartition.newBuilder()
                .setTopic(TOPIC)
                .setHighWatermark(DeleteRecordsPartition.HighWatermark.getDefaultInstance());
    }

    private static DeletedRecords delete(TestCluster cluster, int node, DeleteRecordsPartition.Builder wanted) {
        return cluster.node(node)
                .admin()
                .deleteRecords(
                        DeleteRecordsRequest.newBuilder().addPartitions(wanted).build())
                .getResults(0);
    }

    private static long begin(DeletedRecords deleted) {
        assertFalse(deleted.hasProblem(), deleted::toString);
        return deleted.getLogStartOffset();
    }

    private static int leader(TestCluster cluster) {
        return cluster.node(1)
                .admin()
                .describeTopic(DescribeTopicRequest.newBuilder().setName(TOPIC).build())
                .getTopic()
                .getPartitions(0)
                .getLeader()
                .getBrokerId();
    }

    private static int readable(TestCluster cluster, long from) {
        int leader = leader(cluster);
        return leader == 0
                ? 0
                : cluster.node(leader).fetch(TOPIC, 0, from).getRecords().getRecordsCount();
    }

    private static LocalReplica replica(TestCluster cluster, int node) {
        return cluster.node(node)
                .admin()
                .describeReplicas(DescribeReplicasRequest.newBuilder()
                        .addPartitions(PartitionRef.newBuilder().setTopic(TOPIC))
                        .build())
                .getReplicas(0);
    }

    private static long earliest(TestCluster cluster) {
        var request = ListOffsetsRequest.newBuilder()
                .addPartitions(ListOffsetsPartition.newBuilder()
                        .setTopic(TOPIC)
                        .setPosition(
                                StartPosition.newBuilder().setEarliest(StartPosition.Earliest.getDefaultInstance())))
                .build();
        for (int node = 1; node <= 3; node++) {
            var listed = cluster.node(node).consumer().listOffsets(request).getOffsets(0);
            if (!listed.hasProblem()) {
                return listed.getOffset();
            }
        }
        throw new AssertionError("nobody leads the partition");
    }
}
