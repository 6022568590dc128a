package io.weirlog.replication;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
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
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// A tick may wait in a busy shard, behind the beginning of a role that is later than the tick was asked for.
class TickTest {
    private static final BrokerId SELF = new BrokerId(1);
    private static final BrokerId OTHER = new BrokerId(2);
    private static final TopicId TOPIC = new TopicId(new UUID(1, 2));
    private static final TopicPartition BUSY = new TopicPartition(TOPIC, 0);
    private static final TopicPartition FOLLOWED = new TopicPartition(TOPIC, 1);
    /// The janitor looks at the clock every 100 ms and ticks every 500 ms.
    private static final int LOOKS_PER_TICK = 8;

    @TempDir
    private Path folder;

    private final SteppedClock clock = new SteppedClock();

    /// The system's, and it can be set forward.
    private static final class SteppedClock implements ReplicationClock {
        private final AtomicLong stepNanos = new AtomicLong();
        private final AtomicInteger janitorsLooks = new AtomicInteger();

        @Override
        public long nanoTime() {
            if (Thread.currentThread().getName().equals("weirlog-janitor")) {
                janitorsLooks.incrementAndGet();
            }
            return System.nanoTime() + stepNanos.get();
        }

        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }
    }

    @Test
    void aTickThatWaitedIsNotOlderThanTheRoleThatItMeets() throws Exception {
        var failures = new ListAppender<ILoggingEvent>();
        failures.start();
        var logger = (Logger) LoggerFactory.getLogger(Shard.class);
        logger.addAppender(failures);
        try (var partitions = open()) {
            partitions.assign(assignment(BUSY, SELF, 1));
            partitions.assign(assignment(FOLLOWED, OTHER, 1));
            assertTrue(partitions.awaitOpen(List.of(BUSY, FOLLOWED), 20_000));
            var busy = new CountDownLatch(1);
            var begun = new CountDownLatch(1);
            append(partitions, () -> {
                begun.countDown();
                awaitQuietly(busy);
            });
            assertTrue(begun.await(20, TimeUnit.SECONDS));
            partitions.assign(assignment(FOLLOWED, OTHER, 2));
            awaitATick();
            clock.stepNanos.addAndGet(TimeUnit.SECONDS.toNanos(10));
            busy.countDown();
            await(() -> partitions.view(FOLLOWED).orElseThrow() instanceof PartitionView.Following following
                    && following.epoch().equals(new LeaderEpoch(2)));
            awaitATick();
            assertEquals(List.of(), failures.list);
        } finally {
            logger.detachAppender(failures);
        }
    }

    private Partitions open() throws Exception {
        return new Partitions(
                SELF,
                new FileStorage(),
                new PartitionsConfig(
                        List.of(DataDirectory.of(folder)),
                        1,
                        1024,
                        new SyncConfig(1, true),
                        1,
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(1),
                        Duration.ofSeconds(1),
                        CleanerConfig.DEFAULTS),
                clock,
                ReplicaTransport.NONE,
                IsrController.NONE);
    }

    private static PartitionAssignment assignment(TopicPartition id, BrokerId leader, int epoch) {
        var standing = new PartitionMetadata.Standing(new BrokerEpoch(1), true);
        var replicas = List.of(SELF, OTHER);
        var metadata = new PartitionMetadata(
                new LeaderEpoch(epoch), epoch, replicas, replicas, 1, Map.of(SELF, standing, OTHER, standing));
        var config = LogConfig.builder().durability(Durability.PAGE_CACHE).build();
        return new PartitionAssignment(id, "orders", Optional.of(leader), metadata, config);
    }

    /// @param then is run by the shard
    private void append(Partitions partitions, Runnable then) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[10], List.of());
        partitions.append(
                BUSY,
                new AppendCommand(
                        Payload.of(builder.build()),
                        1,
                        Acks.LEADER,
                        Optional.empty(),
                        clock.nanoTime() + TimeUnit.MINUTES.toNanos(1),
                        _ -> then.run()));
    }

    private void awaitATick() throws InterruptedException {
        var looks = clock.janitorsLooks.get() + LOOKS_PER_TICK;
        await(() -> clock.janitorsLooks.get() >= looks);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
