package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MembershipResult.Reason;
import io.weirlog.metadata.QuorumDescription.Member;
import io.weirlog.metadata.QuorumDescription.Progress;
import io.weirlog.metadata.VoterRules.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The rules against the plain question: does every change that they allow leave a quorum that works?
class VoterRulesTest {
    private static final int SEEDS = 2_000;

    static IntStream seeds() {
        return IntStream.range(0, SEEDS);
    }

    private record Case(QuorumDescription quorum, Set<Integer> down) {
        int size() {
            return quorum.voters().size();
        }

        boolean works(Set<Integer> voters) {
            long up = voters.stream().filter(id -> !down.contains(id)).count();
            return up > voters.size() / 2;
        }

        Set<Integer> ids() {
            var ids = new TreeSet<Integer>();
            quorum.voters().forEach(voter -> ids.add(voter.id().value()));
            return ids;
        }
    }

    /// Voter 1 is the active controller, so it is well.
    private static Case random(int seed) {
        var random = new Random(seed);
        int size = 1 + random.nextInt(VoterRules.VOTERS_MAX);
        var down = new TreeSet<Integer>();
        var voters = IntStream.rangeClosed(1, size)
                .mapToObj(id -> {
                    boolean silent = id > 1 && random.nextInt(4) == 0;
                    boolean behind = id > 1 && random.nextInt(6) == 0;
                    if (silent || behind) {
                        down.add(id);
                    }
                    return voter(id, silent ? 2_001 : random.nextInt(2_000), behind ? 1_001 : random.nextInt(1_000));
                })
                .toList();
        var quorum = new QuorumDescription(
                new BrokerId(1), Optional.of(new BrokerId(1)), 3, 5_000, 5_000, voters, List.of());
        return new Case(quorum, down);
    }

    private static Member voter(int id, long silenceMillis, long lag) {
        return new Member(
                new BrokerId(id),
                endpoint(id),
                Optional.of(new Progress(5_000 - lag, 5_001, lag, Duration.ofMillis(silenceMillis))));
    }

    private static Endpoint endpoint(int id) {
        return new Endpoint("node-" + id, 7173);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsAllowedLeavesAWorkingQuorum(int seed) {
        var given = random(seed);
        for (int id = 1; id <= given.size() + 1; id++) {
            var rest = given.ids();
            boolean voted = rest.remove(id);
            switch (VoterRules.remove(given.quorum(), new BrokerId(id))) {
                case Verdict.Allowed() -> {
                    assertTrue(voted && !rest.isEmpty(), () -> "seed " + seed);
                    assertTrue(given.works(rest), () -> "seed " + seed + ": " + given);
                    boolean takesALivingOne = !given.down().contains(id);
                    boolean othersDown = rest.stream().anyMatch(given.down()::contains);
                    assertTrue(!(takesALivingOne && othersDown), () -> "seed " + seed + ": " + given);
                }
                case Verdict.Already() -> throw new AssertionError("seed " + seed);
                case Verdict.Forbidden forbidden ->
                    assertEquals(expected(voted, rest), forbidden.reason(), () -> "seed " + seed + ": " + given);
            }
        }
    }

    private static Reason expected(boolean voted, Set<Integer> rest) {
        if (!voted) {
            return Reason.NOT_A_VOTER;
        }
        return rest.isEmpty() ? Reason.LAST_VOTER : Reason.QUORUM_AT_RISK;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void addsOnlyToAQuorumThatIsWell(int seed) {
        var given = random(seed);
        int newcomer = 90;
        switch (VoterRules.add(given.quorum(), new BrokerId(newcomer), endpoint(newcomer))) {
            case Verdict.Allowed() -> {
                assertTrue(given.down().isEmpty(), () -> "seed " + seed);
                assertTrue(given.size() < VoterRules.VOTERS_MAX, () -> "seed " + seed);
            }
            case Verdict.Already() -> throw new AssertionError("seed " + seed);
            case Verdict.Forbidden forbidden ->
                assertEquals(
                        given.size() == VoterRules.VOTERS_MAX ? Reason.TOO_MANY_VOTERS : Reason.QUORUM_AT_RISK,
                        forbidden.reason(),
                        () -> "seed " + seed);
        }
        assertInstanceOf(Verdict.Already.class, VoterRules.add(given.quorum(), new BrokerId(1), endpoint(1)));
        var moved =
                assertInstanceOf(Verdict.Forbidden.class, VoterRules.add(given.quorum(), new BrokerId(1), endpoint(2)));
        assertEquals(Reason.OTHER_ENDPOINT, moved.reason());
    }

    /// A voter that cannot be replaced would leave the quorum crippled for good.
    @ParameterizedTest
    @MethodSource("seeds")
    void whoIsDownCanBeRemovedWhileAMajorityOfTheRestLives(int seed) {
        var given = random(seed);
        for (int id : given.down()) {
            var rest = given.ids();
            rest.remove(id);
            if (given.works(rest)) {
                assertInstanceOf(
                        Verdict.Allowed.class,
                        VoterRules.remove(given.quorum(), new BrokerId(id)),
                        () -> "seed " + seed + ": " + given);
            }
        }
    }
}
