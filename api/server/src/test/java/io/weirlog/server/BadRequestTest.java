package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.weirlog.record.Compression;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that name what is not there, or say too little or too much.
class BadRequestTest extends BadInput {
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
    void messageLargerThanTheServerTakes() {
        var refused = assertThrows(StatusRuntimeException.class, () -> node.append(TOPIC, 0, "x".repeat(20 << 20)));
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.getStatus().getCode());
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
}
