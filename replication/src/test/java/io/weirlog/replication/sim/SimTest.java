package io.weirlog.replication.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.replication.core.Roles;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Runs the cluster under as many seeds as asked for: `./check sim --seeds N`, or one of them with all that happens:
/// `./check sim --seed S`.
class SimTest {
    private static final int SEEDS = Integer.getInteger("weirlog.sim.seeds", 300);

    @Test
    void nothingIsLostAndTheClusterComesToRest() throws Exception {
        var only = Long.getLong("weirlog.sim.seed");
        if (only != null) {
            run(only, true);
            return;
        }
        var coverage = new TreeMap<String, Long>();
        var events = 0L;
        var virtualMicros = 0L;
        var started = System.nanoTime();
        for (var seed = 1L; seed <= SEEDS; seed++) {
            var result = run(seed, false);
            events += result.events();
            virtualMicros += result.virtualMicros();
            result.coverage().forEach((what, times) -> coverage.merge(what, times, Long::sum));
            if (seed % 100 == 0) {
                assertEquals(result.traceHash(), run(seed, false).traceHash(), "the trace of seed " + seed);
            }
        }
        System.out.printf(
                "%d seeds, %.1f simulated hours, %d events in %.1f s%n",
                SEEDS, virtualMicros / 3.6e9, events, (System.nanoTime() - started) / 1e9);
        coverage.forEach((what, times) -> System.out.printf("%10d %s%n", times, what));
    }

    private static ClusterSim.Result run(long seed, boolean verbose) throws Exception {
        try {
            return new ClusterSim(seed, new Roles(), new SimSwitches(), verbose).run();
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    "seed " + seed + " (again: ./check sim --seed " + seed + "): " + e.getMessage(), e);
        }
    }
}
