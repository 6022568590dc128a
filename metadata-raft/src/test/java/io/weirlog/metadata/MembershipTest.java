package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MembershipResult.Reason;
import io.weirlog.metadata.core.MetadataReply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Voters come and go while the quorum works.
@Timeout(180)
class MembershipTest {
    @TempDir
    Path directory;

    @Test
    void growsAndShrinksUnderAStreamOfTopics() throws Exception {
        var answered = new ConcurrentLinkedQueue<String>();
        var stop = new AtomicBoolean();
        try (var cluster = new QuorumCluster(directory, 1, QuorumClusterTest.SMALL).startAll(1)) {
            cluster.propose(Commands.register(1));
            var stream = CompletableFuture.runAsync(() -> createTopics(cluster, stop, answered));
            for (int id = 2; id <= 5; id++) {
                cluster.start(id);
                assertInstanceOf(QuorumRole.NotVoter.class, cluster.node(id).role(), "before it is added");
                awaitVote(cluster, id);
                awaitMore(answered);
            }
            assertEquals(List.of(1, 2, 3, 4, 5), cluster.voters());
            // The active one last, whichever it is: it hands over first.
            for (int removed = 0; removed < 4; removed++) {
                int id = removed == 1 ? cluster.active() : cluster.voters().getFirst();
                awaitRemoval(cluster, id);
                var gone = cluster.node(id);
                QuorumCluster.await("a clean end of " + id, () -> gone.role() instanceof QuorumRole.NotVoter);
                assertFalse(gone.failure().isDone(), "a removal that was asked for is no failure");
                cluster.stop(id);
                awaitMore(answered);
            }
            assertEquals(1, cluster.voters().size());
            stop.set(true);
            stream.join();
            var image = cluster.node(cluster.active()).feed().image();
            for (var name : answered) {
                assertTrue(image.topic(name).isPresent(), () -> name + " was answered and is gone");
            }
            System.out.println(answered.size() + " topics created while the voters changed 8 times");
        }
    }

    /// On a busy machine a voter may seem silent for a moment: the change is refused, and asked for again.
    private static void awaitVote(QuorumCluster cluster, int id) {
        QuorumCluster.await("the vote of " + id, () -> cluster.add(id) instanceof MembershipResult.Done);
    }

    private static void awaitRemoval(QuorumCluster cluster, int id) {
        QuorumCluster.await(
                "the removal of " + id,
                () -> cluster.remove(id) instanceof MembershipResult.Done
                        || !cluster.voters().contains(id));
    }

    /// So that each change happens amid topics, however slow the machine is.
    private static void awaitMore(ConcurrentLinkedQueue<String> answered) {
        int before = answered.size();
        QuorumCluster.await("more topics", () -> answered.size() >= before + 5);
    }

    private static void createTopics(QuorumCluster cluster, AtomicBoolean stop, ConcurrentLinkedQueue<String> done) {
        for (int i = 0; !stop.get(); i++) {
            var name = "topic-" + i;
            try {
                assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(Commands.create(name, 1, 1)));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            done.add(name);
        }
    }

