package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.QuorumStartException.Reason;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real Raft group of one voter on a real disk.
@Timeout(60)
class MetadataQuorumTest {
    private static final UUID CLUSTER = UUID.fromString("5f0e9c1e-7a54-4c0e-9a26-3f4f5c1d2b3a");
    private static final Duration READY_MAX = Duration.ofSeconds(20);
    /// Small enough for a few hundred commands to make snapshots and to fill several log files.
    private static final QuorumConfig.Tuning SMALL = new QuorumConfig.Tuning(50, 16 << 10, Duration.ofSeconds(10));

    @TempDir
    Path directory;

    @Test
    void answersAndShowsWhatItAnswered() throws Exception {
        try (var quorum = started(config())) {
            assertInstanceOf(MetadataReply.BrokerRegistered.class, propose(quorum, Commands.register(1)));
            var create = Commands.create("orders", 3, 1);
            var created = assertInstanceOf(MetadataReply.TopicCreated.class, propose(quorum, create));

            var image = quorum.feed().image();
            assertTrue(image.index() >= created.index(), () -> image + " does not show " + created);
            assertEquals(3, image.topic("orders").orElseThrow().partitions().size());
            assertEquals(created, propose(quorum, create), "a retry gets the first answer");
            var refused =
                    assertInstanceOf(MetadataReply.Rejected.class, propose(quorum, Commands.create("orders", 1, 1)));
            assertEquals(RejectReason.TOPIC_ALREADY_EXISTS, refused.reason());
            assertInstanceOf(QuorumRole.Active.class, quorum.role());
        }
    }

    @Test
    void keepsAllOverARestartAndStartsFast() throws Exception {
        String hash;
        var create = Commands.create("orders", 3, 1, Map.of("retention.ms", "1000"));
        MetadataReply created;
        try (var quorum = started(config())) {
            propose(quorum, Commands.register(1));
            created = propose(quorum, create);
            hash = quorum.stateHash();
        }
        for (int start = 1; start <= 3; start++) {
            long before = System.nanoTime();
            try (var quorum = started(config())) {
                long readyMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
                System.out.println("restart " + start + ": ready after " + readyMillis + " ms");
                assertEquals(hash, quorum.stateHash());
                assertEquals(
                        Map.of("retention.ms", "1000"),
                        quorum.feed().image().topic("orders").orElseThrow().configs());
            }
        }
        try (var quorum = started(config())) {
            assertEquals(created, propose(quorum, create), "the answer to a retry survives a restart");
        }
    }

    @Test
    void replaysTheLogOfAProcessThatDied() throws Exception {
        var crashed = directory.resolveSibling(directory.getFileName() + "-crashed");
        try (var quorum = started(config())) {
            propose(quorum, Commands.register(1));
            for (int i = 0; i < 20; i++) {
                propose(quorum, Commands.create("topic-" + i, 2, 1));
            }
            copy(directory, crashed); // What a kill leaves: every answered command is on disk, nothing was closed.
            try (var survivor = started(config(crashed, CLUSTER, 1))) {
                assertEquals(quorum.stateHash(), survivor.stateHash());
                assertEquals(20, survivor.feed().image().topics().size());
            }
        } finally {
            delete(crashed);
        }
    }

    @Test
    void snapshotsReplaceTheLog() throws Exception {
        var config = config().with(SMALL);
        String hash;
        try (var quorum = started(config)) {
            propose(quorum, Commands.register(1));
            churn(quorum, 400);
            hash = quorum.stateHash();
        }
        var files = raftFiles("current");
        assertTrue(
                files.stream().noneMatch(name -> name.startsWith("log_0-")), () -> "the log was not purged: " + files);
        assertTrue(
                raftFiles("sm").stream()
                                .filter(name -> name.matches("snapshot\\.\\d+_\\d+"))
                                .count()
                        <= 2,
                () -> "old snapshots were kept: " + raftFiles("sm"));
        try (var quorum = started(config)) {
            assertEquals(hash, quorum.stateHash());
            churn(quorum, 100);
            assertEquals(0, quorum.feed().image().topics().size());
        }
    }

