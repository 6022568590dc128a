package io.weirlog.bench.load;

import io.weirlog.bench.Figures;
import io.weirlog.bench.cluster.Folders;
import io.weirlog.bench.load.Contender.Writing;
import io.weirlog.record.Compression;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures one node before and after thousands of readers have come that wait for records.
@Command(
        name = "bench/streams",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure what thousands of waiting readers cost a node, and a reader among them.")
public final class Streams implements Callable<Integer> {
    private static final int PARTITIONS = 100;
    private static final int BATCH_BYTES = 128 * 1024;
    private static final double MEBIBYTE = 1 << 20;

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "weirlog page-cache,kafka",
            description = "Also: weirlog fsync. Default: ${DEFAULT-VALUE}.",
            paramLabel = "CONTENDER")
    private List<String> only = List.of();

    @Option(names = "--rounds", defaultValue = "1", description = "Each on fresh nodes; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--streams", defaultValue = "5000", description = "Waiting readers; default ${DEFAULT-VALUE}.")
    private int streams;

    @Option(names = "--seconds", defaultValue = "8", description = "Of each measurement; default ${DEFAULT-VALUE}.")
    private int seconds;

    @Option(
            names = "--rate",
            defaultValue = "1000",
            description = "Records per second of the one reader; default 1000.")
    private int rate;

    @Option(names = "--record-bytes", defaultValue = "100", description = "Default ${DEFAULT-VALUE}.")
    private int recordBytes;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Streams()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        var figures = new Figures(only, Contenders.KAFKA);
        for (var round = 1; round <= rounds; round++) {
            for (var name : only) {
                System.err.printf("round %d of %d: %s%n", round, rounds, name);
                var folder = Contenders.folder(Optional.empty());
                try (var contender = Contenders.start(name, folder, 1)) {
                    measure(name, contender, figures);
                } finally {
                    Folders.delete(folder);
                }
            }
        }
        System.out.printf("One node; medians of %d rounds (lowest–highest, ×: of Kafka's)%n%n", rounds);
        figures.print(System.out);
        return CommandLine.ExitCode.OK;
    }

    private void measure(String name, Contender contender, Figures figures) throws Exception {
        contender.createTopic("idle", PARTITIONS, 1);
        latency(contender, "warm-up");
        var before = watch(name, contender, 0, figures);
        try (var _ = contender.idleReaders("idle", PARTITIONS, streams)) {
            TimeUnit.SECONDS.sleep(seconds);
            var after = watch(name, contender, streams, figures);
            figures.add("heap of each reader, KiB", name, (after - before) * 1024 / streams);
        }
    }

    /// Returns the live heap in mebibytes.
    private double watch(String name, Contender contender, int readers, Figures figures) throws Exception {
        var row = "%,d waiting readers: ".formatted(readers);
        var node = contender.nodes().process(1);
        var cpuBefore = node.cpu();
        TimeUnit.SECONDS.sleep(seconds);
        var cpu = node.cpu().minus(cpuBefore);
        figures.add(row + "node's CPU, % of a core", name, 100.0 * cpu.toNanos() / 1e9 / seconds);
        var micros = latency(contender, "active-" + readers);
        figures.add(row + "end to end p50 ms", name, micros[0]);
        figures.add(row + "end to end p99 ms", name, micros[1]);
        var live = node.liveHeapBytes() / MEBIBYTE;
        figures.add(row + "live heap MiB", name, live);
        figures.add(row + "resident MiB", name, node.residentBytes() / MEBIBYTE);
        return live;
    }

    private double[] latency(Contender contender, String topic) throws Exception {
        contender.createTopic(topic, 1, 1);
        var writing = new Writing("leader", Compression.NONE, Duration.ZERO, BATCH_BYTES, false);
        var micros = new Workload(contender, topic, recordBytes)
                .endToEnd(writing, rate, Duration.ofSeconds(2), Duration.ofSeconds(seconds));
        return new double[] {micros.getValueAtPercentile(50) / 1e3, micros.getValueAtPercentile(99) / 1e3};
    }
}
