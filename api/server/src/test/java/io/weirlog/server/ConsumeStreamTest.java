package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Credit;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.Pause;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Resume;
import io.weirlog.v1.Seek;
import io.weirlog.v1.StartPosition;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsumeStreamTest {
    private static final Credit PLENTY =
            Credit.newBuilder().setRecords(1_000_000).setBytes(1 << 30).build();

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
        final StreamProbe<ConsumeResponse> responses = new StreamProbe<>();
        final StreamObserver<ConsumeRequest> requests =
                ConsumerServiceGrpc.newStub(node.channel).consume(responses);

        Stream initial(ConsumeInitial.Builder initial) {
            requests.onNext(ConsumeRequest.newBuilder().setInitial(initial).build());
            return this;
        }

        Batch batch() throws InterruptedException {
            return responses.next(ConsumeResponse::hasBatch).getBatch();
        }
    }

    private String topic(TestInfo test, int partitions) {
        var name = test.getTestMethod().orElseThrow().getName();
        node.createTopic(name, partitions, Map.of());
        return name;
    }

    private static ConsumeInitial.Builder of(String topic) {
        return ConsumeInitial.newBuilder()
                .setPartitions(ExplicitPartitions.newBuilder()
                        .addPartitions(ExplicitPartition.newBuilder().setTopic(topic)));
    }

    private static List<String> values(Batch batch) {
        return batch.getRecords().getRecordsList().stream()
                .map(record -> record.getValue().toStringUtf8())
                .toList();
    }

    @Test
    void deliversWhatIsThereAndThenWhatComes(TestInfo test) throws InterruptedException {
        var topic = topic(test, 3);
        for (var partition = 0; partition < 3; partition++) {
            node.append(topic, partition, "old" + partition);
        }
        var stream = new Stream().initial(of(topic).setCredit(PLENTY));
        assertEquals(1, stream.responses.next().getInitial().getBrokerId());
        var assigned = stream.responses.next().getAssigned();
        assertEquals(3, assigned.getPartitionsCount());
        Map<Integer, Integer> partitions = new HashMap<>();
        assigned.getPartitionsList().forEach(each -> partitions.put(each.getAssignment(), each.getPartition()));
        List<String> received = new ArrayList<>();
        var ends = 0;
        while (ends < 3) {
            var response = stream.responses.next();
            if (response.hasBatch()) {
                received.addAll(values(response.getBatch()));
                assertEquals(
                        "old" + partitions.get(response.getBatch().getAssignment()),
                        values(response.getBatch()).get(0));
            } else {
                assertTrue(response.hasEndOfPartition());
                ends++;
            }
        }
        assertEquals(3, received.size());
        node.append(topic, 1, "new");
        var batch = stream.batch();
        assertEquals(List.of("new"), values(batch));
        assertEquals(1, batch.getBaseOffset());
        assertEquals(2, batch.getNextOffset());
        assertEquals(2, batch.getHighWatermark());
        assertTrue(stream.responses.next().hasEndOfPartition());
        stream.requests.onCompleted();
        stream.responses.completion();
    }

    @Test
    void sendsNoMoreThanTheCreditAllows(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1);
        node.append(topic, 0, IntStream.range(0, 10).mapToObj(i -> "v" + i).toArray(String[]::new));
        var stream = new Stream().initial(of(topic));
        assertTrue(stream.responses.next().hasInitial());
        assertTrue(stream.responses.next().hasAssigned());
        assertTrue(stream.responses.isSilentFor(200));
        stream.requests.onNext(credit(4, 1 << 20));
        assertEquals(List.of("v0", "v1", "v2", "v3"), values(stream.batch()));
        assertTrue(stream.responses.isSilentFor(200));
        stream.requests.onNext(credit(0, 1 << 20));
        assertTrue(stream.responses.isSilentFor(200));
        stream.requests.onNext(credit(100, 0));
        var rest = stream.batch();
        assertEquals(List.of("v4", "v5", "v6", "v7", "v8", "v9"), values(rest));
        assertEquals(6, rest.getRecordCount());
    }

    @Test
    void theEncodedFormIsTheLogsOwnBytes(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1);
        node.append(topic, 0, "a", "b");
        node.append(topic, 0, "c");
        var stream = new Stream()
                .initial(of(topic).setForm(RecordForm.RECORD_FORM_BATCHES).setCredit(PLENTY));
        var batch = stream.batch();
        var bytes = batch.getBatches().asReadOnlyByteBuffer();
        var first = RecordBatch.at(bytes, 0);
        var second = RecordBatch.at(bytes, first.sizeBytes());
        assertTrue(first.crcIsValid() && second.crcIsValid());
        assertEquals(2, second.baseOffset());
        assertEquals(bytes.remaining(), first.sizeBytes() + second.sizeBytes());
        assertEquals(3, batch.getNextOffset());
    }

    @Test
    void startsWhereItIsTold(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1);
        node.append(topic, 0, "a", "b", "c");
        assertEquals(List.of("b", "c"), first(topic, StartPosition.newBuilder().setOffset(1)));
        assertEquals(
                List.of("a", "b", "c"),
                first(
                        topic,
                        StartPosition.newBuilder()
                                .setTimestamp(Timestamp.newBuilder().setSeconds(1))));
        var latest = new Stream()
                .initial(of(topic)
                        .setStart(StartPosition.newBuilder().setLatest(StartPosition.Latest.getDefaultInstance()))
                        .setCredit(PLENTY));
        assertEquals(
                3,
                latest.responses
                        .next(ConsumeResponse::hasEndOfPartition)
                        .getEndOfPartition()
                        .getNextOffset());
        node.append(topic, 0, "d");
        assertEquals(List.of("d"), values(latest.batch()));
    }

    private List<String> first(String topic, StartPosition.Builder start) throws InterruptedException {
        return values(new Stream()
                .initial(of(topic).setStart(start).setCredit(PLENTY))
                .batch());
    }

    @Test
    void seeksPausesAndResumes(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1);
        node.append(topic, 0, "a", "b", "c");
        var stream = new Stream().initial(of(topic).setCredit(PLENTY));
        assertEquals(List.of("a", "b", "c"), values(stream.batch()));
        assertTrue(stream.responses.next().hasEndOfPartition());
        stream.requests.onNext(seek(5, StartPosition.newBuilder().setOffset(2)));
        var again = stream.batch();
        assertEquals(List.of("c"), values(again));
        assertEquals(5, again.getSeekId());
        assertTrue(stream.responses.next().hasEndOfPartition());
        stream.requests.onNext(ConsumeRequest.newBuilder()
                .setPause(Pause.newBuilder().addAssignments(1))
                .build());
        // Requests are handled in order: once this one is refused, the pause is in force.
        stream.requests.onNext(ConsumeRequest.newBuilder()
                .setResume(Resume.newBuilder().addAssignments(99))
                .build());
        assertEquals(
                ErrorReason.ERROR_REASON_INVALID_REQUEST,
                stream.responses.next().getProblem().getProblem().getReason());
        node.append(topic, 0, "d");
        assertTrue(stream.responses.isSilentFor(200));
        stream.requests.onNext(ConsumeRequest.newBuilder()
                .setResume(Resume.newBuilder().addAssignments(1))
                .build());
        assertEquals(List.of("d"), values(stream.batch()));
    }

    @Test
    void anOffsetOutOfRangeHaltsThatPartitionOnly(TestInfo test) throws InterruptedException {
        var topic = topic(test, 2);
        node.append(topic, 1, "good");
        var partitions = ExplicitPartitions.newBuilder()
                .addPartitions(ExplicitPartition.newBuilder()
                        .setTopic(topic)
                        .setPartition(0)
                        .setStart(StartPosition.newBuilder().setOffset(17)))
                .addPartitions(ExplicitPartition.newBuilder().setTopic(topic).setPartition(1));
        var stream = new Stream()
                .initial(ConsumeInitial.newBuilder().setPartitions(partitions).setCredit(PLENTY));
        var problem = stream.responses.next(ConsumeResponse::hasProblem).getProblem();
        assertEquals(1, problem.getAssignment());
        BadInput.assertReason(
                problem.getProblem(), Status.Code.OUT_OF_RANGE, ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE, "[0, 0)");
        assertEquals(List.of("good"), values(stream.batch()));
        stream.requests.onNext(seek(1, StartPosition.newBuilder().setOffset(0)));
        node.append(topic, 0, "now");
        assertEquals(List.of("now"), values(stream.batch()));
    }

    @Test
    void unknownTopicsPartitionsAndGroupsAreRefused(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1);
        assertRefused(of("nowhere"), ErrorReason.ERROR_REASON_UNKNOWN_TOPIC);
        var partition = ExplicitPartition.newBuilder().setTopic(topic).setPartition(3);
        assertRefused(
                ConsumeInitial.newBuilder()
                        .setPartitions(ExplicitPartitions.newBuilder().addPartitions(partition)),
                ErrorReason.ERROR_REASON_UNKNOWN_PARTITION);
        assertRefused(
                ConsumeInitial.newBuilder()
                        .setGroup(
                                GroupSubscription.newBuilder().setGroupId("\t").addTopics(topic)),
                ErrorReason.ERROR_REASON_INVALID_GROUP);
        assertRefused(ConsumeInitial.newBuilder(), ErrorReason.ERROR_REASON_INVALID_REQUEST);
        assertRefused(
                of(topic).setCredit(Credit.newBuilder().setRecords(-1)), ErrorReason.ERROR_REASON_CREDIT_EXCEEDED);
        assertRefused(
                of(topic).setCredit(Credit.newBuilder().setBytes(Long.MAX_VALUE)),
                ErrorReason.ERROR_REASON_CREDIT_EXCEEDED);
    }

    private void assertRefused(ConsumeInitial.Builder initial, ErrorReason reason) throws InterruptedException {
        assertEquals(reason, new Stream().initial(initial).responses.failure().getReason());
    }

    @Test
    void theFirstMessageMustBeInitial() throws InterruptedException {
        var stream = new Stream();
        stream.requests.onNext(credit(1, 1));
        assertEquals(
                ErrorReason.ERROR_REASON_INITIAL_EXPECTED,
                stream.responses.failure().getReason());
    }

    @Test
    void aDeletedTopicIsToldOf(TestInfo test) throws InterruptedException {
        var topic = topic(test, 1);
        var stream = new Stream().initial(of(topic).setCredit(PLENTY));
        stream.responses.next(ConsumeResponse::hasEndOfPartition);
        var _ = node.admin()
                .deleteTopic(DeleteTopicRequest.newBuilder().setName(topic).build());
        assertEquals(
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                stream.responses
                        .next(ConsumeResponse::hasProblem)
                        .getProblem()
                        .getProblem()
                        .getReason());
    }

    private static ConsumeRequest credit(long records, long bytes) {
        return ConsumeRequest.newBuilder()
                .setCredit(Credit.newBuilder().setRecords(records).setBytes(bytes))
                .build();
    }

    private static ConsumeRequest seek(long id, StartPosition.Builder position) {
        return ConsumeRequest.newBuilder()
                .setSeek(Seek.newBuilder().setSeekId(id).setAssignment(1).setPosition(position))
                .build();
    }
}
