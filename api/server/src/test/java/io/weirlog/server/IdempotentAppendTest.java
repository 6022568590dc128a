package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.v1.Acks;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.Appended;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.InitProducerRequest;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerSequence;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.wire.Problems;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Appends with a producer's sequence, as any stub makes them.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdempotentAppendTest {
    /// More than two blocks of ids.
    private static final int PRODUCERS = 2_100;

    private TestNode node;

    @BeforeAll
    void start(@TempDir Path dataDir) throws NodeStartException {
        node = TestNode.start(dataDir);
    }

    @AfterAll
    void stop() {
        node.close();
    }

    private String topic(TestInfo test) {
        var name = test.getTestMethod().orElseThrow().getName();
        node.createTopic(name, 1, Map.of());
        return name;
    }

    private static AppendRequest.Builder request(String topic, ProducerSequence.Builder producer, String... values) {
        return AppendRequest.newBuilder()
                .setTopic(topic)
                .setPartition(0)
                .setProducer(producer)
                .setRecords(TestNode.records(values));
    }

    private static ProducerSequence.Builder named(String clientId, int baseSequence) {
        return ProducerSequence.newBuilder().setClientId(clientId).setBaseSequence(baseSequence);
    }

    private static ProducerSequence.Builder numbered(long id, int epoch, int baseSequence) {
        return ProducerSequence.newBuilder()
                .setProducerId(id)
                .setProducerEpoch(epoch)
                .setBaseSequence(baseSequence);
    }

    private Appended append(AppendRequest.Builder request) {
        return node.producer().append(request.build()).getResults(0).getAppended();
    }

    private Problem refused(AppendRequest.Builder request) {
        var failure = assertThrows(StatusRuntimeException.class, () -> append(request));
        var problem = Problems.fromThrowable(failure);
        assertEquals(
                AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                Problems.outcome(problem).orElseThrow());
        return problem;
    }

    private void assertMistake(AppendRequest.Builder request, String message) {
        var problem = refused(request);
        assertEquals(ErrorReason.ERROR_REASON_INVALID_REQUEST, problem.getReason(), problem::getMessage);
        assertTrue(problem.getMessage().contains(message), problem::getMessage);
    }

    private long newId() {
        return node.producer()
                .initProducer(InitProducerRequest.getDefaultInstance())
                .getProducerId();
    }

    @Test
    void noIdIsGivenTwice() {
        var ids = new HashSet<Long>();
        IntStream.range(0, PRODUCERS).parallel().mapToObj(_ -> newId()).toList().forEach(id -> {
            assertTrue(ids.add(id), () -> id + " was given twice");
            assertTrue(id >= 0 && id < 1L << 62, () -> id + " is not from a block");
        });
    }

    @Test
    void anEpochFollowsThatOfTheCaller() {
        var id = newId();
        var next = InitProducerRequest.newBuilder().setProducerId(id).setProducerEpoch(41);
        for (var again = 0; again < 2; again++) {
            var answer = node.producer().initProducer(next.build());
            assertEquals(id, answer.getProducerId());
            assertEquals(42, answer.getProducerEpoch());
        }
        var other = node.producer()
                .initProducer(next.setProducerEpoch(Short.MAX_VALUE).build());
        assertEquals(0, other.getProducerEpoch());
        assertTrue(other.getProducerId() != id, "its epochs are used up");
        for (var wrong : List.of(
                InitProducerRequest.newBuilder().setProducerId(id),
                InitProducerRequest.newBuilder().setProducerEpoch(1),
                InitProducerRequest.newBuilder().setProducerId(-1).setProducerEpoch(1),
                InitProducerRequest.newBuilder().setProducerId(1L << 62).setProducerEpoch(1),
                InitProducerRequest.newBuilder().setProducerId(id).setProducerEpoch(1 << 15))) {
            var failure = assertThrows(
                    StatusRuntimeException.class, () -> node.producer().initProducer(wrong.build()));
            assertEquals(
                    ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    Problems.fromThrowable(failure).getReason());
        }
    }

    @Test
    void aRepeatedRequestIsAnsweredWithItsFirstOffset(TestInfo test) {
        var topic = topic(test);
        node.append(topic, 0, "somebody else's");
        var id = newId();
        for (var i = 0; i < 7; i++) {
            var appended = append(request(topic, numbered(id, 0, 2 * i), "a" + i, "b" + i));
            assertEquals(1 + 2L * i, appended.getBaseOffset());
            assertFalse(appended.getRepeated());
        }
        for (var i = 2; i < 7; i++) {
            var again = append(request(topic, numbered(id, 0, 2 * i), "a" + i, "b" + i));
            assertEquals(1 + 2L * i, again.getBaseOffset());
            assertTrue(again.getRepeated());
            assertEquals(2, again.getRecordCount());
            assertEquals(1, again.getAcknowledgedBy());
        }
        var old = append(request(topic, numbered(id, 0, 0), "a0", "b0"));
        assertTrue(old.getRepeated() && !old.hasBaseOffset(), old::toString);
        var unanswered = append(request(topic, numbered(id, 0, 12), "a6", "b6").setAcks(Acks.ACKS_NONE));
        assertTrue(unanswered.getRepeated() && !unanswered.hasBaseOffset(), unanswered::toString);
        assertEquals(15, node.values(topic, 0).size());
    }

    @Test
    void whatAProducerMayNotSendIsNotAppended(TestInfo test) {
        var topic = topic(test);
        var id = newId();
        assertEquals(0, append(request(topic, numbered(id, 1, 0), "a")).getBaseOffset());
        var gap = refused(request(topic, numbered(id, 1, 7), "b"));
        assertEquals(ErrorReason.ERROR_REASON_OUT_OF_ORDER_SEQUENCE, gap.getReason());
        assertEquals("1", gap.getMetadataOrThrow("expected"));
        var unknown = refused(request(topic, numbered(newId(), 0, 7), "b"));
        assertEquals(ErrorReason.ERROR_REASON_UNKNOWN_PRODUCER, unknown.getReason());
        var fenced = refused(request(topic, numbered(id, 0, 1), "b"));
        assertEquals(ErrorReason.ERROR_REASON_PRODUCER_FENCED, fenced.getReason());
        assertEquals(
                ErrorReason.ERROR_REASON_OUT_OF_ORDER_SEQUENCE,
                refused(request(topic, numbered(id, 2, 1), "b")).getReason());
        assertEquals(1, append(request(topic, numbered(id, 2, 0), "b")).getBaseOffset());
        assertEquals(List.of("a", "b"), node.values(topic, 0));
    }

    @Test
    void aNameIsEnough(TestInfo test) {
        var topic = topic(test);
        for (var again = 0; again < 3; again++) {
            assertEquals(0, append(request(topic, named("backup.sh", 0), "a")).getBaseOffset());
            assertEquals(
                    again > 0,
                    append(request(topic, named("other.sh", 0), "b", "c")).getRepeated());
        }
        assertEquals(3, append(request(topic, named("backup.sh", 1), "d")).getBaseOffset());
        assertEquals(4, append(request(topic, named("other.sh", 2), "e")).getBaseOffset());
        assertEquals(List.of("a", "b", "c", "d", "e"), node.values(topic, 0));
    }

    @Test
    void anEncodedBatchCarriesItsNumbersItself(TestInfo test) throws InterruptedException {
        var topic = topic(test);
        var id = newId();
        var responses = new StreamProbe<ProduceResponse>();
        var requests = ProducerServiceGrpc.newStub(node.channel).produce(responses);
        requests.onNext(ProduceRequest.newBuilder()
                .setInitial(ProduceInitial.getDefaultInstance())
                .build());
        // All at once, so that they share turns.
        for (var i = 0; i < 300; i++) {
            requests.onNext(ProduceRequest.newBuilder()
                    .setAppend(ProduceAppend.newBuilder()
                            .setCorrelationId(i)
                            .setTopic(topic)
                            .setPartition(0)
                            .setBatch(batch(id, 2 * (i / 3), false)))
                    .build());
        }
        for (var i = 0; i < 300; i++) {
            var result = responses.next(ProduceResponse::hasResult).getResult();
            assertTrue(result.hasAppended(), result::toString);
            assertEquals(
                    2 * (result.getCorrelationId() / 3), result.getAppended().getBaseOffset());
        }
        requests.onCompleted();
        responses.completion();
        assertEquals(200, node.values(topic, 0).size());
        var transactional =
                AppendRequest.newBuilder().setTopic(topic).setPartition(0).setBatch(batch(id, 200, true));
        assertEquals(
                ErrorReason.ERROR_REASON_UNSUPPORTED, refused(transactional).getReason());
    }

    private static ByteString batch(long id, int baseSequence, boolean transactional) {
        var builder = new RecordBatchBuilder(Compression.NONE, 256);
        for (var i = 0; i < 2; i++) {
            builder.append(1_000, null, ("v" + (baseSequence + i)).getBytes(StandardCharsets.UTF_8), List.of());
        }
        builder.producer(id, (short) 0, baseSequence);
        if (transactional) {
            builder.transactional();
        }
        return ByteString.copyFrom(builder.build());
    }

    @Test
    void numbersThatCannotBeAreRefused(TestInfo test) {
        var topic = topic(test);
        assertMistake(request(topic, named("x", 0), "a").clearPartition(), "needs a `partition`");
        assertMistake(
                request(topic, named("x", 0)).setBatch(batch(1, 0, false)), "leave `producer` out of the request");
        assertMistake(request(topic, named("x", 0).setProducerId(5), "a"), "choose one");
        assertMistake(request(topic, named("x", 0).setProducerEpoch(5), "a"), "choose one");
        assertMistake(request(topic, named("x".repeat(251), 0), "a"), "more than 250");
        assertMistake(request(topic, named("x", -1), "a"), "base_sequence` is negative");
        assertMistake(request(topic, numbered(-1, 0, 0), "a"), "producer_id` is negative");
        assertMistake(request(topic, numbered(1, -1, 0), "a"), "producer_epoch` must be between");
        assertMistake(request(topic, numbered(1, 1 << 15, 0), "a"), "producer_epoch` must be between");
        assertEquals(List.of(), node.values(topic, 0));
    }

    @Test
    void aSequenceOutlivesTheNode(@TempDir Path dataDir) throws NodeStartException {
        AppendResult first;
        try (var before = TestNode.start(dataDir)) {
            before.createTopic("t", 1, Map.of());
            before.append("t", 0, "x");
            first = before.producer()
                    .append(request("t", named("n", 0), "a").build())
                    .getResults(0);
        }
        try (var after = TestNode.start(dataDir)) {
            var again = after.producer()
                    .append(request("t", named("n", 0), "a").build())
                    .getResults(0);
            assertEquals(
                    first.getAppended().getBaseOffset(), again.getAppended().getBaseOffset());
            assertTrue(again.getAppended().getRepeated());
            assertEquals(List.of("x", "a"), after.values("t", 0));
        }
    }
}
