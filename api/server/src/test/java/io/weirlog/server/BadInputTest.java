package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import io.weirlog.wire.Problems;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever comes in: a typed error, nothing appended, nothing lost, and the server goes on.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputTest {
    private static final String TOPIC = "orders";
    private static final int MESSAGE_BYTES_MAX = 4096;

    private TestNode node;

    @BeforeAll
    void start(@TempDir Path dataDir) throws NodeStartException {
        node = TestNode.start(dataDir);
        node.createTopic(TOPIC, 2, Map.of("max.message.bytes", Integer.toString(MESSAGE_BYTES_MAX)));
        node.append(TOPIC, 0, "kept");
    }

    @AfterAll
    void stop() {
        node.close();
    }

    @AfterEach
    void nothingWasAppendedOrLostAndTheServerLives() {
        assertEquals(1, node.fetch(TOPIC, 0, 0).getHighWatermark());
        assertEquals("kept", node.values(TOPIC, 0).get(0));
        assertEquals(0, node.fetch(TOPIC, 1, 0).getHighWatermark());
    }

    @Test
    void unknownTopic() {
        var problem = refused(() -> node.append("nowhere", 0, "x"));
        assertReason(problem, Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, "nowhere");
        assertEquals(
                AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                Problems.outcome(problem).orElseThrow());
        assertReason(
                node.fetch("nowhere", 0, 0).getProblem(),
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "nowhere");
        assertReason(
                refused(() -> node.admin()
                        .describeTopic(DescribeTopicRequest.newBuilder()
                                .setName("nowhere")
                                .build())),
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "nowhere");
        assertReason(
                refused(() -> node.admin()
                        .deleteTopic(DeleteTopicRequest.newBuilder()
                                .setName("nowhere")
                                .build())),
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "nowhere");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "with space", "ümlaut", "a\u0000b"})
    void illegalTopicName(String name) {
        assertReason(
                refused(() -> node.createTopic(name, 1, Map.of())),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_TOPIC,
                "");
    }

    @Test
    void topicNameTooLong() {
        assertReason(
                refused(() -> node.createTopic("x".repeat(250), 1, Map.of())),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_TOPIC,
                "249");
    }

    @Test
    void topicThatExists() {
        assertReason(
                refused(() -> node.createTopic(TOPIC, 1, Map.of())),
                Status.Code.ALREADY_EXISTS,
                ErrorReason.ERROR_REASON_TOPIC_EXISTS,
                TOPIC);
    }

    @Test
    void impossibleTopicSettings() {
        assertReason(
                refused(() -> node.createTopic("new", 0, Map.of())),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_PARTITION_COUNT,
                "");
        assertReason(
                refused(() -> node.createTopic("new", 1, Map.of("retention.mss", "1"))),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_CONFIG,
                "retention.ms");
        assertReason(
                refused(() -> node.admin()
                        .createTopic(CreateTopicRequest.newBuilder()
                                .setName("new")
                                .setReplicationFactor(2)
                                .build())),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_REPLICATION_FACTOR,
                "");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 2, Integer.MAX_VALUE})
    void partitionOutOfRange(int partition) {
        var problem = refused(() -> node.append(TOPIC, partition, "x"));
        assertReason(problem, Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_PARTITION, "it has 2");
        assertEquals("2", problem.getMetadataOrThrow("partition_count"));
        assertEquals(
                ErrorReason.ERROR_REASON_UNKNOWN_PARTITION,
                node.fetch(TOPIC, partition, 0).getProblem().getReason());
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 2, Long.MAX_VALUE, Long.MIN_VALUE})
    void offsetOutOfRangeNamesStartAndEnd(long offset) {
        var problem = node.fetch(TOPIC, 0, offset).getProblem();
        assertReason(problem, Status.Code.OUT_OF_RANGE, ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE, "[0, 1)");
        assertEquals("0", problem.getMetadataOrThrow("log_start_offset"));
        assertEquals("1", problem.getMetadataOrThrow("high_watermark"));
    }

    @Test
    void wrongCrc() {
        var batch = TestNode.batch(Compression.NONE, "x", "y");
        flip(batch, batch.limit() - 1);
        assertBatchRefused(batch, ErrorReason.ERROR_REASON_BATCH_CORRUPT);
    }

    @Test
    void wrongLength() {
        var batch = TestNode.batch(Compression.NONE, "x", "y");
        assertBatchRefused(batch.duplicate().limit(batch.limit() - 1), ErrorReason.ERROR_REASON_BATCH_MALFORMED);
        assertBatchRefused(batch.duplicate().limit(5), ErrorReason.ERROR_REASON_BATCH_MALFORMED);
        var two = ByteBuffer.allocate(2 * batch.limit())
                .put(batch.duplicate())
                .put(batch.duplicate())
                .flip();
        assertBatchRefused(two, ErrorReason.ERROR_REASON_BATCH_MALFORMED);
    }

    @Test
    void batchTooLarge() {
        var batch = TestNode.batch(Compression.NONE, "x".repeat(3000), "y".repeat(3000));
        assertBatchRefused(batch, ErrorReason.ERROR_REASON_BATCH_TOO_LARGE);
        assertReason(
                refused(() -> node.append(TOPIC, 0, "x".repeat(3000), "y".repeat(3000))),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_BATCH_TOO_LARGE,
                Integer.toString(MESSAGE_BYTES_MAX));
    }

    @Test
    void recordTooLarge() {
        assertReason(
                refused(() -> node.append(TOPIC, 0, "small", "x".repeat(MESSAGE_BYTES_MAX))),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_RECORD_TOO_LARGE,
                Integer.toString(MESSAGE_BYTES_MAX));
        assertBatchRefused(
                TestNode.batch(Compression.ZSTD, "x".repeat(10 * MESSAGE_BYTES_MAX)),
                ErrorReason.ERROR_REASON_RECORD_TOO_LARGE);
    }

    @Test
    void messageLargerThanTheServerTakes() {
        var refused = assertThrows(StatusRuntimeException.class, () -> node.append(TOPIC, 0, "x".repeat(20 << 20)));
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.getStatus().getCode());
    }

    @Test
    void nonMonotonicOffsets() {
        assertBatchRefused(
                mutated(batch -> batch.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, 7)),
                ErrorReason.ERROR_REASON_BATCH_MALFORMED);
    }

    @Test
    void zeroRecords() {
        assertBatchRefused(
                mutated(batch -> {
                    batch.putInt(BatchFormat.RECORD_COUNT_AT, 0);
                    batch.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, -1);
                }),
                ErrorReason.ERROR_REASON_BATCH_MALFORMED);
        assertReason(
                refused(() -> node.append(TOPIC, 0)),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "no records");
    }

    @Test
    void unknownCompression() {
        assertBatchRefused(
                mutated(batch -> batch.putShort(BatchFormat.ATTRIBUTES_AT, (short) 7)),
                ErrorReason.ERROR_REASON_UNSUPPORTED_COMPRESSION);
    }

    @Test
    void unknownBatchVersion() {
        assertBatchRefused(
                mutated(batch -> batch.put(BatchFormat.MAGIC_AT, (byte) 3)),
                ErrorReason.ERROR_REASON_UNSUPPORTED_FORMAT);
    }

    @Test
    void controlBatch() {
        assertBatchRefused(
                mutated(batch -> batch.putShort(BatchFormat.ATTRIBUTES_AT, (short) 0x20)),
                ErrorReason.ERROR_REASON_BATCH_REFUSED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Append", "Produce"})
    void bytesThatAreNoProtobuf(String method) {
        var raw = MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(method.equals("Append") ? MethodType.UNARY : MethodType.BIDI_STREAMING)
                .setFullMethodName(MethodDescriptor.generateFullMethodName("weirlog.v1.ProducerService", method))
                .setRequestMarshaller(new RawBytes())
                .setResponseMarshaller(new RawBytes())
                .build();
        var options = CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
        for (var length : new int[] {1, 100, 100_000}) {
            var garbage = new byte[length];
            Arrays.fill(garbage, (byte) 0xff);
            var refused = assertThrows(
                    StatusRuntimeException.class,
                    () -> ClientCalls.blockingUnaryCall(node.channel, raw, options, garbage));
            assertTrue(
                    refused.getStatus().getCode() != Status.Code.DEADLINE_EXCEEDED,
                    () -> length + " bytes: " + refused.getStatus());
        }
    }

    private static final class RawBytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void requestsThatSayTooLittleOrTooMuch() {
        assertInvalid(AppendRequest.newBuilder().setTopic(TOPIC).setPartition(0), "neither");
        assertInvalid(AppendRequest.newBuilder().setRecords(TestNode.records("x")), "names no topic");
        assertInvalid(
                AppendRequest.newBuilder().setTopic(TOPIC).setBatch(bytes(TestNode.batch(Compression.NONE, "x"))),
                "partition");
        assertInvalid(
                AppendRequest.newBuilder()
                        .setTopic(TOPIC)
                        .setExpectedBaseOffset(1)
                        .setRecords(TestNode.records("x")),
                "partition");
    }

    private Problem deletion(DeleteRecordsPartition.Builder wanted) {
        var result = node.admin()
                .deleteRecords(
                        DeleteRecordsRequest.newBuilder().addPartitions(wanted).build())
                .getResults(0);
        assertEquals(wanted.getTopic(), result.getTopic());
        assertEquals(wanted.getPartition(), result.getPartition());
        assertFalse(result.hasLogStartOffset());
        return result.getProblem();
    }

    private static DeleteRecordsPartition.Builder before(String topic, int partition, long offset) {
        return DeleteRecordsPartition.newBuilder()
                .setTopic(topic)
                .setPartition(partition)
                .setOffset(offset);
    }

    @ParameterizedTest
    @ValueSource(longs = {2, Long.MAX_VALUE})
    void deletionBeyondTheHighWatermark(long offset) {
        var problem = deletion(before(TOPIC, 0, offset));
        assertReason(problem, Status.Code.OUT_OF_RANGE, ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE, "[0, 1)");
        assertEquals("1", problem.getMetadataOrThrow("high_watermark"));
    }

    @Test
    void deletionsThatCannotBe() {
        assertReason(
                deletion(before("nowhere", 0, 1)),
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "nowhere");
        assertReason(
                deletion(before(TOPIC, -1, 1)),
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_PARTITION,
                "it has 2");
        assertReason(
                deletion(before(TOPIC, 0, 1).setTopicId(ByteString.copyFrom(new byte[16]))),
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_TOPIC_ID_MISMATCH,
                TOPIC);
        assertReason(
                deletion(before(TOPIC, 0, -1)),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "`high_watermark`");
        assertReason(
                deletion(before(TOPIC, 0, 1).clearOffset()),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "neither");
        assertReason(
                refused(() -> node.admin().deleteRecords(DeleteRecordsRequest.getDefaultInstance())),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "1 to 1000");
        node.createTopic("by-key", 1, Map.of("cleanup.policy", "compact"));
        assertReason(
                deletion(before("by-key", 0, 0)),
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_POLICY_VIOLATION,
                "cleanup.policy");
    }

    @Test
    void recordsWithoutAKeyInACompactedTopic() {
        node.createTopic("latest", 1, Map.of("cleanup.policy", "compact"));
        var encoded = AppendRequest.newBuilder()
                .setTopic("latest")
                .setPartition(0)
                .setBatch(bytes(TestNode.batch(Compression.NONE, "a value")))
                .build();
        var plain = AppendRequest.newBuilder()
                .setTopic("latest")
                .setPartition(0)
                .setRecords(TestNode.records("a value"))
                .build();
        for (var request : List.of(encoded, plain)) {
            assertReason(
                    refused(() -> node.producer().append(request)),
                    Status.Code.INVALID_ARGUMENT,
                    ErrorReason.ERROR_REASON_INVALID_RECORD,
                    "cleanup.policy");
        }
    }

    @Test
    void timesThatTheTopicDoesNotTake() {
        node.createTopic("punctual", 1, Map.of("message.timestamp.before.max.ms", "60000"));
        var batch = TestNode.batch(Compression.NONE, "from 1970");
        var encoded = AppendRequest.newBuilder()
                .setTopic("punctual")
                .setPartition(0)
                .setBatch(bytes(batch))
                .build();
        var plain = AppendRequest.newBuilder()
                .setTopic("punctual")
                .setPartition(0)
                .setRecords(RecordList.newBuilder()
                        .addRecords(Record.newBuilder()
                                .setTimestamp(Timestamp.newBuilder().setSeconds(1))))
                .build();
        for (var request : List.of(encoded, plain)) {
            assertReason(
                    refused(() -> node.producer().append(request)),
                    Status.Code.INVALID_ARGUMENT,
                    ErrorReason.ERROR_REASON_INVALID_TIMESTAMP,
                    "");
        }
        node.append("punctual", 0, "now");
        assertEquals(List.of("now"), node.values("punctual", 0));
    }

    @Test
    void anOffsetThatTheLogDoesNotEndAt() {
        var problem = refused(() -> node.producer()
                .append(AppendRequest.newBuilder()
                        .setTopic(TOPIC)
                        .setPartition(0)
                        .setExpectedBaseOffset(0)
                        .setRecords(TestNode.records("x"))
                        .build()));
        assertReason(problem, Status.Code.ABORTED, ErrorReason.ERROR_REASON_UNEXPECTED_OFFSET, "ends at offset 1");
        assertEquals(
                AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                Problems.outcome(problem).orElseThrow());
    }

    @Test
    void aTopicOfAnotherId() {
        var request = AppendRequest.newBuilder()
                .setTopic(TOPIC)
                .setTopicId(ByteString.copyFrom(new byte[16]))
                .setPartition(0)
                .setRecords(TestNode.records("x"))
                .build();
        assertReason(
                refused(() -> node.producer().append(request)),
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_TOPIC_ID_MISMATCH,
                "created again");
    }

    private void assertInvalid(AppendRequest.Builder request, String part) {
        assertReason(
                refused(() -> node.producer().append(request.build())),
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_REQUEST,
                part);
    }

    private void assertBatchRefused(ByteBuffer batch, ErrorReason reason) {
        var request = AppendRequest.newBuilder()
                .setTopic(TOPIC)
                .setPartition(0)
                .setBatch(bytes(batch))
                .build();
        var problem = refused(() -> node.producer().append(request));
        assertReason(problem, Status.Code.INVALID_ARGUMENT, reason, "");
        assertEquals(
                AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                Problems.outcome(problem).orElseThrow());
    }

    static Problem refused(Runnable call) {
        return Problems.fromThrowable(assertThrows(StatusRuntimeException.class, call::run));
    }

    static void assertReason(Problem problem, Status.Code code, ErrorReason reason, String part) {
        assertEquals(reason, problem.getReason(), problem.getMessage());
        assertEquals(code.value(), problem.getCode());
        assertTrue(problem.getMessage().contains(part), problem.getMessage());
    }

    /// A batch changed in one place, with a CRC that matches again.
    private static ByteBuffer mutated(Consumer<ByteBuffer> mutation) {
        var batch = TestNode.batch(Compression.NONE, "x", "y");
        mutation.accept(batch);
        RecordBatch.stampCrc(batch, 0);
        return batch;
    }

    private static void flip(ByteBuffer batch, int position) {
        batch.put(position, (byte) (batch.get(position) ^ 1));
    }

    private static ByteString bytes(ByteBuffer batch) {
        return ByteString.copyFrom(batch.duplicate());
    }
}
