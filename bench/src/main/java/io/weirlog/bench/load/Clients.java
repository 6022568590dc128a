package io.weirlog.bench.load;

import io.weirlog.bench.Figures;
import io.weirlog.bench.load.Contender.Writing;
import io.weirlog.record.Compression;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures what clients of Weirlog and of Kafka take, with small records: both clusters stay up, and the rounds take
/// turns.
@Command(
        name = "bench/clients",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure the clients' processor time and allocations per record, and latency from end to end.")
public final class Clients implements Callable<Integer> {
    private static final int BATCH_BYTES = 256 * 1024;
    private static final Duration LINGER = Duration.ofMillis(5);

    private enum Case {
        CPU,
        END_TO_END
    }

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "weirlog page-cache,kafka",
            description = "Also: weirlog fsync, weirlog tls (page-cache). Default: ${DEFAULT-VALUE}.",
            paramLabel = "CONTENDER")
    private List<String> only = List.of();

    @Option(
            names = "--case",
            split = ",",
            defaultValue = "CPU,END_TO_END",
            description = "Of ${COMPLETION-CANDIDATES}; default both.",
            paramLabel = "CASE")
    private Set<Case> cases = EnumSet.noneOf(Case.class);

    @Option(names = "--rounds", defaultValue = "3", description = "Default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--nodes", defaultValue = "1", description = "Nodes, and replicas of each partition; default 1.")
    private int nodes;

    @Option(names = "--partitions", defaultValue = "6", description = "Default ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--record-bytes", defaultValue = "100", description = "Default ${DEFAULT-VALUE}.")
    private int recordBytes;

    @Option(names = "--records", defaultValue = "2000000", description = "In a round; default ${DEFAULT-VALUE}.")
    private long records;

    @Option(names = "--warm-up-records", defaultValue = "4000000", description = "Default ${DEFAULT-VALUE}.")
    private long warmUpRecords;

    @Option(names = "--rate", defaultValue = "1000", description = "Records per second, from end to end; default 1000.")
    private int rate;

    @Option(names = "--seconds", defaultValue = "8", description = "Of latency in a round; default ${DEFAULT-VALUE}.")
    private int seconds;

    @Option(names = "--latency-warm-up-seconds", defaultValue = "3", description = "Default ${DEFAULT-VALUE}.")
    private int warmUpSeconds;

    @Option(names = "--directory", description = "Where the nodes' data go; default: a temporary folder.")
    private Optional<Path> directory = Optional.empty();

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Clients())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        var figures = new Figures(only, Contenders.KAFKA);
        try (var contenders = Contenders.start(only, nodes, directory)) {
            if (cases.contains(Case.CPU)) {
                contenders.each("warm-up", (_, contender) -> move(contender, "warm-up", warmUpRecords, (_, _) -> {}));
            }
            for (var round = 1; round <= rounds; round++) {
                var topic = "round-" + round;
                contenders.each("round " + round + " of " + rounds, (name, contender) -> {
                    if (cases.contains(Case.CPU)) {
                        move(contender, topic, records, (row, measured) -> add(figures, row, name, measured));
                    }
                    if (cases.contains(Case.END_TO_END)) {
                        endToEnd(contender, "latency-" + topic, name, figures);
                    }
                });
            }
        }
        System.out.printf(
                "%d B, %d nodes, %d partitions; medians of %d rounds (lowest–highest, ×: of Kafka's)%n%n",
                recordBytes, nodes, partitions, rounds);
        figures.print(System.out);
        return CommandLine.ExitCode.OK;
    }

    private interface Result {
        void take(String row, Measured measured);
    }

    private void move(Contender contender, String topic, long count, Result result) throws Exception {
        contender.createTopic(topic, partitions, nodes);
        var workload = new Workload(contender, topic, recordBytes);
        result.take(
                "produce", workload.produce(new Writing("all", Compression.NONE, LINGER, BATCH_BYTES, true), count));
        result.take("consume", workload.consume(count));
    }

    private static void add(Figures figures, String row, String name, Measured measured) {
        figures.add(row + ": client CPU µs/record", name, measured.clientCpuSecondsPerMillion());
        figures.add(row + ": client allocates B/record", name, measured.clientAllocatedBytesPerRecord());
        figures.add(row + ": CPU µs/record, all nodes", name, measured.nodesCpuSecondsPerMillion());
        figures.add(row + ": records/s", name, measured.recordsPerSecond());
    }

    private void endToEnd(Contender contender, String topic, String name, Figures figures) throws Exception {
        contender.createTopic(topic, 1, nodes);
        // Kafka's idempotent producers want acks=all.
        var writing = new Writing("leader", Compression.NONE, Duration.ZERO, BATCH_BYTES, false);
        var micros = new Workload(contender, topic, recordBytes)
                .endToEnd(writing, rate, Duration.ofSeconds(warmUpSeconds), Duration.ofSeconds(seconds));
        var row = "end to end at " + rate + "/s, acks=1, linger 0: ";
        figures.add(row + "p50 ms", name, micros.getValueAtPercentile(50) / 1e3);
        figures.add(row + "p99 ms", name, micros.getValueAtPercentile(99) / 1e3);
    }
}
