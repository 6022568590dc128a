package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import io.weirlog.wire.Problems;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Batches and records that are damaged, too large, or not what their topic takes.
class BadBatchTest extends BadInput {
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
}
