package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.AlterReassignmentsRequest;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DescribeReplicasRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ListReassignmentsRequest;
import io.weirlog.v1.LocalReplica;
import io.weirlog.v1.MoveResult;
import io.weirlog.v1.Partition;
import io.weirlog.v1.PartitionMove;
import io.weirlog.v1.PartitionRef;
import io.weirlog.v1.Replicas;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ReassignmentTest {
    private static final int VALUE_BYTES = 60_000;
    private static final int VALUES = 20;
    private static final long BYTES_PER_SECOND = 256 * 1024;

    @TempDir
    private Path folder;

    /// Brokers 1 and 2 have a topic that is written to all the time, and broker 2 is to get another one as well: the
    /// same stream carries both.
    @Test
    void whatIsAddedIsThrottledAndWhatIsInSyncIsNot() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 1)
                .with(ConfigKeys.REASSIGNMENT_BYTES_PER_SECOND, Long.toString(BYTES_PER_SECOND))) {
            cluster.start(1, 2, 3);
            create(cluster, "busy", 1, 2);
            create(cluster, "large", 1);
            for (int i = 0; i < VALUES; i++) {
                append(cluster, "large", "x".repeat(VALUE_BYTES));
            }
            await(() -> describe(cluster, "busy").getInSyncReplicasCount() == 2);
            long begunNanos = System.nanoTime();
            assertFalse(move(cluster, "large", true, 2).hasProblem());
            long slowestNanos = 0;
            int appends = 0;
            while (!cluster.node(1)
                    .admin()
                    .listReassignments(ListReassignmentsRequest.getDefaultInstance())
                    .getReassignmentsList()
                    .isEmpty()) {
                long beforeNanos = System.nanoTime();
                append(cluster, "busy", "y");
                slowestNanos = Math.max(slowestNanos, System.nanoTime() - beforeNanos);
                appends++;
                assertEquals(2, describe(cluster, "busy").getInSyncReplicasCount());
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos);
            long leastMillis = (VALUES * VALUE_BYTES - 2 * BYTES_PER_SECOND) * 1_000L / BYTES_PER_SECOND;
            assertTrue(millis >= leastMillis, millis + " ms, at least " + leastMillis);
            long slowestMillis = TimeUnit.NANOSECONDS.toMillis(slowestNanos);
            assertTrue(
                    slowestMillis < 1_000, slowestMillis + " ms for one of " + appends + " appends to those in sync");
            await(() -> replicas(cluster, 2, "large").getFirst().getLeading());
            assertEquals(VALUES, replicas(cluster, 2, "large").getFirst().getLogEndOffset());
        }
    }

    @Test
    void aMoveUnderWayIsKeptSeenAndCalledOff() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 1).with(ConfigKeys.REASSIGNMENT_BYTES_PER_SECOND, "1KiB")) {
            cluster.start(1, 2, 3);
            create(cluster, "large", 1);
            for (int i = 0; i < VALUES; i++) {
                append(cluster, "large", "x".repeat(VALUE_BYTES));
            }
            assertFalse(move(cluster, "large", true, 2).hasProblem());
            await(() -> replicas(cluster, 2, "large").stream().anyMatch(replica -> replica.getLogEndOffset() > 0));
            var ongoing = cluster.node(3)
                    .admin()
                    .listReassignments(ListReassignmentsRequest.getDefaultInstance())
                    .getReassignments(0);
            assertEquals(List.of(2), ongoing.getAddingReplicasList());
            assertEquals(List.of(1), ongoing.getRemovingReplicasList());
            assertEquals(
                    ErrorReason.ERROR_REASON_REASSIGNMENT_IN_PROGRESS,
                    move(cluster, "large", true, 3).getProblem().getReason());
            // A broker that comes back goes on.
            cluster.stop(2);
            cluster.start(2);
            await(() -> !replicas(cluster, 2, "large").isEmpty());
            assertEquals(List.of(1, 2), describe(cluster, "large").getReplicasList());
            assertTrue(replicas(cluster, 1, "large").getFirst().getLeading());
            assertFalse(move(cluster, "large", true).hasProblem(), "called off");
            assertEquals(List.of(1), describe(cluster, "large").getReplicasList());
            await(() -> replicas(cluster, 2, "large").isEmpty());
            assertEquals(
                    ErrorReason.ERROR_REASON_NO_REASSIGNMENT,
                    move(cluster, "large", true).getProblem().getReason());
            assertEquals(
                    ErrorReason.ERROR_REASON_UNKNOWN_BROKER,
                    move(cluster, "large", false, 9).getProblem().getReason());
            assertEquals(
                    ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                    move(cluster, "none", false, 1).getProblem().getReason());
        }
    }

    private static void create(TestCluster cluster, String topic, Integer... replicas) {
        cluster.node(1)
                .admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .addReplicas(Replicas.newBuilder().addAllBrokerIds(Arrays.asList(replicas)))
                        .build());
    }

    private static void append(TestCluster cluster, String topic, String value) {
        var result = cluster.node(1).append(topic, 0, value).getFirst();
        assertTrue(result.hasAppended(), result::toString);
    }

    /// To nowhere: called off.
    private static MoveResult move(TestCluster cluster, String topic, boolean onlySettled, Integer... target) {
        var move = PartitionMove.newBuilder().setTopic(topic);
        if (target.length > 0) {
            move.setTarget(Replicas.newBuilder().addAllBrokerIds(Arrays.asList(target)));
        }
        return cluster.node(3)
                .admin()
                .alterReassignments(AlterReassignmentsRequest.newBuilder()
                        .addMoves(move)
                        .setOnlySettled(onlySettled)
                        .build())
                .getResults(0);
    }

    private static Partition describe(TestCluster cluster, String topic) {
        return cluster.node(3)
                .admin()
                .describeTopic(DescribeTopicRequest.newBuilder().setName(topic).build())
                .getTopic()
                .getPartitions(0);
    }

    private static List<LocalReplica> replicas(TestCluster cluster, int node, String topic) {
        return cluster.node(node)
                .admin()
                .describeReplicas(DescribeReplicasRequest.newBuilder()
                        .addPartitions(PartitionRef.newBuilder().setTopic(topic))
                        .build())
                .getReplicasList();
    }
}
