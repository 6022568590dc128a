package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.log.PartitionLog;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A log of 20 records.
class KnownWatermarksTest {
    private static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(1, 2)), 0);
    private static final TopicPartition OTHER = new TopicPartition(new TopicId(new UUID(1, 2)), 1);

    @TempDir
    private Path folder;

    private final FileStorage storage = new FileStorage();
    private PartitionLog log;

    @BeforeEach
    void open() throws IOException {
        log = PartitionLog.open(
                storage, folder.resolve("orders-0"), new PartitionIdentity("orders", ID), LogConfig.defaults());
        log.beginEpoch(new LeaderEpoch(0));
        List<ByteBuffer> batches = new ArrayList<>();
        for (var i = 0; i < 20; i++) {
            var builder = new RecordBatchBuilder(Compression.NONE, 64);
            builder.append(1, null, new byte[10], List.of());
            batches.add(builder.build());
        }
        log.append(batches, new LeaderEpoch(0), 1);
    }

    @AfterEach
    void close() throws IOException {
        log.close();
    }

    private KnownWatermarks take(Map<TopicPartition, Offset> noted) throws IOException {
        HighWatermarkCheckpoint.write(storage, folder, noted);
        return KnownWatermarks.take(storage, DataDirectories.scan(storage, List.of(DataDirectory.of(folder))));
    }

    private Map<TopicPartition, Offset> onDisk() throws IOException {
        return HighWatermarkCheckpoint.read(storage, folder);
    }

    @Test
    void whatWasNotedIsKnownAndStaysSo() throws IOException {
        var known = take(Map.of(ID, new Offset(7), OTHER, new Offset(99)));
        assertEquals(new Offset(7), known.opened(ID, log));
        known.write(folder, List.of());
        assertEquals(Map.of(ID, new Offset(7), OTHER, new Offset(99)), onDisk(), "the other is not open yet");
        known.keepOnly(Set.of(ID));
        known.write(folder, List.of());
        assertEquals(Map.of(ID, new Offset(7)), onDisk());
        known.forget(ID, log);
        assertEquals(Offset.ZERO, known.opened(ID, log));
    }

    /// The log may have lost its end, and grow again with other records before the next note.
    @Test
    void noFileOutlivesTheLogThatItToldOf() throws IOException {
        var known = take(Map.of(ID, new Offset(99)));
        assertFalse(Files.exists(folder.resolve(HighWatermarkCheckpoint.FILE)));
        assertEquals(new Offset(20), known.opened(ID, log));
        known.write(folder, List.of());
        assertEquals(Map.of(ID, new Offset(20)), onDisk());
        log.truncateTo(new Offset(15));
        known.cut(ID, log);
        assertEquals(Map.of(ID, new Offset(15)), onDisk());
        log.truncateFullyAndStartAt(new Offset(4));
        known.cut(ID, log);
        assertEquals(Map.of(ID, new Offset(4)), onDisk());
        log.truncateFullyAndStartAt(new Offset(50));
        known.cut(ID, log);
        assertEquals(Map.of(ID, new Offset(4)), onDisk(), "what was committed below is so still");
        assertEquals(new Offset(50), known.opened(ID, log), "KAFKA-9491");
    }

    @Test
    void aDirectoryThatCannotBeReadIsLeftOut() throws IOException {
        Files.createDirectories(folder.resolve("b").resolve(HighWatermarkCheckpoint.FILE));
        var directories =
                DataDirectories.scan(storage, List.of(DataDirectory.of(folder), DataDirectory.of(folder.resolve("b"))));
        KnownWatermarks.take(storage, directories);
        assertEquals(List.of(folder), directories.online());
        assertTrue(directories.states().containsKey(folder.resolve("b")));
    }
}
