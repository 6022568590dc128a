package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerConfig;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.core.PartitionMetadata;
import io.weirlog.replication.link.ReplicaTransport;
import io.weirlog.wire.Payload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A broker without others, on a real disk, and one partition (`orders-0`) that tests use it for.
final class LonePartition implements AutoCloseable {
    static final BrokerId SELF = new BrokerId(1);
    static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(1, 2)), 0);

    private final Path folder;
    private Partitions partitions;

    LonePartition(Path folder) throws IOException {
        this.folder = folder;
        this.partitions = create(folder);
    }

    private static Partitions create(Path folder) throws IOException {
        return new Partitions(
                SELF,
                new FileStorage(),
                new PartitionsConfig(
                        List.of(DataDirectory.of(folder)),
                        2,
                        1024,
                        new SyncConfig(2, true),
                        2,
                        Duration.ofMillis(50),
                        Duration.ofMillis(50),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(10),
                        new CleanerConfig(1, 1 << 20, OptionalLong.empty(), Duration.ofMillis(20))),
                ReplicationClock.SYSTEM,
                ReplicaTransport.NONE,
                IsrController.NONE);
    }

    Partitions partitions() {
        return partitions;
    }

    @Override
    public void close() {
        partitions.close();
    }

    /// The broker begins its next life. No partition is assigned to it yet.
    void restart() throws IOException {
        close();
        partitions = create(folder);
    }

    // Roles.

    /// This broker leads the partition, in epoch 4.
    void host(LogConfig config) throws Exception {
        assign(List.of(SELF), Optional.of(SELF), 4, config);
    }

    void assign(List<BrokerId> replicas, Optional<BrokerId> leader, int epoch, LogConfig config) throws Exception {
        partitions.assign(assignment(ID, replicas, leader, epoch, config));
        assertTrue(partitions.awaitOpen(List.of(ID), 20_000));
    }

    static PartitionAssignment assignment(
            TopicPartition id, List<BrokerId> replicas, Optional<BrokerId> leader, int epoch, LogConfig config) {
        var standing = new PartitionMetadata.Standing(new BrokerEpoch(1), true);
        var standings = replicas.stream().collect(Collectors.toMap(Function.identity(), replica -> standing));
        var metadata = new PartitionMetadata(new LeaderEpoch(epoch), epoch, replicas, replicas, 1, standings);
        return new PartitionAssignment(id, "orders", leader, metadata, config);
    }

    PartitionView.Leading leading() {
        return assertInstanceOf(PartitionView.Leading.class, partitions.view(ID).orElseThrow());
    }

    // Appends.

    /// Appends two records and waits for the answer.
    AppendResult append() throws Exception {
        return get(append(Acks.ALL, Optional.empty(), 20_000));
    }

    CompletableFuture<AppendResult> append(Acks acks, Optional<Offset> expected, long timeoutMillis) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        return append(builder, acks, expected, timeoutMillis);
    }

    CompletableFuture<AppendResult> append(
            RecordBatchBuilder builder, Acks acks, Optional<Offset> expected, long timeoutMillis) {
        var result = new CompletableFuture<AppendResult>();
        partitions.append(
                ID,
                new AppendCommand(
                        Payload.of(builder.build()),
                        builder.recordCount(),
                        acks,
                        expected,
                        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis),
                        result::complete));
        return result;
    }

    static AppendResult get(CompletableFuture<AppendResult> result) throws Exception {
        return result.get(20, TimeUnit.SECONDS);
    }
}
