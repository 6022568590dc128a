package io.weirlog.metadata.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.MetadataQuorum;
import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.QuorumStartException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The files of real voters, read without them.
@Timeout(60)
class MetadataFilesTest {
    private static final UUID CLUSTER = new UUID(0, 77);

    @TempDir
    Path directory;

    private QuorumConfig config(long snapshotEntries) {
        return QuorumConfig.single(directory, CLUSTER, new BrokerId(1))
                .with(new QuorumConfig.Tuning(snapshotEntries, 16 << 10, Duration.ofSeconds(10)));
    }

    private void create(MetadataQuorum quorum, String name) throws Exception {
        quorum.client().propose(Commands.create(name, 2, 1)).get(20, TimeUnit.SECONDS);
    }

    private MetadataQuorum started(long snapshotEntries) throws Exception {
        var quorum = MetadataQuorum.start(config(snapshotEntries));
        quorum.awaitReady(Duration.ofSeconds(20));
        return quorum;
    }

    @Test
    void tellsTheStateThatTheNodeHasWhileItRunsAndAfter() throws Exception {
        String hash;
        long index;
        try (var quorum = started(40)) {
            quorum.client().propose(Commands.register(1)).get(20, TimeUnit.SECONDS);
            for (int i = 0; i < 150; i++) {
                create(quorum, "topic-" + i);
            }
            hash = quorum.stateHash();
            index = quorum.feed().image().index();
            var running = MetadataFiles.open(directory).replay(OptionalLong.of(index));
            assertEquals(hash, running.hash());
        }
        var files = MetadataFiles.open(directory);
        var stopped = files.replay(OptionalLong.empty());
        assertEquals(hash, stopped.hash());
        assertEquals(0, stopped.uncertainEntries());
        var topics = assertInstanceOf(List.class, stopped.tree().get("topics"));
        assertEquals(150, topics.size());
        var lines = new ArrayList<Map<String, Object>>();
        files.dump(lines::add);
        assertTrue(lines.stream().anyMatch(line -> "snapshot".equals(line.get("kind"))), lines::toString);
        assertTrue(
                lines.stream().anyMatch(line -> String.valueOf(line.get("text")).contains("topic-149")),
                lines::toString);
        assertFalse(lines.stream().anyMatch(line -> line.containsKey("problem")), lines::toString);
        assertThrows(MetadataFilesException.class, () -> files.replay(OptionalLong.of(index + 1_000)));
        // A new term begins a new file, and the one that was written has another name then.
        try (var quorum = started(40)) {
            create(quorum, "later");
            assertEquals(hash, files.replay(OptionalLong.of(index)).hash());
        }
        assertThrows(MetadataFilesException.class, () -> MetadataFiles.open(directory.resolve("raft/current")));
    }

    @Test
    void aTornEndIsRefusedThenCutOnRequest() throws Exception {
        String hash;
        try (var quorum = started(50_000)) {
            quorum.client().propose(Commands.register(1)).get(20, TimeUnit.SECONDS);
            create(quorum, "kept");
            hash = quorum.stateHash();
            assertThrows(MetadataFilesException.class, () -> LogRepair.repair(directory, true), "while it runs");
        }
        deleteSnapshots();
        var torn = lastLogFile();
        tear(torn);
        var refusal = assertThrows(QuorumStartException.class, () -> started(50_000));
        assertEquals(QuorumStartException.Reason.STATE_DAMAGED, refusal.reason());
        assertTrue(String.valueOf(refusal.getMessage()).contains("weirlog metadata repair"), refusal::toString);

        long size = Files.size(torn);
        var dry = assertInstanceOf(LogRepair.Result.Cut.class, LogRepair.repair(directory, true));
        assertEquals(size, Files.size(torn), "a dry run changes nothing");
        var cut = assertInstanceOf(LogRepair.Result.Cut.class, LogRepair.repair(directory, false));
        assertEquals(dry.position(), cut.position());
        assertEquals(size, Files.size(cut.copy().orElseThrow()));
        assertInstanceOf(LogRepair.Result.Whole.class, LogRepair.repair(directory, false));
        try (var quorum = started(50_000)) {
            assertEquals(hash, quorum.stateHash());
        }
    }

    @Test
    void aDamagedMiddleIsNeverCut() throws Exception {
        try (var quorum = started(50_000)) {
            quorum.client().propose(Commands.register(1)).get(20, TimeUnit.SECONDS);
            for (int i = 0; i < 5; i++) {
                create(quorum, "topic-" + i);
            }
        }
        deleteSnapshots();
        try (var file = new RandomAccessFile(lastLogFile().toFile(), "rw")) {
            file.seek(100);
            int value = file.read();
            file.seek(100);
            file.write(value ^ 1);
        }
        var refusal = assertThrows(MetadataFilesException.class, () -> LogRepair.repair(directory, false));
        assertTrue(String.valueOf(refusal.getMessage()).contains("no torn end"), refusal::toString);
    }

    /// Half an entry after the last one, in a file that was preallocated with zeros.
    private static void tear(Path file) throws IOException {
        var content = io.weirlog.metadata.ratis.RaftLogFile.read(file);
        try (var log = new RandomAccessFile(file.toFile(), "rw")) {
            log.seek(content.end());
            log.write(new byte[] {100, 8, 1, 16, 9, 42, 42});
            log.setLength(Math.max(log.length(), content.end() + 4_096));
        }
    }

    private void deleteSnapshots() throws IOException {
        var folder = directory.resolve("raft").resolve(CLUSTER.toString()).resolve("sm");
        if (Files.isDirectory(folder)) {
            try (var files = Files.list(folder)) {
                for (var file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private Path lastLogFile() throws IOException {
        try (var files =
                Files.list(directory.resolve("raft").resolve(CLUSTER.toString()).resolve("current"))) {
            return files.filter(file -> String.valueOf(file.getFileName()).startsWith("log_"))
                    .max(java.util.Comparator.comparingLong(io.weirlog.metadata.ratis.RaftLogFile::firstIndex))
                    .orElseThrow();
        }
    }
}
