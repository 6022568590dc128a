package io.weirlog.server.group.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.InvariantViolation;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A simulator that finds nothing proves nothing: with each known bug put back, it has to fail soon.
class GroupBugBankTest {
    private static final int SEEDS_MAX = Integer.getInteger("weirlog.bugs.seeds", 10_000);
    private static final Map<GroupBug, OptionalLong> FIRST_FAILURES = new ConcurrentHashMap<>();

    @BeforeAll
    static void putThemBack() {
        Arrays.stream(GroupBug.values()).parallel().forEach(bug -> FIRST_FAILURES.put(bug, firstFailure(bug)));
        new TreeMap<>(FIRST_FAILURES).forEach((bug, seed) -> System.out.printf("%s: found by seed %s%n", bug, seed));
    }

    @ParameterizedTest
    @EnumSource
    void isFound(GroupBug bug) {
        var seed = FIRST_FAILURES.getOrDefault(bug, OptionalLong.empty());
        assertTrue(seed.isPresent(), bug + " was not found by " + SEEDS_MAX + " seeds");
    }

    private static OptionalLong firstFailure(GroupBug bug) {
        for (long seed = 1; seed <= SEEDS_MAX; seed++) {
            try {
                new GroupSim(seed, new GroupSwitches(Optional.of(bug))).run();
            } catch (GroupOracle.Violation | InvariantViolation e) {
                System.out.printf("%s: seed %d: %.300s%n", bug, seed, e.getMessage());
                return OptionalLong.of(seed);
            }
        }
        return OptionalLong.empty();
    }
}
