package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataReply;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Voters that disagree are found out (M2).
@Timeout(120)
class StateCheckTest {
    private static final QuorumConfig.Tuning CHECKED_OFTEN =
            new QuorumConfig.Tuning(100, 16 << 10, Duration.ofSeconds(10), 10);

    private static final Duration FOUND_MAX = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @Test
    void aVoterWhoseStateDiffersStopsAndSaysSo() throws Exception {
        try (var cluster = new QuorumCluster(directory, 3, CHECKED_OFTEN).startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            for (int i = 0; i < 120; i++) {
                cluster.propose(Commands.create("topic-" + i, 1, 1));
            }
            cluster.awaitSameState();
            for (var node : cluster.nodes()) {
                assertFalse(node.failure().isDone(), "equal voters are left alone");
            }
            int victim = cluster.active() == 3 ? 2 : 3;
            cluster.stop(victim);
            loseATopic(cluster.raft(victim, "sm"));
            var wrong = cluster.start(victim);
            long deadline = System.nanoTime() + FOUND_MAX.toNanos();
            awaitSameEntry(cluster, wrong);
            for (int i = 0; !wrong.failure().isDone() && System.nanoTime() < deadline; i++) {
                cluster.propose(Commands.create("later-" + i, 1, 1));
                awaitSameEntry(cluster, wrong);
            }
            var failure = wrong.failure().get(1, TimeUnit.SECONDS);
            assertInstanceOf(StateDivergedException.class, failure);
            assertTrue(String.valueOf(failure.getMessage()).startsWith("M2: "), failure::toString);
            assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(Commands.create("last", 1, 1)));
            assertTrue(Files.exists(newestSnapshot(cluster.raft(victim, "sm"))), "its files are kept");
            cluster.stop(victim);
            for (var node : cluster.nodes()) {
                assertFalse(node.failure().isDone());
            }
            assertEquals(2, cluster.nodes().size());
        }
    }

    /// A voter that is behind when the others snapshot and cut their logs would get the snapshot, and with it the right
    /// state: there would be nothing to find.
    private static void awaitSameEntry(QuorumCluster cluster, MetadataQuorum follower) {
        long index = cluster.node(cluster.active()).feed().image().index();
        QuorumCluster.await(
                "entry " + index + " at the voter that was away",
                () -> follower.feed().image().index() >= index
                        || follower.failure().isDone());
    }

    private static Path newestSnapshot(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            return files.filter(file -> String.valueOf(file.getFileName()).matches("snapshot\\.\\d+_\\d+"))
                    .max(Comparator.comparingLong(file ->
                            Long.parseLong(String.valueOf(file.getFileName()).replaceAll(".*_", ""))))
                    .orElseThrow();
        }
    }

    /// Damage that no checksum shows.
    private static void loseATopic(Path folder) throws Exception {
        var file = newestSnapshot(folder);
        var state = SnapshotCodec.decode(Files.readAllBytes(file));
        var topic = state.topics().byNames().iterator().next();
        byte[] bytes = SnapshotCodec.encode(state.evolve(new MetadataEvent.TopicDeleted(topic.id(), topic.name())));
        Files.write(file, bytes);
        var md5 = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        Files.write(
                file.resolveSibling(file.getFileName() + ".md5"),
                (md5 + " *" + file.getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