    @Test
    void tellsListenersInTheOrderOfTheLog() throws Exception {
        try (var quorum = started(config())) {
            propose(quorum, Commands.register(1));
            var heard = new Recorder();
            var subscription = quorum.feed().subscribe(heard);
            churn(quorum, 50);
            var last = propose(quorum, Commands.create("last", 1, 1));
            heard.await("last");
            assertEquals(1, heard.snapshots);
            assertEquals(
                    assertInstanceOf(MetadataReply.TopicCreated.class, last).index(), heard.image.index());
            subscription.close();
            var other = new Recorder();
            quorum.feed().subscribe(other);
            propose(quorum, Commands.create("unheard", 1, 1));
            other.await("unheard");
            assertTrue(heard.image.topic("unheard").isEmpty());
        }
    }

    @Test
    void refusesAFolderOfAnotherClusterOrNode() throws Exception {
        started(config()).close();
        refused(config(directory, new UUID(7, 7), 1), Reason.FOLDER_OF_OTHER_CLUSTER);
        refused(config(directory, CLUSTER, 2), Reason.FOLDER_OF_OTHER_NODE);
        started(config()).close();
    }

    @Test
    void refusesToVoteAgainWithoutItsLog() throws Exception {
        started(config()).close();
        delete(directory.resolve("raft"));
        var refusal = refused(config(), Reason.VOTER_STATE_GONE);
        assertTrue(
                String.valueOf(refusal)
                        .contains("remove it from the quorum, and let the node join again with an empty folder"),
                refusal::toString);
    }

    @Test
    void startsAgainAfterACrashBeforeTheFirstVote() throws Exception {
        Files.write(
                directory.resolve("identity"),
                new VoterIdentity(CLUSTER, new BrokerId(1), false, VoterIdentity.Membership.FORMED).encode());
        started(config()).close();
    }

    @Test
    void refusesADamagedIdentity() throws Exception {
        started(config()).close();
        var identity = directory.resolve("identity");
        byte[] bytes = Files.readAllBytes(identity);
        bytes[30] ^= 1;
        Files.write(identity, bytes);
        refused(config(), Reason.IDENTITY_DAMAGED);
        Files.delete(identity);
        refused(config(), Reason.IDENTITY_DAMAGED);
    }

    @Test
    void refusesADamagedSnapshot() throws Exception {
        try (var quorum = started(config())) {
            propose(quorum, Commands.register(1));
        }
        flipBit(onlyFile("sm", "snapshot\\.\\d+_\\d+"), 40);
        refused(config(), Reason.STATE_DAMAGED);
    }

    @Test
    void refusesALogWhoseSnapshotIsGone() throws Exception {
        try (var quorum = started(config().with(SMALL))) {
            propose(quorum, Commands.register(1));
            churn(quorum, 400);
        }
        delete(raft("sm"));
        refused(config(), Reason.STATE_DAMAGED);
    }

    @Test
    void refusesADamagedLog() throws Exception {
        try (var quorum = started(config())) {
            propose(quorum, Commands.register(1));
            churn(quorum, 20);
        }
        delete(raft("sm")); // Or the snapshot would make up for the log.
        flipBit(onlyFile("current", "log_.*"), 200);
        refused(config(), Reason.STATE_DAMAGED);
    }

    @Test
    void refusesAFolderInUse() throws Exception {
        try (var quorum = started(config())) {
            refused(config(), Reason.FOLDER_IN_USE);
            assertInstanceOf(MetadataReply.BrokerRegistered.class, propose(quorum, Commands.register(1)));
        }
    }

    @Test
    void refusesAFolderThatIsNone() throws Exception {
        var file = directory.resolve("file");
        Files.writeString(file, "not a folder");
        refused(config(file.resolve("metadata"), CLUSTER, 1), Reason.FOLDER_UNUSABLE);
    }

