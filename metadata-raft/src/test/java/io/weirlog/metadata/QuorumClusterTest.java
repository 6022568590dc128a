package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.core.MetadataReply;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Real Raft groups of several voters.
@Timeout(120)
class QuorumClusterTest {
    /// Small enough for a few hundred commands to make snapshots and to fill several log files.
    static final QuorumConfig.Tuning SMALL = new QuorumConfig.Tuning(50, 16 << 10, Duration.ofSeconds(10));

    @TempDir
    Path directory;

    @Test
    void threeVotersAgreeAndOutliveTheirLeader() throws Exception {
        try (var cluster = new QuorumCluster(directory, 3, QuorumConfig.Tuning.DEFAULT).startAll(1, 2, 3)) {
            int first = cluster.active();
            cluster.propose(Commands.register(1));
            var create = Commands.create("orders", 3, 1);
            var created = assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(create));
            cluster.awaitSameState();
            for (var node : cluster.nodes()) {
                node.awaitReady(Duration.ofSeconds(10));
                assertEquals(
                        first,
                        switch (node.role()) {
                            case QuorumRole.Active _ -> first;
                            case QuorumRole.Following(var leader) -> leader.value();
                            case QuorumRole.Searching _, QuorumRole.NotVoter _ -> 0;
                        });
            }
            var term = ((QuorumRole.Active) cluster.node(first).role()).term();

            cluster.stop(first);
            int second = cluster.active();
            assertNotEquals(first, second);
            assertTrue(((QuorumRole.Active) cluster.node(second).role()).term() > term);
            assertEquals(created, cluster.propose(create), "a retry after the failover gets the first answer");
            cluster.propose(Commands.create("clicks", 2, 1));
            cluster.start(first);
            cluster.awaitSameState();

            cluster.stop(1);
            cluster.stop(2);
            cluster.stop(3);
            cluster.startAll(1, 2, 3);
            cluster.active();
            cluster.awaitSameState();
            assertEquals(2, cluster.node(1).feed().image().topics().size());
        }
    }

    @Test
    void aListenerHearsOfTheRoleAtOnceAndOfEachTerm() throws Exception {
        try (var cluster = new QuorumCluster(directory, 3, QuorumConfig.Tuning.DEFAULT).startAll(1, 2, 3)) {
            int first = cluster.active();
            int other = first == 1 ? 2 : 1;
            var heard = new CopyOnWriteArrayList<QuorumRole>();
            var subscription = cluster.node(other).onRoleChange(heard::add);
            QuorumCluster.await("the first call", () -> heard.contains(new QuorumRole.Following(new BrokerId(first))));
            cluster.stop(first);
            int second = cluster.active();
            QuorumCluster.await(
                    "the change",
                    () -> other == second
                            ? heard.getLast() instanceof QuorumRole.Active
                            : heard.getLast().equals(new QuorumRole.Following(new BrokerId(second))));
            subscription.close();
        }
    }

    @Test
    void fiveVotersOutliveTwo() throws Exception {
        try (var cluster = new QuorumCluster(directory, 5, QuorumConfig.Tuning.DEFAULT).startAll(1, 2, 3, 4, 5)) {
            cluster.propose(Commands.register(1));
            cluster.stop(cluster.active());
            cluster.stop(cluster.active());
            assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(Commands.create("orders", 3, 1)));
            cluster.awaitSameState();
        }
    }

    @Test
    void aMinorityDecidesNothing() throws Exception {
        try (var cluster = new QuorumCluster(
                        directory, 3, new QuorumConfig.Tuning(50, 16 << 10, Duration.ofMillis(1_500)))
                .startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            int active = cluster.active();
            for (int id = 1; id <= 3; id++) {
                if (id != active) {
                    cluster.stop(id);
                }
            }
            var alone = cluster.node(active);
            QuorumCluster.await("no longer active", () -> !(alone.role() instanceof QuorumRole.Active));
            var outcome = alone.client().propose(Commands.create("lost", 1, 1));
            var failure = assertThrows(Exception.class, outcome::get);
            assertInstanceOf(MetadataUnavailableException.class, failure.getCause());
            assertTrue(alone.feed().image().topic("lost").isEmpty());
            assertFalse(alone.failure().isDone());
        }
    }

    @Test
    void aVoterThatWasAwayGetsASnapshot() throws Exception {
        try (var cluster = new QuorumCluster(directory, 3, SMALL).startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            int away = cluster.active() == 3 ? 2 : 3;
            cluster.stop(away);
            long awaySince = cluster.node(cluster.active()).feed().image().index();
            for (int i = 0; i < 200; i++) {
                cluster.propose(Commands.create("topic-" + i, 4, 1));
            }
            cluster.start(away);
            cluster.awaitSameState();
            assertEquals(200, cluster.node(away).feed().image().topics().size());
            // The entries that it missed are in nobody's log any more, so it can only have got a snapshot.
            long first = firstLogIndex(cluster.raft(cluster.active(), "current"));
            assertTrue(first > awaySince, () -> "the log begins at " + first + ", away since " + awaySince);
        }
    }

    private static long firstLogIndex(Path log) {
        return List.of(log.toFile().list()).stream()
                .filter(name -> name.matches("log_(inprogress_)?\\d+(-\\d+)?"))
                .mapToLong(name -> Long.parseLong(name.replaceAll("log_(?:inprogress_)?(\\d+).*", "$1")))
                .min()
                .orElseThrow();
    }
}
