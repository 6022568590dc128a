package io.weirlog.bench.log;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Runs each measurement in a JVM of its own and keeps what came out.
final class Runs {
    private static final String ALLOCATION = "bytesPerBatch";

    private final Optional<Path> directory;
    private final boolean verbose;
    private final Map<Key, List<Double>> figures = new HashMap<>();
    private final Map<Key, List<Double>> allocations = new HashMap<>();

    private record Key(Case measured, String contender) {}

    Runs(Optional<Path> directory, boolean verbose) {
        this.directory = directory;
        this.verbose = verbose;
    }

    void run(Case measured, String contender) throws RunnerException {
        var options = new OptionsBuilder()
                .include(Pattern.quote(measured.benchmark()) + "$")
                .param("contender", contender)
                .forks(1)
                .jvmArgs(jvmArguments())
                .verbosity(verbose ? VerboseMode.NORMAL : VerboseMode.SILENT)
                .shouldFailOnError(true);
        measured.parameters().forEach(options::param);
        switch (measured.unit()) {
            case OPERATIONS_PER_SECOND ->
                options.warmupIterations(3)
                        .warmupTime(TimeValue.milliseconds(300))
                        .measurementIterations(4)
                        .measurementTime(TimeValue.milliseconds(250));
            case MEBIBYTES_PER_SECOND -> options.warmupIterations(12).measurementIterations(12);
            case SECONDS_PER_GIGABYTE -> options.warmupIterations(2).measurementIterations(4);
        }
        var key = new Key(measured, contender);
        for (var result : new Runner(options.build()).run()) {
            for (var iteration : iterations(result)) {
                var figure = figure(measured, iteration.getPrimaryResult().getScore());
                figures.computeIfAbsent(key, _ -> new ArrayList<>()).add(figure);
                var allocation = iteration.getSecondaryResults().get(ALLOCATION);
                if (allocation != null) {
                    allocations.computeIfAbsent(key, _ -> new ArrayList<>()).add(allocation.getScore());
                }
            }
        }
    }

    private static List<IterationResult> iterations(RunResult result) {
        return result.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .toList();
    }

    private static double figure(Case measured, double score) {
        return switch (measured.unit()) {
            case MEBIBYTES_PER_SECOND -> (double) AppendBenchmark.TOTAL_BYTES / SampleBatches.MEBIBYTE / (score / 1000);
            case SECONDS_PER_GIGABYTE -> score / 1000 * 1e9 / RecoveryBenchmark.LOG_BYTES;
            case OPERATIONS_PER_SECOND -> score;
        };
    }

    private String[] jvmArguments() {
        var arguments = new ArrayList<>(List.of(
                "-Xms1g", "-Xmx1g", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        directory.ifPresent(place -> arguments.add("-D" + SampleBatches.DIRECTORY_PROPERTY + "=" + place));
        return arguments.toArray(new String[0]);
    }

    /// One line of the table.
    String row(Case measured, String ours, String peer) {
        var ourFigure = median(figures, new Key(measured, ours));
        var peerFigure = median(figures, new Key(measured, peer));
        var name = measured.name() + ours.substring("weirlog".length());
        var format = measured.unit() == Case.Unit.SECONDS_PER_GIGABYTE ? "%.3f" : "%,.0f";
        return String.format(
                Locale.ROOT,
                "| %s | " + format + " %s | %s | " + format + " %s | %.2f | %s |",
                name,
                ourFigure,
                measured.unit().symbol(),
                peer,
                peerFigure,
                measured.unit().symbol(),
                measured.ratio(ourFigure, peerFigure),
                allocation(measured, ours, peer));
    }

    private String allocation(Case measured, String ours, String peer) {
        var key = new Key(measured, ours);
        return allocations.containsKey(key)
                ? String.format(
                        Locale.ROOT,
                        "%.0f / %.0f",
                        median(allocations, key),
                        median(allocations, new Key(measured, peer)))
                : "";
    }

    private static double median(Map<Key, List<Double>> measured, Key key) {
        var sorted = measured.getOrDefault(key, List.of()).stream()
                .sorted(Comparator.naturalOrder())
                .toList();
        if (sorted.isEmpty()) {
            throw new IllegalStateException("nothing was measured for " + key);
        }
        return sorted.get(sorted.size() / 2);
    }
}
