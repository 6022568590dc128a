package io.weirlog.replication.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.InvariantViolation;
import io.weirlog.replication.core.Bug;
import io.weirlog.replication.core.BuggyRoles;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A simulator that finds nothing proves nothing: with each known bug put back, it has to fail soon.
class BugBankTest {
    private static final int SEEDS_MAX = Integer.getInteger("weirlog.bugs.seeds", 2_000);

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NON_IDENTICAL_RETRY", "NO_COMPARE_AND_SET"})
    void isFound(Bug bug) throws Exception {
        var seed = firstFailure(bug);
        System.out.printf("%s: found by seed %s%n", bug, seed);
        assertTrue(seed.isPresent(), bug + " was not found by " + SEEDS_MAX + " seeds");
    }

    static OptionalLong firstFailure(Bug bug) throws Exception {
        for (var seed = 1L; seed <= SEEDS_MAX; seed++) {
            try {
                new ClusterSim(seed, new BuggyRoles(bug), new BuggySwitches(bug), false).run();
            } catch (ClusterOracle.Violation | InvariantViolation e) {
                return OptionalLong.of(seed);
            }
        }
        return OptionalLong.empty();
    }
}
