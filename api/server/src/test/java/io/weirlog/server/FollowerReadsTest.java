package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.AlterReassignmentsRequest;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.PartitionMove;
import io.weirlog.v1.Replicas;
import io.weirlog.v1.Routing;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Broker 1 in rack a leads, 2 in rack b follows, 3 in rack c is being added for ever.
@Timeout(120)
class FollowerReadsTest {
    @TempDir
    private Path folder;

    private TestCluster start() throws Exception {
        var cluster = new TestCluster(folder, 3, 1).with(ConfigKeys.REASSIGNMENT_BYTES_PER_SECOND, "1KiB");
        cluster.with(ConfigKeys.BROKER_RACK, "a").start(1);
        cluster.with(ConfigKeys.BROKER_RACK, "b").start(2);
        cluster.with(ConfigKeys.BROKER_RACK, "c").start(3);
        cluster.node(1)
                .admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName("t")
                        .addReplicas(replicas(1, 2))
                        .build());
        for (int i = 0; i < 3; i++) {
            append(cluster, "value " + i);
        }
        return cluster;
    }

    @Test
    void aFollowerServesItsRackUpToTheWatermarkItKnows() throws Exception {
        try (var cluster = start()) {
            var atLeader = fetch(cluster, 1, 0, "b");
            assertEquals(
                    3, atLeader.getRecords().getRecordsCount(), "whoever does not go there is served all the same");
            assertEquals(2, atLeader.getPreferredReplica().getBrokerId());
            assertEquals(
                    cluster.node(2).node.clientAddress(),
                    atLeader.getPreferredReplica().getAddress());
            for (var rack : List.of("", "a", "c", "d")) {
                assertFalse(fetch(cluster, 1, 0, rack).hasPreferredReplica(), rack);
            }
            await(() -> fetch(cluster, 2, 0, "b").getRecords().getRecordsCount() == 3);
            var atFollower = fetch(cluster, 2, 1, "b");
            assertEquals(
                    "value 1", atFollower.getRecords().getRecords(0).getValue().toStringUtf8());
            assertEquals(3, atFollower.getHighWatermark());
            assertFalse(atFollower.hasPreferredReplica(), "only leaders tell");
            assertNotLeader(fetch(cluster, 2, 0, ""));
            assertNotLeader(fetch(cluster, 2, 4, "b"));
            assertNotLeader(fetch(cluster, 3, 0, "c"));
        }
    }

    @Test
    void whoWaitsAtAFollowerIsWokenByItsWatermark() throws Exception {
        try (var cluster = start()) {
            await(() -> fetch(cluster, 2, 3, "b").getHighWatermark() == 3);
            var waiting = CompletableFuture.supplyAsync(
                    () -> fetch(
                            cluster,
                            2,
                            request(3, "b")
                                    .setMinBytes(1)
                                    .setMaxWait(Duration.newBuilder().setSeconds(20))),
                    task -> Thread.ofPlatform().start(task));
            append(cluster, "value 3");
            var read = waiting.get(15, TimeUnit.SECONDS);
            assertEquals("value 3", read.getRecords().getRecords(0).getValue().toStringUtf8());
        }
    }

    @Test
    void aFollowerThatIsNotInSyncServesNobody() throws Exception {
        try (var cluster = start()) {
            for (int i = 0; i < 10; i++) {
                append(cluster, "x".repeat(60_000));
            }
            cluster.node(1)
                    .admin()
                    .alterReassignments(AlterReassignmentsRequest.newBuilder()
                            .addMoves(PartitionMove.newBuilder().setTopic("t").setTarget(replicas(1, 2, 3)))
                            .build());
            assertNotLeader(fetch(cluster, 3, 0, "c"));
            assertFalse(fetch(cluster, 1, 0, "c").hasPreferredReplica());
        }
    }

    /// A follower that lacks the end of an epoch cannot tell a truncation from its own lag.
    @Test
    void aReaderWithAnotherPastIsSentToTheLeader() throws Exception {
        try (var cluster = start()) {
            await(() -> fetch(cluster, 2, 3, "b").getHighWatermark() == 3);
            int epoch = fetch(cluster, 1, 0, "").getLeader().getLeaderEpoch();
            assertFalse(fetch(cluster, 2, partition(3, epoch), "b").hasProblem());
            assertNotLeader(fetch(cluster, 2, partition(3, epoch + 7), "b"));
        }
    }

    /// What the follower cannot tell is asked of the leader, for a reader who takes an answer from any broker.
    @Test
    void whatAFollowerCannotServeIsPassedOn() throws Exception {
        try (var cluster = start()) {
            await(() -> fetch(cluster, 2, 3, "b").getHighWatermark() == 3);
            int epoch = fetch(cluster, 1, 0, "").getLeader().getLeaderEpoch();
            for (var unknown : List.of(
                    FetchPartition.newBuilder().setTopic("t").setOffset(4).build(), partition(3, epoch + 7))) {
                var told = cluster.node(2)
                        .consumer()
                        .fetch(FetchRequest.newBuilder()
                                .setRack("b")
                                .addPartitions(unknown)
                                .build())
                        .getPartitions(0);
                assertTrue(told.hasProblem());
                assertNotEquals(
                        ErrorReason.ERROR_REASON_NOT_LEADER, told.getProblem().getReason(), told::toString);
            }
        }
    }

    private static void assertNotLeader(FetchedPartition fetched) {
        assertEquals(ErrorReason.ERROR_REASON_NOT_LEADER, fetched.getProblem().getReason(), fetched::toString);
        assertFalse(
                fetched.getProblem().getMetadataOrDefault("leader_address", "").isEmpty());
    }

    private static Replicas replicas(Integer... brokers) {
        return Replicas.newBuilder().addAllBrokerIds(List.of(brokers)).build();
    }

    private static void append(TestCluster cluster, String value) {
        assertTrue(cluster.node(1).append("t", 0, value).getFirst().hasAppended());
    }

    private static FetchPartition partition(long offset, int lastEpoch) {
        return FetchPartition.newBuilder()
                .setTopic("t")
                .setOffset(offset)
                .setLastLeaderEpoch(lastEpoch)
                .build();
    }

    private static FetchRequest.Builder request(long offset, String rack) {
        return FetchRequest.newBuilder()
                .setRack(rack)
                .addPartitions(FetchPartition.newBuilder().setTopic("t").setOffset(offset));
    }

    private static FetchedPartition fetch(TestCluster cluster, int node, long offset, String rack) {
        return fetch(cluster, node, request(offset, rack));
    }

    private static FetchedPartition fetch(TestCluster cluster, int node, FetchPartition partition, String rack) {
        return fetch(cluster, node, FetchRequest.newBuilder().setRack(rack).addPartitions(partition));
    }

    private static FetchedPartition fetch(TestCluster cluster, int node, FetchRequest.Builder request) {
        request.setRouting(Routing.ROUTING_LEADER_ONLY);
        return cluster.node(node).consumer().fetch(request.build()).getPartitions(0);
    }
}
