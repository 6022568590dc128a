package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogOpenException;
import io.weirlog.log.fault.CrashException;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HighWatermarkCheckpointTest {
    private static final TopicId TOPIC = new TopicId(new UUID(1, 2));
    private static final Map<TopicPartition, Offset> WATERMARKS = Map.of(
            new TopicPartition(TOPIC, 0), new Offset(42), new TopicPartition(TOPIC, 11), new Offset(7_000_000_000L));

    @TempDir
    private Path folder;

    private final FileStorage storage = new FileStorage();

    private Path file() {
        return folder.resolve(HighWatermarkCheckpoint.FILE);
    }

    @Test
    void hasThisFormat() throws IOException {
        HighWatermarkCheckpoint.write(storage, folder, WATERMARKS);
        assertEquals("""
                0
                2
                00000000-0000-0001-0000-000000000002 0 42
                00000000-0000-0001-0000-000000000002 11 7000000000
                crc32c=fd903976
                """, Files.readString(file()));
        assertEquals(WATERMARKS, HighWatermarkCheckpoint.read(storage, folder));
    }

    @Test
    void thereMayBeNone() throws IOException {
        assertEquals(Map.of(), HighWatermarkCheckpoint.read(storage, folder));
        HighWatermarkCheckpoint.write(storage, folder, Map.of());
        assertEquals(Map.of(), HighWatermarkCheckpoint.read(storage, folder));
    }

    @Test
    void everyDamagedByteIsNoticed() throws IOException {
        HighWatermarkCheckpoint.write(storage, folder, WATERMARKS);
        var sound = Files.readAllBytes(file());
        for (var bit = 0; bit < 8 * sound.length; bit++) {
            var damaged = sound.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file(), damaged);
            try {
                assertEquals(Map.of(), HighWatermarkCheckpoint.read(storage, folder), "bit " + bit);
            } catch (LogOpenException e) {
                assertTrue(bit < 8, "only the version can look like a newer one");
            }
        }
    }

    @Test
    void aNewerVersionIsRefusedByName() throws IOException {
        Files.writeString(file(), "1\n0\ncrc32c=00000000\n");
        var refused = assertThrows(LogOpenException.class, () -> HighWatermarkCheckpoint.read(storage, folder));
        assertTrue(String.valueOf(refused.getMessage()).contains(file() + " has the unknown version 1"));
    }

    /// L7: after a crash at any moment there is the old content or the new one.
    @Test
    void aCrashLeavesTheOldOrTheNew() throws IOException {
        var directory = Path.of("/data");
        var before = Map.of(new TopicPartition(TOPIC, 0), new Offset(1));
        var seen = new HashSet<Map<TopicPartition, Offset>>();
        for (var seed = 0; seed < 300; seed++) {
            var disk = new FaultyStorage(seed);
            disk.createDirectories(directory);
            disk.syncDirectory(Path.of("/"));
            HighWatermarkCheckpoint.write(disk, directory, before);
            disk.faults().crashAt(disk.faults().boundaries() + seed % 8);
            try {
                HighWatermarkCheckpoint.write(disk, directory, WATERMARKS);
            } catch (CrashException e) {
                // As told to.
            }
            for (var mode : LossMode.values()) {
                var found = HighWatermarkCheckpoint.read(disk.recoverAs(mode, seed), directory);
                assertTrue(Set.of(before, WATERMARKS).contains(found), () -> mode + " left " + found);
                seen.add(found);
            }
        }
        assertEquals(2, seen.size());
    }
}
