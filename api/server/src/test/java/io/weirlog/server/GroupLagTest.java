package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.Commit;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Credit;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.GroupOffset;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.OffsetCommit;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// How far a group is behind, in records and in time: in its description, on the streams of its members, in `/metrics`.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GroupLagTest {
    private static final long HOUR_SECONDS = 3600;
    private static final long SLACK_SECONDS = 300;

    private TestCluster cluster;
    private TestNode node;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        cluster = new TestCluster(folder, 2, 1)
                .with(ConfigKeys.HTTP_PORT, "0")
                .with(ConfigKeys.METRICS_GROUP_LAG_INTERVAL, "1s");
        cluster.start(1, 2);
        node = cluster.node(2);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    /// One batch with one record, which was made so many hours ago.
    private void append(String topic, int partition, int hours) {
        var record = Record.newBuilder()
                .setValue(ByteString.copyFromUtf8(hours + " h old"))
                .setTimestamp(Timestamp.newBuilder().setSeconds(Instant.now().getEpochSecond() - hours * HOUR_SECONDS));
        node.producer()
                .append(AppendRequest.newBuilder()
                        .setTopic(topic)
                        .setPartition(partition)
                        .setRecords(RecordList.newBuilder().addRecords(record))
                        .build());
    }

    private void commit(String group, String topic, int partition, long offset) {
        var committed = node.groups()
                .commitOffsets(CommitOffsetsRequest.newBuilder()
                        .setGroupId(group)
                        .addOffsets(OffsetCommit.newBuilder()
                                .setTopic(topic)
                                .setPartition(partition)
                                .setNextOffset(offset))
                        .build());
        assertFalse(committed.getResults(0).hasProblem(), committed::toString);
    }

    private GroupOffset described(String group, int partition) {
        return node
                .groups()
                .describeGroup(
                        DescribeGroupRequest.newBuilder().setGroupId(group).build())
                .getOffsetsList()
                .stream()
                .filter(offset -> offset.getPartition() == partition)
                .findFirst()
                .orElseThrow();
    }

    private static void assertBehind(GroupOffset offset, long records, int hours) {
        assertEquals(records, offset.getLagRecords(), offset::toString);
        assertTrue(offset.hasLagAge(), offset::toString);
        var seconds = offset.getLagAge().getSeconds() - hours * HOUR_SECONDS;
        assertTrue(seconds >= 0 && seconds < SLACK_SECONDS, offset::toString);
    }

    @Test
    void theDescriptionTellsForHowLong() {
        node.createTopic("parcels", 2, Map.of());
        for (int partition = 0; partition < 2; partition++) {
            append("parcels", partition, 5);
            append("parcels", partition, 3);
            append("parcels", partition, 1);
            commit("readers", "parcels", partition, 0);
            assertBehind(described("readers", partition), 3, 5);
            commit("readers", "parcels", partition, 1);
            assertBehind(described("readers", partition), 2, 3);
            commit("readers", "parcels", partition, 3);
            assertBehind(described("readers", partition), 0, 0);
            commit("readers", "parcels", partition, 1);
        }
        node.admin()
                .deleteRecords(DeleteRecordsRequest.newBuilder()
                        .addPartitions(DeleteRecordsPartition.newBuilder()
                                .setTopic("parcels")
                                .setPartition(0)
                                .setOffset(2))
                        .build());
        // What it would read next is gone: the first record that is left counts.
        assertBehind(described("readers", 0), 1, 1);
    }

    @Test
    void theMetersTellItToo() throws Exception {
        node.createTopic("letters", 2, Map.of());
        append("letters", 0, 2);
        append("letters", 1, 4);
        commit("postmen", "letters", 0, 0);
        commit("postmen", "letters", 1, 0);
        var records = "weirlog_group_lag_records\\{group=\"postmen\",node=\"[12]\",topic=\"letters\"} 2\\.0";
        var seconds =
                "weirlog_group_lag_seconds\\{group=\"postmen\",node=\"[12]\",topic=\"letters\"} 14[45]\\d\\d\\..*";
        var members = "weirlog_group_members\\{group=\"postmen\",node=\"[12]\"} 0\\.0";
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        var told = metrics();
        while (!(has(told, records) && has(told, seconds) && has(told, members))
                && System.nanoTime() - deadlineNanos < 0) {
            TimeUnit.MILLISECONDS.sleep(50);
            told = metrics();
        }
        var shown = told.lines().filter(line -> line.contains("weirlog_group")).toList();
        assertTrue(has(told, records) && has(told, seconds) && has(told, members), shown::toString);
    }

    private static boolean has(String metrics, String line) {
        return metrics.lines().anyMatch(told -> told.matches(line));
    }

    /// Of both brokers: one of them coordinates the group.
    private String metrics() throws Exception {
        var all = new StringBuilder();
        try (var client = HttpClient.newHttpClient()) {
            for (int id = 1; id <= 2; id++) {
                var port = cluster.node(id).node.httpPort().orElseThrow();
                var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                        .build();
                all.append(client.send(request, BodyHandlers.ofString()).body());
            }
        }
        return all.toString();
    }

    @Test
    void aStreamThatAsksForItIsTold() throws Exception {
        node.createTopic("cards", 1, Map.of());
        append("cards", 0, 5);
        append("cards", 0, 3);
        append("cards", 0, 1);
        var leader = cluster.node(described("cards"));
        var responses = new StreamProbe<ConsumeResponse>();
        var requests = ConsumerServiceGrpc.newStub(leader.channel).consume(responses);
        requests.onNext(ConsumeRequest.newBuilder()
                .setInitial(ConsumeInitial.newBuilder()
                        .setGroup(GroupSubscription.newBuilder()
                                .setGroupId("slow")
                                .addTopics("cards"))
                        .setWithLag(true)
                        .setCredit(Credit.newBuilder().setRecords(1).setBytes(1 << 20)))
                .build());
        var batch = responses.next(ConsumeResponse::hasBatch).getBatch();
        assertEquals(1, batch.getRecordCount());
        var lag = responses.next(ConsumeResponse::hasLag).getLag().getPartitions(0);
        assertEquals(batch.getAssignment(), lag.getAssignment());
        assertEquals(2, lag.getRecords());
        var seconds = lag.getAge().getSeconds() - 3 * HOUR_SECONDS;
        assertTrue(seconds >= 0 && seconds < SLACK_SECONDS, lag::toString);
        requests.onCompleted();
    }

    private int described(String topic) {
        return node.admin()
                .describeTopic(io.weirlog.v1.DescribeTopicRequest.newBuilder()
                        .setName(topic)
                        .build())
                .getTopic()
                .getPartitions(0)
                .getLeader()
                .getBrokerId();
    }

    @Test
    void aStreamHearsOfEveryPositionThatWasNotCommitted() throws Exception {
        node.createTopic("forms", 3, Map.of());
        var responses = new StreamProbe<ConsumeResponse>();
        var requests = ConsumerServiceGrpc.newStub(node.channel).consume(responses);
        requests.onNext(ConsumeRequest.newBuilder()
                .setInitial(ConsumeInitial.newBuilder()
                        .setGroup(GroupSubscription.newBuilder()
                                .setGroupId("clerks")
                                .addTopics("forms")))
                .build());
        var assigned = responses.next(ConsumeResponse::hasAssigned).getAssigned();
        assertEquals(3, assigned.getPartitionsCount());
        var commit = Commit.newBuilder().setCommitId(7);
        for (int i = 0; i < 3; i++) {
            commit.addPositions(CommitPosition.newBuilder()
                    .setAssignment(assigned.getPartitions(i).getAssignment())
                    .setNextOffset(i == 1 ? 0 : -1));
        }
        requests.onNext(ConsumeRequest.newBuilder().setCommit(commit).build());
        var committed = responses.next(ConsumeResponse::hasCommitted).getCommitted();
        assertEquals(7, committed.getCommitId());
        assertEquals(2, committed.getProblemsCount());
        assertEquals(
                assigned.getPartitions(0).getAssignment(),
                committed.getProblems(0).getAssignment());
        assertEquals(
                assigned.getPartitions(2).getAssignment(),
                committed.getProblems(1).getAssignment());
        assertEquals(committed.getProblems(0).getProblem(), committed.getProblem());
        assertTrue(described("clerks", assigned.getPartitions(1).getPartition()).hasCommitted());
        requests.onCompleted();
    }
}
