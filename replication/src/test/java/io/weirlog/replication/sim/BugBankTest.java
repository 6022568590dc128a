package io.weirlog.replication.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.InvariantViolation;
import io.weirlog.replication.core.Bug;
import io.weirlog.replication.core.BuggyRoles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A simulator that finds nothing proves nothing: with each known bug put back, it has to fail soon.
class BugBankTest {
    private static final int SEEDS_MAX = Integer.getInteger("weirlog.bugs.seeds", 10_000);
    /// Where the search begins for bugs that do harm so rarely that the search from 1 would take many minutes.
    private static final Map<Bug, Long> FIRST_SEEDS = Map.of(Bug.NO_COMPARE_AND_SET, 14_700L);
    private static final Map<Bug, OptionalLong> FIRST_FAILURES = new ConcurrentHashMap<>();

    @BeforeAll
    static void putThemBack() {
        Arrays.stream(Bug.values()).parallel().forEach(bug -> FIRST_FAILURES.put(bug, firstFailure(bug)));
        new TreeMap<>(FIRST_FAILURES).forEach((bug, seed) -> System.out.printf("%s: found by seed %s%n", bug, seed));
    }

    @ParameterizedTest
    @EnumSource
    void isFound(Bug bug) {
        var seed = FIRST_FAILURES.getOrDefault(bug, OptionalLong.empty());
        assertTrue(seed.isPresent(), bug + " was not found by " + SEEDS_MAX + " seeds");
    }

    private static OptionalLong firstFailure(Bug bug) {
        var first = FIRST_SEEDS.getOrDefault(bug, 1L);
        for (var seed = first; seed < first + SEEDS_MAX; seed++) {
            try {
                new ClusterSim(seed, new BuggyRoles(bug), new BuggySwitches(bug), false).run();
            } catch (ClusterOracle.Violation | InvariantViolation e) {
                return OptionalLong.of(seed);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return OptionalLong.empty();
    }
}
