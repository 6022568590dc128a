package io.weirlog.bench.log;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Runs the benchmarks of the log engine round by round, contenders in turn within each, and prints one table.
@Command(
        name = "log",
        mixinStandardHelpOptions = true,
        description = "Measures the log engine beside Kafka's log classes and a bare file.")
public final class LogBench implements Callable<Integer> {
    @Option(names = "--rounds", description = "Rounds; each figure is the median of all their runs. Default 3.")
    private int rounds = 3;

    @Option(names = "--case", split = ",", description = "Only these of: ${COMPLETION-CANDIDATES}.")
    private List<CaseGroup> groups = List.of(CaseGroup.values());

    @Option(names = "--directory", description = "Where the logs are; default: the place of temporary files.")
    private Optional<Path> directory = Optional.empty();

    @Option(names = "--verbose", description = "Show what JMH says.")
    private boolean verbose;

    private final PrintStream out = System.out;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new LogBench())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws RunnerException, IOException {
        directory.ifPresent(place -> System.setProperty(SampleBatches.DIRECTORY_PROPERTY, place.toString()));
        if (groups.contains(CaseGroup.OPENING)) {
            new OpeningRuns(rounds).run(out);
        }
        if (!groups.equals(List.of(CaseGroup.OPENING))) {
            compare();
        }
        return 0;
    }

    private void compare() throws RunnerException {
        var runs = new Runs(directory, verbose);
        var cases = groups.stream().flatMap(CaseGroup::cases).toList();
        for (var round = 1; round <= rounds; round++) {
            for (var one : cases) {
                System.err.printf("round %d of %d: %s%n", round, rounds, one.name());
                for (var contender : one.contenders()) {
                    runs.run(one, contender);
                }
            }
        }
        out.printf(
                "medians of %d rounds; durability page-cache; Kafka %s%n%n",
                rounds, Optional.ofNullable(kafkaVersion()).orElse("of unknown version"));
        out.println("| case | Weirlog | peer | figure of the peer | ratio | B allocated per batch, Weirlog / peer |");
        out.println("|---|---|---|---|---|---|");
        cases.stream().flatMap(one -> rows(runs, one)).forEach(out::println);
    }

    private static String kafkaVersion() {
        return org.apache.kafka.common.utils.AppInfoParser.getVersion();
    }

    private static Stream<String> rows(Runs runs, Case one) {
        return one.contenders().stream()
                .filter(contender -> !contender.startsWith("weirlog"))
                .flatMap(peer -> one.contenders().stream()
                        .filter(contender -> contender.startsWith("weirlog"))
                        .map(ours -> runs.row(one, ours, peer)));
    }
}
