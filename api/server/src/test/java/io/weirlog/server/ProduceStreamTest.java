package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.weirlog.record.Compression;
import io.weirlog.v1.Acks;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.Durability;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProduceStreamTest {
    private TestNode node;

    @BeforeAll
    void start(@TempDir Path dataDir) throws NodeStartException {
        node = TestNode.start(dataDir);
    }

    @AfterAll
    void stop() {
        node.close();
    }

    private final class Stream {
        final StreamProbe<ProduceResponse> responses = new StreamProbe<>();
        final StreamObserver<ProduceRequest> requests =
                ProducerServiceGrpc.newStub(node.channel).produce(responses);

        Stream initial() throws InterruptedException {
            requests.onNext(ProduceRequest.newBuilder()
                    .setInitial(ProduceInitial.newBuilder().setClientId("test"))
                    .build());
            assertEquals(node.node.clusterId(), responses.next().getInitial().getClusterId());
            return this;
        }

        void append(ProduceAppend.Builder append) {
            requests.onNext(ProduceRequest.newBuilder().setAppend(append).build());
        }

        AppendResult result() throws InterruptedException {
            return responses.next(ProduceResponse::hasResult).getResult();
        }
    }

    private String topic(TestInfo test, int partitions, Map<String, String> configs) {
        var name = test.getTestMethod().orElseThrow().getName();
        node.createTopic(name, partitions, configs);
        return name;
    }

    private static ProduceAppend.Builder records(long correlationId, String topic, int partition, String... values) {
        return ProduceAppend.newBuilder()
                .setCorrelationId(correlationId)
                .setTopic(topic)
                .setPartition(partition)
                .setRecords(TestNode.records(values));
    }

    @Test
    void answersEachAppendInOrderWithinAPartition(TestInfo test) throws InterruptedException {
        var topic = topic(test, 2, Map.of());
        var stream = new Stream().initial();
        for (var i = 0; i < 1000; i++) {
            stream.append(records(i, topic, i % 2, "v" + i, "w" + i));
        }
        var nextOffsets = new long[2];
        var lastIds = new long[] {-2, -1};
        for (var i = 0; i < 1000; i++) {
            var result = stream.result();
            var partition = result.getPartition();
            assertEquals(lastIds[partition] += 2, result.getCorrelationId());
            assertEquals(nextOffsets[partition], result.getAppended().getBaseOffset());
            nextOffsets[partition] += 2;
        }
        stream.requests.onCompleted();
        stream.responses.completion();
        assertEquals("v0", node.values(topic, 0).get(0));
        assertEquals(1000, node.values(topic, 0).size());
    }

    @Test
    void anEncodedBatchIsAppendedAsItIs(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1, Map.of());
        var stream = new Stream().initial();
        for (var compression : Compression.values()) {
            var batch = TestNode.batch(compression, "one", "two", "three");
            stream.append(
                    ProduceAppend.newBuilder().setTopic(topic).setPartition(0).setBatch(ByteString.copyFrom(batch)));
            assertEquals(3, stream.result().getAppended().getRecordCount());
        }
        var values = node.values(topic, 0);
        assertEquals(3 * Compression.values().length, values.size());
        assertEquals(List.of("one", "two", "three"), values.subList(12, 15));
    }

    @Test
    void saysWhatItPromises(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1, Map.of("durability", "page-cache"));
        var stream = new Stream().initial();
        stream.append(records(1, topic, 0, "x").setAcks(Acks.ACKS_ALL));
        var all = stream.result();
        assertEquals(Durability.DURABILITY_PAGE_CACHE, all.getAppended().getDurability());
        assertEquals(1, all.getAppended().getAcknowledgedBy());
        assertEquals(1, all.getLeader().getBrokerId());
        assertEquals(node.node.clientAddress(), all.getLeader().getAddress());
        stream.append(records(2, topic, 0, "x").setAcks(Acks.ACKS_NONE));
        var none = stream.result().getAppended();
        assertEquals(0, none.getAcknowledgedBy());
        assertFalse(none.hasBaseOffset());
        stream.append(records(3, topic, 0, "x").setAcks(Acks.ACKS_LEADER));
        assertEquals(2, stream.result().getAppended().getBaseOffset());
    }

    @Test
    void aliasesStandForTopics(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1, Map.of());
        var stream = new Stream().initial();
        stream.append(records(1, topic, 0, "a").setTopicAlias(7));
        stream.append(records(2, "", 0, "b").setTopicAlias(7));
        assertEquals(0, stream.result().getAppended().getBaseOffset());
        assertEquals(1, stream.result().getAppended().getBaseOffset());
        stream.append(records(3, "", 0, "c").setTopicAlias(8));
        assertTrue(stream.result().getFailure().getProblem().getMessage().contains("has not been named"));
        stream.append(records(4, topic, 0, "d").setTopicAlias(1001));
        assertTrue(stream.result().getFailure().getProblem().getMessage().contains("1000"));
    }

    @Test
    void oneBadAppendFailsAlone(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1, Map.of());
        var stream = new Stream().initial();
        stream.append(records(1, "nowhere", 0, "x"));
        stream.append(records(2, topic, 5, "x"));
        stream.append(ProduceAppend.newBuilder()
                .setCorrelationId(3)
                .setTopic(topic)
                .setPartition(0)
                .setBatch(ByteString.copyFromUtf8("this is no batch")));
        stream.append(records(4, topic, 0, "good"));
        Map<Long, AppendResult> results = new HashMap<>();
        for (var i = 0; i < 4; i++) {
            var result = stream.result();
            results.put(result.getCorrelationId(), result);
        }
        assertFailed(results.get(1L), ErrorReason.ERROR_REASON_UNKNOWN_TOPIC);
        assertFailed(results.get(2L), ErrorReason.ERROR_REASON_UNKNOWN_PARTITION);
        assertFailed(results.get(3L), ErrorReason.ERROR_REASON_BATCH_MALFORMED);
        assertTrue(results.containsKey(4L) && results.get(4L).hasAppended());
        assertEquals(List.of("good"), node.values(topic, 0));
    }

    private static void assertFailed(@Nullable AppendResult result, ErrorReason reason) {
        assertNotNull(result);
        assertEquals(reason, result.getFailure().getProblem().getReason());
        assertEquals(
                AppendOutcome.APPEND_OUTCOME_NOT_APPENDED, result.getFailure().getOutcome());
    }

    @Test
    void theBrokerDistributesPlainRecordsByKey(TestInfo test) throws InterruptedException {
        var topic = topic(test, 4, Map.of());
        var stream = new Stream().initial();
        var records = RecordList.newBuilder();
        for (var i = 0; i < 100; i++) {
            records.addRecords(Record.newBuilder()
                    .setKey(ByteString.copyFromUtf8("key" + i % 10))
                    .setValue(ByteString.copyFromUtf8("v" + i)));
        }
        stream.append(
                ProduceAppend.newBuilder().setCorrelationId(9).setTopic(topic).setRecords(records));
        var indexes = new TreeSet<Integer>();
        var partitions = new TreeSet<Integer>();
        while (indexes.size() < 100) {
            var result = stream.result();
            assertEquals(9, result.getCorrelationId());
            assertEquals(result.getRecordIndexesCount(), result.getAppended().getRecordCount());
            assertTrue(partitions.add(result.getPartition()));
            result.getRecordIndexesList().forEach(index -> assertTrue(indexes.add(index)));
        }
        assertTrue(partitions.size() > 1, "ten keys all in one of four partitions");
        var values = partitions.stream()
                .flatMap(partition -> node.values(topic, partition).stream())
                .toList();
        assertEquals(100, values.stream().distinct().count());
    }

    @Test
    void theFirstMessageMustBeInitial(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1, Map.of());
        var stream = new Stream();
        stream.append(records(1, topic, 0, "x"));
        BadInput.assertReason(
                stream.responses.failure(),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INITIAL_EXPECTED,
                "must be `initial`");
        var twice = new Stream().initial();
        twice.requests.onNext(ProduceRequest.newBuilder()
                .setInitial(ProduceInitial.getDefaultInstance())
                .build());
        assertEquals(
                ErrorReason.ERROR_REASON_INITIAL_EXPECTED,
                twice.responses.failure().getReason());
        assertEquals(0, node.fetch(topic, 0, 0).getHighWatermark());
    }

    @Test
    void aClientOfAnotherClusterIsTurnedAway() throws InterruptedException {
        var stream = new Stream();
        stream.requests.onNext(ProduceRequest.newBuilder()
                .setInitial(ProduceInitial.newBuilder().setClusterId("another"))
                .build());
        BadInput.assertReason(
                stream.responses.failure(),
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_CLUSTER_MISMATCH,
                node.node.clusterId());
    }

    @Test
    void aDeletedTopicTakesNothingMore(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1, Map.of());
        var stream = new Stream().initial();
        stream.append(records(1, topic, 0, "x"));
        assertTrue(stream.result().hasAppended());
        var _ = node.admin()
                .deleteTopic(DeleteTopicRequest.newBuilder().setName(topic).build());
        stream.append(records(2, topic, 0, "x"));
        assertFailed(stream.result(), ErrorReason.ERROR_REASON_UNKNOWN_TOPIC);
        node.createTopic(topic, 1, Map.of());
        assertEquals(List.of(), node.values(topic, 0));
    }
}