    @Test
    void refusesAPortInUse() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var bind = new Endpoint("localhost", taken.getLocalPort());
            var config = config();
            refused(
                    new QuorumConfig(directory, CLUSTER, config.nodeId(), config.voters(), bind, config.tuning()),
                    Reason.ADDRESS_UNUSABLE);
        }
        started(config()).close();
    }

    @Test
    void failsProposalsWhenClosed() throws Exception {
        var quorum = started(config());
        quorum.close();
        var outcome = quorum.client().propose(Commands.register(1));
        var failure = assertThrows(Exception.class, () -> outcome.get(5, TimeUnit.SECONDS));
        var unavailable = assertInstanceOf(MetadataUnavailableException.class, failure.getCause());
        assertTrue(unavailable.outcomeKnownNotApplied());
        assertFalse(quorum.failure().isDone(), "a close that was asked for is no failure");
    }

    @Test
    void refusesAnOversizedCommand() throws Exception {
        try (var quorum = started(config())) {
            var refusal = propose(quorum, Commands.create("x".repeat(2 << 20), 1, 1));
            assertEquals(
                    RejectReason.COMMAND_TOO_LARGE,
                    assertInstanceOf(MetadataReply.Rejected.class, refusal).reason());
        }
    }

    @Test
    void takesManyProposalsAtOnce() throws Exception {
        try (var quorum = started(config())) {
            propose(quorum, Commands.register(1));
            var replies = new ArrayList<CompletableFuture<MetadataReply>>();
            long before = System.nanoTime();
            for (int i = 0; i < 1_000; i++) {
                replies.add(quorum.client().propose(Commands.create("topic-" + i, 1, 1)));
            }
            for (var reply : replies) {
                assertInstanceOf(MetadataReply.TopicCreated.class, reply.get(20, TimeUnit.SECONDS));
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before);
            System.out.println("1000 topics at once: " + millis + " ms");
            assertEquals(1_000, quorum.feed().image().topics().size());
        }
    }

    private QuorumConfig config() {
        return config(directory, CLUSTER, 1);
    }

    private static QuorumConfig config(Path directory, UUID cluster, int node) {
        return QuorumConfig.single(directory, cluster, new BrokerId(node));
    }

    private static MetadataQuorum started(QuorumConfig config) throws QuorumStartException {
        long before = System.nanoTime();
        var quorum = MetadataQuorum.start(config);
        quorum.awaitReady(READY_MAX);
        System.out.println("start to ready: " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before) + " ms");
        return quorum;
    }

    private static QuorumStartException refused(QuorumConfig config, Reason reason) {
        var refusal = assertThrows(
                QuorumStartException.class, () -> MetadataQuorum.start(config).close());
        assertEquals(reason, refusal.reason(), refusal::toString);
        return refusal;
    }

    private static MetadataReply propose(MetadataQuorum quorum, MetadataCommand command) throws Exception {
        return quorum.client().propose(command).get(20, TimeUnit.SECONDS);
    }

    /// Creates and deletes topics: `commands` entries, and no topic left.
    private static void churn(MetadataQuorum quorum, int commands) throws Exception {
        for (int i = 0; i < commands / 2; i++) {
            propose(quorum, Commands.create("churn", 4, 1));
            propose(quorum, Commands.delete("churn"));
        }
    }

    private Path raft(String folder) {
        return directory.resolve("raft").resolve(CLUSTER.toString()).resolve(folder);
    }

    private List<String> raftFiles(String folder) {
        return List.of(raft(folder).toFile().list());
    }

    private Path onlyFile(String folder, String pattern) {
        var matching =
                raftFiles(folder).stream().filter(name -> name.matches(pattern)).toList();
        assertEquals(1, matching.size(), matching::toString);
        return raft(folder).resolve(matching.getFirst());
    }

    private static void flipBit(Path path, long position) throws IOException {
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(position);
            int value = file.read();
            file.seek(position);
            file.write(value ^ 1);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var paths = Files.walk(from)) {
            for (var path : (Iterable<Path>) paths::iterator) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (var path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
