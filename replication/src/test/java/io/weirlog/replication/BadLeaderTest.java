package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.PartitionMetadata;
import io.weirlog.replication.core.StreamSession;
import io.weirlog.replication.link.FromLeader;
import io.weirlog.replication.link.Outbound;
import io.weirlog.replication.link.ReplicaTransport;
import io.weirlog.replication.link.ToLeader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A follower with a real log, whose leader sends what it must not.
@Timeout(60)
class BadLeaderTest {
    private static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(3, 3)), 0);
    private static final BrokerId SELF = new BrokerId(1);
    private static final BrokerId LEADER = new BrokerId(2);
    private static final LeaderEpoch EPOCH = new LeaderEpoch(3);

    @TempDir
    private Path folder;

    private final LinkedBlockingQueue<FollowerMessage> said = new LinkedBlockingQueue<>();
    private @Nullable Partitions partitions;
    private ReplicaTransport.@Nullable Listener follower;

    private Outbound<ToLeader> connect(BrokerId leader, ReplicaTransport.Listener listener) {
        follower = listener;
        return new Outbound<>() {
            @Override
            public void send(List<ToLeader> messages) {
                for (var message : messages) {
                    if (message instanceof ToLeader.Say(var partition, var what) && partition.equals(ID)) {
                        said.add(what);
                    }
                }
            }

            @Override
            public void close(String why) {
                // The broker stops.
            }
        };
    }

    private void follow() throws Exception {
        var standing = new PartitionMetadata.Standing(new BrokerEpoch(1), true);
        var metadata = new PartitionMetadata(
                EPOCH, 9, List.of(LEADER, SELF), List.of(LEADER), 1, Map.of(SELF, standing, LEADER, standing));
        partitions().assign(new PartitionAssignment(ID, "t", Optional.of(LEADER), metadata, LogConfig.defaults()));
        assertTrue(partitions().awaitOpen(List.of(ID), 20_000));
    }

    @BeforeEach
    void start() throws Exception {
        var config = new PartitionsConfig(
                List.of(DataDirectory.of(folder)),
                1,
                1024,
                SyncConfig.DEFAULTS,
                1,
                Duration.ofMinutes(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                CleanerConfig.DEFAULTS);
        partitions = new Partitions(
                SELF, new FileStorage(), config, ReplicationClock.SYSTEM, this::connect, IsrController.NONE);
        follow();
    }

    @AfterEach
    void stop() {
        partitions().close();
    }

    private Partitions partitions() {
        return Objects.requireNonNull(partitions);
    }

    @Test
    void whatDoesNotContinueTheLogIsRefusedAndTheFollowerGoesOn() throws Exception {
        var session = accept(0);
        send(session, batch(0, EPOCH.value()));
        awaitAck(1);
        long refused = 0;
        for (var bad : List.of(
                batch(0, EPOCH.value()), // an overlap
                batch(1, EPOCH.value() + 1), // of an epoch that is still to come
                damaged(batch(1, EPOCH.value())),
                cut(batch(1, EPOCH.value())),
                batch(1, -1),
                batch(-5, EPOCH.value()),
                ByteBuffer.allocate(100),
                ByteBuffer.allocate(0))) {
            send(session, bad);
            awaitClose(session);
            refused++;
            assertEquals(refused, partitions().replicationStats().refused(BadInput.BATCHES));
            session = accept(1);
        }
        send(session, batch(1, EPOCH.value()));
        awaitAck(2);
        var view = assertInstanceOf(
                PartitionView.Following.class, partitions().view(ID).orElseThrow());
        assertEquals(new Offset(2), view.log().logEndOffset());
        assertEquals(new Offset(2), view.highWatermark());
    }

    @Test
    void whatIsOfAnEndedSessionChangesNothing() throws Exception {
        var session = accept(0);
        send(new StreamSession(session.value() + 5), batch(0, EPOCH.value()));
        send(session, batch(0, EPOCH.value()));
        awaitAck(1);
        assertEquals(0, partitions().replicationStats().refused(BadInput.BATCHES));
    }

    /// Its former log goes while the new one is made in the same directory, and what was sent to it before may still be
    /// on its way.
    @Test
    void aReplicaThatWasLetGoAndComesBackBeginsAnew() throws Exception {
        for (var times = 0; times < 30; times++) {
            var former = accept(0);
            send(former, batch(0, EPOCH.value()));
            awaitAck(1);
            partitions().delete(ID);
            said.clear();
            follow();
            var open = nextOpen();
            assertTrue(open.session().value() > former.value(), open + " after " + former);
            assertEquals(Offset.ZERO, open.logEnd());
            listener().ended("so that it opens once more");
        }
        assertTrue(Files.exists(folder.resolve("t-0")));
    }

    private FollowerMessage.Open nextOpen() throws InterruptedException {
        while (true) {
            if (next() instanceof FollowerMessage.Open open) {
                return open;
            }
        }
    }

    /// Answers the next opening: the follower's log is a prefix up to `end`.
    private StreamSession accept(long end) throws InterruptedException {
        var open = nextOpen();
        assertEquals(new Offset(end), open.logEnd());
        listener().received(new FromLeader(ID, new LeaderMessage.Accepted(open.session(), progress()), 0, () -> {}));
        return open.session();
    }

    private static LeaderMessage.Progress progress() {
        return new LeaderMessage.Progress(new Offset(100), Offset.ZERO);
    }

    private ReplicaTransport.Listener listener() {
        return Objects.requireNonNull(follower);
    }

    private void send(StreamSession session, ByteBuffer batches) {
        listener()
                .received(new FromLeader(
                        ID, new LeaderMessage.Batches(session, batches, progress()), batches.remaining(), () -> {}));
    }

    private void awaitAck(long end) throws InterruptedException {
        while (!(next() instanceof FollowerMessage.Ack ack && ack.end().equals(new Offset(end)))) {
            // Another message.
        }
    }

    private void awaitClose(StreamSession session) throws InterruptedException {
        while (!(next() instanceof FollowerMessage.Close close
                && close.session().equals(session))) {
            // Another message.
        }
    }

    private FollowerMessage next() throws InterruptedException {
        return Objects.requireNonNull(said.poll(20, TimeUnit.SECONDS), "the follower says nothing");
    }

    private static ByteBuffer batch(long baseOffset, int epoch) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(1_000, null, new byte[50], List.of());
        var batch = builder.build();
        // Outside of the checksum.
        batch.putLong(BatchFormat.BASE_OFFSET_AT, baseOffset);
        batch.putInt(BatchFormat.LEADER_EPOCH_AT, epoch);
        return batch;
    }

    private static ByteBuffer damaged(ByteBuffer batch) {
        int last = batch.limit() - 1;
        batch.put(last, (byte) (batch.get(last) ^ 1));
        return batch;
    }

    private static ByteBuffer cut(ByteBuffer batch) {
        return batch.limit(batch.limit() - 1);
    }
}
