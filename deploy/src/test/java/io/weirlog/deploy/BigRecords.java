package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import io.weirlog.wire.Problems;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// Fills a node's small disk with large records, all with the same value, and reads them back.
public final class BigRecords implements AutoCloseable {
    /// What a test may try to write at most.
    static final int RECORDS_MAX = SmallDisk.MIB * 2;

    private static final int RECORD_BYTES = 512 * 1024;
    private static final long DEADLINE_SECONDS = 60;

    private final byte[] value = new byte[RECORD_BYTES];
    private final ManagedChannel channel;

    /// @param address of the node
    public BigRecords(String address) {
        new Random(1).nextBytes(value);
        channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                .maxInboundMessageSize(64 << 20)
                .build();
    }

    private AdminServiceGrpc.AdminServiceBlockingStub admin() {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    public void create(String topic) {
        admin().createTopic(CreateTopicRequest.newBuilder()
                .setName(topic)
                .setPartitions(1)
                .putConfigs("segment.bytes", Integer.toString(4 << 20))
                .putConfigs("file.delete.delay.ms", "0")
                .build());
    }

    void deleteTopic(String topic) {
        admin().deleteTopic(DeleteTopicRequest.newBuilder().setName(topic).build());
    }

    void deleteRecords(long before) {
        var answer = admin().deleteRecords(DeleteRecordsRequest.newBuilder()
                .addPartitions(
                        DeleteRecordsPartition.newBuilder().setTopic("large").setOffset(before))
                .build());
        assertFalse(answer.getResults(0).hasProblem(), answer::toString);
    }

    /// Appends until the node refuses and says why; returns how many records there are then.
    public int fill(int before) {
        for (var appended = before; appended < before + RECORDS_MAX; appended++) {
            var problem = append("large");
            if (problem.isPresent()) {
                assertRefused(problem.get(), "large");
                return appended;
            }
        }
        throw new AssertionError("more was taken than fits");
    }

    static void assertRefused(Problem problem, String topic) {
        assertEquals(Status.Code.RESOURCE_EXHAUSTED.value(), problem.getCode(), problem::toString);
        assertEquals(ErrorReason.ERROR_REASON_DISK_FULL, problem.getReason());
        assertEquals(Optional.of(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED), Problems.outcome(problem));
        assertTrue(problem.hasRetryDelay(), problem::toString);
        assertTrue(
                problem.getMessage().contains("disk.reserve")
                        && problem.getMessage().contains("'" + topic + "'"),
                problem::getMessage);
    }

    void awaitTaken(String topic) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        for (var problem = append(topic); problem.isPresent(); problem = append(topic)) {
            assertTrue(System.nanoTime() - deadlineNanos < 0, problem.get()::getMessage);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /// Waits until so many records can be read from the beginning, and reads them.
    void awaitReadable(String topic, int count) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (fetch(topic, count - 1).getRecords().getRecordsCount() == 0) {
            assertTrue(
                    System.nanoTime() - deadlineNanos < 0,
                    () -> fetch(topic, count - 1).toString());
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertReadable(topic, 0, count);
    }

    private FetchedPartition fetch(String topic, long offset) {
        return ConsumerServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .fetch(FetchRequest.newBuilder()
                        .addPartitions(
                                FetchPartition.newBuilder().setTopic(topic).setOffset(offset))
                        .build())
                .getPartitions(0);
    }

    /// What kept it from being acknowledged, if anything did.
    Optional<Problem> append(String topic) {
        var record = Record.newBuilder().setValue(ByteString.copyFrom(value));
        var request = AppendRequest.newBuilder()
                .setTopic(topic)
                .setPartition(0)
                .setRecords(RecordList.newBuilder().addRecords(record))
                .build();
        try {
            var response = ProducerServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                    .append(request);
            assertTrue(response.getResults(0).hasAppended(), response::toString);
            return Optional.empty();
        } catch (StatusRuntimeException e) {
            return Optional.of(Problems.fromThrowable(e));
        }
    }

    /// Reads so many records from an offset on, each the one that was sent.
    void assertReadable(String topic, long from, int count) {
        var next = from;
        while (next < from + count) {
            var fetched = fetch(topic, next);
            assertTrue(fetched.getRecords().getRecordsCount() > 0, fetched::toString);
            for (var record : fetched.getRecords().getRecordsList()) {
                assertEquals(next++, record.getOffset());
                assertEquals(ByteString.copyFrom(value), record.getValue());
            }
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
