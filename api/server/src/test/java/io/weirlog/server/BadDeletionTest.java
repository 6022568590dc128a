package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Deletions of records that cannot be.
class BadDeletionTest extends BadInput {
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
}
