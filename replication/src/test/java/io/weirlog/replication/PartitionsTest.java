package io.weirlog.replication;

import static io.weirlog.replication.LonePartition.ID;
import static io.weirlog.replication.LonePartition.SELF;
import static io.weirlog.replication.LonePartition.assignment;
import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The life of a partition here, from assignment to deletion.
class PartitionsTest {
    private final Path folder;

    @AutoClose
    private final LonePartition broker;

    PartitionsTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        broker = new LonePartition(folder);
    }

    @Test
    void aPartitionThatIsNotHereHasNoLeaderHere() throws Exception {
        assertInstanceOf(
                AppendRefusal.NotLeader.class,
                assertInstanceOf(AppendResult.NotAppended.class, broker.append())
                        .refusal());
        assertTrue(broker.partitions().view(ID).isEmpty());
    }

    @Test
    void aWatchIsWokenByTheWatermark() throws Exception {
        broker.host(LogConfig.defaults());
        var woken = new CountDownLatch(1);
        try (var watch = broker.partitions().watch(ID, Offset.ZERO, woken::countDown)) {
            assertFalse(woken.await(100, TimeUnit.MILLISECONDS));
            broker.append();
            assertTrue(woken.await(20, TimeUnit.SECONDS), watch.toString());
        }
        var atOnce = new CountDownLatch(1);
        broker.partitions().watch(ID, Offset.ZERO, atOnce::countDown).close();
        assertTrue(atOnce.await(20, TimeUnit.SECONDS));
    }

    @Test
    void whatWasAppendedIsThereAfterReopening() throws Exception {
        broker.host(LogConfig.defaults());
        broker.append();
        broker.close();
        assertInstanceOf(
                AppendRefusal.ShuttingDown.class,
                assertInstanceOf(AppendResult.NotAppended.class, broker.append())
                        .refusal());
        broker.restart();
        broker.host(LogConfig.defaults());
        assertEquals(2, broker.leading().highWatermark().value());
    }

    @Test
    void aDeletedTopicLeavesNothing() throws Exception {
        broker.host(LogConfig.defaults());
        broker.append();
        var woken = new CountDownLatch(1);
        broker.partitions().watch(ID, new Offset(2), woken::countDown);
        broker.partitions().deleteTopic(ID.topicId());
        assertTrue(woken.await(20, TimeUnit.SECONDS));
        await(() -> !Files.exists(folder.resolve("orders-0")));
        assertTrue(broker.partitions().view(ID).isEmpty());
    }

    @Test
    void aTopicThatVanishedIsPutAside() throws Exception {
        broker.host(LogConfig.builder().build());
        broker.append();
        broker.partitions().setAside(ID.topicId());
        await(() -> Files.exists(folder.resolve("orders-0.stray")));
        broker.close();
        assertTrue(broker.partitions().closedCleanly());
        assertFalse(Files.exists(folder.resolve("orders-0")));
    }

    @Test
    void aDirectoryOfAnotherTopicIdIsKeptAside() throws Exception {
        broker.partitions()
                .assign(assignment(
                        new TopicPartition(new TopicId(new UUID(9, 9)), 0),
                        List.of(SELF),
                        Optional.of(SELF),
                        0,
                        LogConfig.defaults()));
        await(() -> Files.exists(folder.resolve("orders-0/partition.metadata")));
        broker.restart();
        broker.host(LogConfig.defaults());
        assertEquals(Offset.ZERO, broker.leading().highWatermark());
        assertTrue(Files.exists(folder.resolve("orders-0.stray/partition.metadata")));
    }
}
