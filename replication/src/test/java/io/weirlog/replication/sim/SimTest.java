package io.weirlog.replication.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.replication.core.Roles;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Runs the cluster under as many seeds as asked for: `./check sim --seeds N`, or one of them with all that happens:
/// `./check sim --seed S`.
class SimTest {
    private static final int SEEDS = Integer.getInteger("weirlog.sim.seeds", 2_000);

    /// What became of one seed.
    private sealed interface Outcome {
        record AtRest(ClusterSim.Result result) implements Outcome {}

        record Failed(String what) implements Outcome {}
    }

    @Test
    void nothingIsLostAndTheClusterComesToRest() throws Exception {
        var only = Long.getLong("weirlog.sim.seed");
        if (only != null) {
            run(only, true);
            return;
        }
        var started = System.nanoTime();
        var outcomes = LongStream.rangeClosed(1, SEEDS)
                .parallel()
                .mapToObj(SimTest::outcome)
                .toList();
        report(outcomes, (System.nanoTime() - started) / 1e9);
        var failures = outcomes.stream()
                .flatMap(outcome -> outcome instanceof Outcome.Failed(var what) ? Stream.of(what) : Stream.empty())
                .toList();
        assertEquals(List.of(), failures);
    }

    private static Outcome outcome(long seed) {
        try {
            var result = run(seed, false);
            if (seed % 100 == 0) {
                assertEquals(result.traceHash(), run(seed, false).traceHash(), "the second run differs");
            }
            return new Outcome.AtRest(result);
        } catch (Exception | Error e) {
            return new Outcome.Failed("seed %d (again: ./check sim --seed %d): %s".formatted(seed, seed, e));
        }
    }

    private static void report(List<Outcome> outcomes, double seconds) {
        var coverage = new TreeMap<String, Long>();
        var events = 0L;
        var virtualMicros = 0L;
        for (var outcome : outcomes) {
            if (outcome instanceof Outcome.AtRest(var result)) {
                events += result.events();
                virtualMicros += result.virtualMicros();
                result.coverage().forEach((what, times) -> coverage.merge(what, times, Long::sum));
            }
        }
        System.out.printf(
                "%d seeds, %.1f simulated hours, %d events in %.1f s%n",
                outcomes.size(), virtualMicros / 3.6e9, events, seconds);
        coverage.forEach((what, times) -> System.out.printf("%10d %s%n", times, what));
    }

    private static ClusterSim.Result run(long seed, boolean verbose) throws Exception {
        return new ClusterSim(seed, new Roles(), new SimSwitches(), verbose).run();
    }
}
