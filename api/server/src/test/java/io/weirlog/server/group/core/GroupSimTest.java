package io.weirlog.server.group.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Runs groups under as many seeds as asked for, `-Dweirlog.groups.seeds=N`, from `-Dweirlog.groups.first=F` on; a seed
/// that fails is printed, and fails again with `-Dweirlog.groups.seed=S`.
class GroupSimTest {
    private static final int SEEDS = Integer.getInteger("weirlog.groups.seeds", 5_000);
    private static final long FIRST = Long.getLong("weirlog.groups.first", 1);

    /// What became of one seed.
    private sealed interface Outcome {
        record AtRest(GroupSim.Result result) implements Outcome {}

        record Failed(String what) implements Outcome {}
    }

    @Test
    void promisesAreKeptAndGroupsComeToRest() {
        var only = Long.getLong("weirlog.groups.seed");
        if (only != null) {
            run(only);
            return;
        }
        var started = System.nanoTime();
        var outcomes = LongStream.range(FIRST, FIRST + SEEDS)
                .parallel()
                .mapToObj(GroupSimTest::outcome)
                .toList();
        var failures = outcomes.stream()
                .flatMap(outcome -> outcome instanceof Outcome.Failed(var what) ? Stream.of(what) : Stream.empty())
                .toList();
        var coverage = report(outcomes, (System.nanoTime() - started) / 1e9);
        assertEquals(List.of(), failures);
        for (var what : List.of(
                "commits acknowledged",
                "offsets read",
                "partitions taken",
                "partitions taken from fenced members",
                "offsets expired",
                "offsets removed with their topic",
                "groups at rest with members",
                "refused: FENCED_MEMBER")) {
            assertTrue(coverage.getOrDefault(what, 0L) > 0, () -> "a simulation without " + what + " shows nothing");
        }
    }

    private static Outcome outcome(long seed) {
        try {
            var result = run(seed);
            if (seed % 100 == 0) {
                assertEquals(result.traceHash(), run(seed).traceHash(), "the second run differs");
            }
            return new Outcome.AtRest(result);
        } catch (Exception | Error e) {
            return new Outcome.Failed("seed " + seed + ": " + e);
        }
    }

    private static GroupSim.Result run(long seed) {
        return new GroupSim(seed, new GroupSwitches(Optional.empty())).run();
    }

    private static Map<String, Long> report(List<Outcome> outcomes, double seconds) {
        var coverage = new TreeMap<String, Long>();
        var events = 0L;
        var virtualMillis = 0L;
        for (var outcome : outcomes) {
            if (outcome instanceof Outcome.AtRest(var result)) {
                events += result.events();
                virtualMillis += result.virtualMillis();
                result.coverage().forEach((what, times) -> coverage.merge(what, times, Long::sum));
            }
        }
        System.out.printf(
                "%d seeds, %.1f simulated hours, %d events in %.1f s%n",
                outcomes.size(), virtualMillis / 3.6e6, events, seconds);
        coverage.forEach((what, times) -> System.out.printf("%10d %s%n", times, what));
        return coverage;
    }
}
