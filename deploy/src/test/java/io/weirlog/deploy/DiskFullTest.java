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
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import io.weirlog.wire.Problems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A disk that fills up costs nothing but the appends that do not fit: a node on a small file system of its own.
@Timeout(300)
class DiskFullTest {
    private static final int DISK_MIB = 96;
    private static final int RECORD_BYTES = 512 * 1024;
    private static final int RECORDS_MAX = DISK_MIB * 2;
    private static final long DEADLINE_SECONDS = 60;

    @TempDir
    private Path folder;

    private final byte[] value = new byte[RECORD_BYTES];

    private interface Work {
        void on(ManagedChannel channel, Run node) throws Exception;
    }

    @BeforeEach
    void needsOwnMounts() throws InterruptedException {
        new Random(1).nextBytes(value);
        try (var probe = Run.shell("unshare --mount true", folder)) {
            Repository.needs("the right to mount (root, and unshare)", probe.exitCode() == 0);
        }
    }

    /// @param mounted the folder on the small disk
    private void withNode(Path mounted, List<String> config, Work work) throws Exception {
        var arguments = new ArrayList<>(
                List.of("dev", "--data-dir", folder.resolve("data").toString(), "--port", "0"));
        config.forEach(pair -> arguments.addAll(List.of("-c", pair)));
        var builder = Run.weirlogBuilder(arguments.toArray(String[]::new));
        Files.createDirectories(mounted);
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "--propagation", "private", "sh", "-c"));
        command.add("mount -t tmpfs -o size=" + DISK_MIB + "m tmpfs '" + mounted + "' && exec \"$@\"");
        command.add("sh");
        command.addAll(builder.command());
        try (var node = Run.of(builder.command(command))) {
            var address = node.line(line -> line.startsWith("ready ")).substring("ready ".length());
            var channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                    .maxInboundMessageSize(64 << 20)
                    .build();
            try {
                work.on(channel, node);
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    void appendsAreRefusedByNameAndTakenAgainWhenThereIsRoom() throws Exception {
        withNode(folder.resolve("data"), List.of("disk.reserve=48MiB"), (channel, node) -> {
            create(channel, "large");
            create(channel, "small");
            assertEquals(Optional.empty(), append(channel, "small"));
            var taken = fill(channel, 0);
            System.out.println(taken + " records of 512 KiB fit above a reserve of 48 MiB on a disk of " + DISK_MIB);
            assertTrue(taken > 20 && taken < RECORDS_MAX - 48, taken + " records fit");
            assertReadable(channel, "large", 0, taken);
            // Everything but producing works.
            assertRefused(append(channel, "small").orElseThrow(), "small");
            create(channel, "new");
            deleteRecords(channel, taken - 1);
            awaitTaken(channel, "small");
            assertReadable(channel, "large", taken - 1, 1);
            assertReadable(channel, "small", 0, 2);
            fill(channel, taken);
            admin(channel)
                    .deleteTopic(
                            DeleteTopicRequest.newBuilder().setName("large").build());
            awaitTaken(channel, "new");
            assertTrue(node.output().contains("has room again"), node::output);
        });
    }

    /// Beyond the reserve a write fails in the middle. The partition is out of service until there is room, and the
    /// node
    /// is not.
    @Test
    void whatWasAcknowledgedIsThereAfterTheLastByteWasTaken() throws Exception {
        var disk = folder.resolve("disk");
        withNode(disk, List.of("disk.reserve=0", "data.dirs=" + disk), (channel, node) -> {
            create(channel, "large");
            create(channel, "ballast");
            for (var record = 0; record < 80; record++) {
                assertEquals(Optional.empty(), append(channel, "ballast"));
            }
            var taken = 0;
            var problem = append(channel, "large");
            for (; problem.isEmpty() && taken < RECORDS_MAX; taken++) {
                problem = append(channel, "large");
            }
            System.out.println(
                    taken + " records, then: " + problem.orElseThrow().getMessage());
            create(channel, "new");
            assertFalse(node.output().contains("out of service until the node starts again"), node::output);
            admin(channel)
                    .deleteTopic(
                            DeleteTopicRequest.newBuilder().setName("ballast").build());
            awaitTaken(channel, "large");
            // What nobody knew the outcome of may be there too.
            assertReadable(channel, "large", 0, taken + 1);
        });
    }

    private static AdminServiceGrpc.AdminServiceBlockingStub admin(ManagedChannel channel) {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    private static void create(ManagedChannel channel, String topic) {
        admin(channel)
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .setPartitions(1)
                        .putConfigs("segment.bytes", Integer.toString(4 << 20))
                        .putConfigs("file.delete.delay.ms", "0")
                        .build());
    }

    private static void deleteRecords(ManagedChannel channel, long before) {
        var answer = admin(channel)
                .deleteRecords(DeleteRecordsRequest.newBuilder()
                        .addPartitions(DeleteRecordsPartition.newBuilder()
                                .setTopic("large")
                                .setOffset(before))
                        .build());
        assertFalse(answer.getResults(0).hasProblem(), answer::toString);
    }

    /// Appends until the node refuses and says why; returns how many records there are then.
    private int fill(ManagedChannel channel, int before) {
        for (var appended = before; appended < before + RECORDS_MAX; appended++) {
            var problem = append(channel, "large");
            if (problem.isPresent()) {
                assertRefused(problem.get(), "large");
                return appended;
            }
        }
        throw new AssertionError("more was taken than fits");
    }

    private static void assertRefused(Problem problem, String topic) {
        assertEquals(Status.Code.RESOURCE_EXHAUSTED.value(), problem.getCode(), problem::toString);
        assertEquals(ErrorReason.ERROR_REASON_DISK_FULL, problem.getReason());
        assertEquals(Optional.of(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED), Problems.outcome(problem));
        assertTrue(problem.hasRetryDelay(), problem::toString);
        assertTrue(
                problem.getMessage().contains("disk.reserve")
                        && problem.getMessage().contains("'" + topic + "'"),
                problem::getMessage);
    }

    private void awaitTaken(ManagedChannel channel, String topic) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        for (var problem = append(channel, topic); problem.isPresent(); problem = append(channel, topic)) {
            assertTrue(System.nanoTime() - deadlineNanos < 0, problem.get()::getMessage);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /// What kept it from being acknowledged, if anything did.
    private Optional<Problem> append(ManagedChannel channel, String topic) {
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
    private void assertReadable(ManagedChannel channel, String topic, long from, int count) {
        var next = from;
        while (next < from + count) {
            var fetched = ConsumerServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                    .fetch(FetchRequest.newBuilder()
                            .addPartitions(
                                    FetchPartition.newBuilder().setTopic(topic).setOffset(next))
                            .build())
                    .getPartitions(0);
            assertTrue(fetched.getRecords().getRecordsCount() > 0, fetched::toString);
            for (var record : fetched.getRecords().getRecordsList()) {
                assertEquals(next++, record.getOffset());
                assertEquals(ByteString.copyFrom(value), record.getValue());
            }
        }
    }
}
