package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.Commit;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.CommittedOffset;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.Credit;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.OffsetCommit;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Replicas;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Offsets that no log has yet, committed through every broker: one of them coordinates the group, and each of them
/// leads one partition and has nothing of the others.
@Timeout(120)
class CommitBeyondEndTest {
    private static final String TOPIC = "parcels";
    private static final int BROKERS = 3;
    private static final long END = 2;

    private TestCluster cluster;

    @BeforeEach
    void start(@TempDir Path folder) {
        cluster = new TestCluster(folder, BROKERS, BROKERS).with(ConfigKeys.AUTO_LEADER_REBALANCE_ENABLE, "false");
        cluster.start(1, 2, 3);
        var topic = CreateTopicRequest.newBuilder().setName(TOPIC);
        for (var id = 1; id <= BROKERS; id++) {
            topic.addReplicas(Replicas.newBuilder().addBrokerIds(id));
        }
        cluster.node(1).admin().createTopic(topic.build());
        for (var partition = 0; partition < BROKERS; partition++) {
            cluster.node(1).append(TOPIC, partition, "a", "b");
        }
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private static OffsetCommit offset(int partition, long next) {
        return OffsetCommit.newBuilder()
                .setTopic(TOPIC)
                .setPartition(partition)
                .setNextOffset(next)
                .build();
    }

    private CommitOffsetsResponse commit(int broker, String group, OffsetCommit... offsets) {
        var request = CommitOffsetsRequest.newBuilder().setGroupId(group);
        for (var offset : offsets) {
            request.addOffsets(offset);
        }
        return cluster.node(broker)
                .groups()
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .commitOffsets(request.build());
    }

    private Map<Integer, Long> committed(String group) {
        return new TreeMap<>(cluster
                .node(1)
                .groups()
                .fetchOffsets(FetchOffsetsRequest.newBuilder().setGroupId(group).build())
                .getOffsetsList()
                .stream()
                .collect(Collectors.toMap(CommittedOffset::getPartition, CommittedOffset::getNextOffset)));
    }

    private static void assertBeyond(Problem problem, int partition, long offset, long end) {
        assertEquals(Status.Code.OUT_OF_RANGE.value(), problem.getCode(), problem::toString);
        assertEquals(ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE, problem.getReason());
        for (var part : new String[] {
            "offset " + offset + " ", "partition " + partition + " of topic '" + TOPIC + "'", "its log, " + end + ":"
        }) {
            assertTrue(problem.getMessage().contains(part), problem::getMessage);
        }
    }

    @Test
    void theServiceRefusesThemWhomeverItsClientsAsk() {
        for (var broker = 1; broker <= BROKERS; broker++) {
            var group = "readers-" + broker;
            for (var partition = 0; partition < BROKERS; partition++) {
                var others = (partition + 1) % BROKERS;
                var response = commit(broker, group, offset(partition, END + 1), offset(others, END));
                assertBeyond(response.getResults(0).getProblem(), partition, END + 1, END);
                assertFalse(response.getResults(1).hasProblem(), response::toString);
            }
            assertEquals(Map.of(0, END, 1, END, 2, END), committed(group));
        }
        // As soon as there is another record, it may be committed.
        cluster.node(1).append(TOPIC, 2, "c");
        for (var broker = 1; broker <= BROKERS; broker++) {
            assertFalse(commit(broker, "late", offset(2, END + 1)).getResults(0).hasProblem());
            assertBeyond(
                    commit(broker, "late", offset(2, END + 2)).getResults(0).getProblem(), 2, END + 2, END + 1);
        }
        // A partition without a leader keeps nobody from committing.
        cluster.stop(3);
        assertFalse(commit(1, "late", offset(2, END + 9)).getResults(0).hasProblem());
        assertEquals(Map.of(2, END + 9), committed("late"));
    }

    @Test
    void streamsAreToldOfThem() throws Exception {
        for (var broker = 1; broker <= BROKERS; broker++) {
            var group = "shippers-" + broker;
            var responses = new StreamProbe<ConsumeResponse>();
            var requests =
                    ConsumerServiceGrpc.newStub(cluster.node(broker).channel).consume(responses);
            requests.onNext(ConsumeRequest.newBuilder()
                    .setInitial(ConsumeInitial.newBuilder()
                            .setGroup(GroupSubscription.newBuilder()
                                    .setGroupId(group)
                                    .addTopics(TOPIC))
                            .setCredit(Credit.newBuilder().setRecords(1_000).setBytes(1 << 20)))
                    .build());
            var assignments = readAll(responses);
            var all = Commit.newBuilder().setCommitId(1);
            assignments.forEach((_, assignment) -> all.addPositions(position(assignment, END)));
            requests.onNext(ConsumeRequest.newBuilder().setCommit(all).build());
            var committed = responses.next(ConsumeResponse::hasCommitted).getCommitted();
            assertFalse(committed.hasProblem(), committed::toString);
            for (var partition = 0; partition < BROKERS; partition++) {
                int here = Objects.requireNonNull(assignments.get(partition));
                int other = Objects.requireNonNull(assignments.get((partition + 1) % BROKERS));
                var commit = Commit.newBuilder()
                        .setCommitId(2 + partition)
                        .addPositions(position(here, END + 1 + partition))
                        .addPositions(position(other, END - 1));
                requests.onNext(ConsumeRequest.newBuilder().setCommit(commit).build());
                committed = responses.next(ConsumeResponse::hasCommitted).getCommitted();
                assertEquals(2 + partition, committed.getCommitId());
                assertEquals(1, committed.getProblemsCount(), committed::toString);
                assertEquals(here, committed.getProblems(0).getAssignment());
                assertBeyond(committed.getProblem(), partition, END + 1 + partition, END);
            }
            assertEquals(Map.of(0, END - 1, 1, END - 1, 2, END - 1), committed(group));
            requests.onCompleted();
            responses.completion();
        }
    }

    private static CommitPosition position(int assignment, long next) {
        return CommitPosition.newBuilder()
                .setAssignment(assignment)
                .setNextOffset(next)
                .build();
    }

    /// @return the assignments of all partitions, when all that they have was read
    private static Map<Integer, Integer> readAll(StreamProbe<ConsumeResponse> responses) throws InterruptedException {
        Map<Integer, Integer> assignments = new HashMap<>();
        Map<Integer, Long> next = new HashMap<>();
        while (next.size() < BROKERS || next.values().stream().anyMatch(offset -> offset < END)) {
            var response = responses.next();
            response.getAssigned()
                    .getPartitionsList()
                    .forEach(one -> assignments.put(one.getPartition(), one.getAssignment()));
            if (response.hasBatch()) {
                next.put(
                        response.getBatch().getAssignment(), response.getBatch().getNextOffset());
            }
        }
        return assignments;
    }
}