    @Test
    void theLogSaysWhoVotesAfterARestart() throws Exception {
        try (var cluster = new QuorumCluster(directory, 1, QuorumConfig.Tuning.DEFAULT).startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            cluster.add(2);
            cluster.add(3);
            cluster.awaitSameState();
            for (int id = 1; id <= 3; id++) {
                cluster.stop(id);
            }
            cluster.startAll(2, 3);
            assertEquals(List.of(1, 2, 3), cluster.voters());
            assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(Commands.create("orders", 1, 1)));
            cluster.start(1);
            cluster.awaitSameState();
            cluster.stop(2);
            assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(Commands.create("clicks", 1, 1)));
        }
    }

    @Test
    void aWipedVoterIsReplacedByRemovingAndAddingIt() throws Exception {
        try (var cluster = new QuorumCluster(directory, 3, QuorumConfig.Tuning.DEFAULT).startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            cluster.propose(Commands.create("orders", 3, 1));
            int lost = cluster.active() == 3 ? 2 : 3;
            cluster.stop(lost);
            delete(cluster.folder(lost).resolve("raft"));
            var refusal = assertThrows(QuorumStartException.class, () -> cluster.start(lost));
            assertEquals(QuorumStartException.Reason.VOTER_STATE_GONE, refusal.reason());

            assertInstanceOf(MembershipResult.Done.class, cluster.remove(lost));
            cluster.start(4);
            assertInstanceOf(MembershipResult.Done.class, cluster.add(4));
            cluster.awaitSameState();
            assertEquals(3, cluster.voters().size());
            cluster.stop(cluster.active());
            assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(Commands.create("clicks", 1, 1)));
        }
    }

    /// The procedure of docs/controllers.md.
    @Test
    void aWipedVoterComesBackUnderItsOwnIdOnceItWasRemoved() throws Exception {
        try (var cluster = new QuorumCluster(directory, 3, QuorumClusterTest.SMALL).startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            for (int i = 0; i < 120; i++) {
                cluster.propose(Commands.create("topic-" + i, 1, 1));
            }
            int lost = cluster.active() == 3 ? 2 : 3;
            cluster.stop(lost);
            delete(cluster.folder(lost));
            assertInstanceOf(MembershipResult.Done.class, cluster.remove(lost));
            cluster.startToJoin(lost);
            assertInstanceOf(MembershipResult.Done.class, cluster.add(lost));
            cluster.awaitSameState();
            assertEquals(List.of(1, 2, 3), cluster.voters());
            int other = 6 - lost - cluster.active();
            cluster.stop(other);
            assertInstanceOf(MetadataReply.TopicCreated.class, cluster.propose(Commands.create("last", 1, 1)));
            cluster.awaitSameState();
            assertEquals(121, cluster.node(lost).feed().image().topics().size());
        }
    }

    @Test
    void refusesWhatWouldRiskTheQuorum() throws Exception {
        try (var cluster = new QuorumCluster(directory, 3, QuorumConfig.Tuning.DEFAULT).startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            assertEquals(Reason.NOT_A_VOTER, refused(cluster.remove(9)));
            assertEquals(Reason.JOINER_UNREACHABLE, refused(cluster.add(4)), "nobody listens there");
            assertEquals(List.of(1, 2, 3), cluster.voters());
            var active = cluster.node(cluster.active());
            var other = new Endpoint("elsewhere", 1);
            assertEquals(
                    Reason.OTHER_ENDPOINT,
                    refused(active.addVoter(new BrokerId(2), other).get()));
            int down = cluster.active() == 3 ? 2 : 3;
            int up = 6 - down - cluster.active();
            cluster.stop(down);
            QuorumCluster.await(
                    "its silence to show",
                    () -> !VoterRules.isWell(
                            active.describe().voter(new BrokerId(down)).orElseThrow()));
            assertEquals(Reason.QUORUM_AT_RISK, refused(cluster.remove(up)));
            assertEquals(Reason.QUORUM_AT_RISK, refused(cluster.add(4)));
            var follower = cluster.node(up);
            assertEquals(
                    new MembershipResult.NotActive(java.util.Optional.of(new BrokerId(cluster.active()))),
                    follower.removeVoter(new BrokerId(down)).get());
            assertInstanceOf(MembershipResult.Done.class, cluster.remove(down));
            // Removed while it was away: it learns so from the others, which is no failure either.
            var late = cluster.start(down);
            QuorumCluster.await("its end", () -> late.role() instanceof QuorumRole.NotVoter);
            assertFalse(late.failure().isDone());
        }
    }

    private static Reason refused(MembershipResult result) {
        return assertInstanceOf(MembershipResult.Refused.class, result).reason();
    }

    static void delete(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
