package io.weirlog.bench;

import io.weirlog.client.Acks;
import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.record.Compression;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Prints what one node moves and what that costs, client and server apart: medians of several runs after a warm-up.
@Command(
        name = "load",
        mixinStandardHelpOptions = true,
        description = "Measures one node: throughput of producing and consuming, processor time, latency.")
public final class Load implements Callable<Integer> {
    @Option(names = "--record-bytes", split = ",", description = "Sizes of record values; default 100,1024.")
    private List<Integer> recordBytes = List.of(100, 1024);

    @Option(names = "--mebibytes", description = "How much each run moves; default 512.")
    private int mebibytes = 512;

    @Option(names = "--warm-up-mebibytes", description = "How much is moved before; default 2048.")
    private int warmUpMebibytes = 2048;

    @Option(names = "--runs", description = "Runs that count; default 3.")
    private int runs = 3;

    @Option(names = "--acks", description = "none, leader or all; default leader.", paramLabel = "ACKS")
    private String acks = "leader";

    @Option(names = "--compression", description = "none, gzip, snappy, lz4 or zstd; default none.")
    private String compression = "none";

    @Option(names = "--durability", description = "page-cache or fsync; default page-cache, Kafka's promise.")
    private String durability = "page-cache";

    @Option(names = "--partitions", description = "Default 6.")
    private int partitions = 6;

    @Option(names = "--rate", description = "Records per second for the latency; 0 leaves it out. Default 5000.")
    private int rate = 5000;

    @Option(names = "--latency-seconds", description = "How long latency is measured; default 20.")
    private int latencySeconds = 20;

    @Option(names = "--data-dir", description = "Where the node's data go; default: a temporary folder.")
    private Optional<Path> dataDir = Optional.empty();

    private final PrintStream out = System.out;
    private int topics;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Load()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        var folder = dataDir.isPresent() ? dataDir.get() : Files.createTempDirectory("weirlog-bench");
        try (var server = ServerProcess.start(folder);
                var client = WeirlogClient.connect(server.address())) {
            out.printf(
                    "one node, %d partitions, acks=%s, durability=%s, compression=%s; medians of %d runs of %d MiB"
                            + " after a warm-up of %d MiB%n%n",
                    partitions, acks, durability, compression, runs, mebibytes, warmUpMebibytes);
            out.println("| | records/s | MiB/s | client CPU s/million | server CPU s/million |");
            out.println("|---|---|---|---|---|");
            for (var bytes : recordBytes) {
                throughput(server, client, bytes);
            }
            if (rate > 0) {
                out.println();
                out.printf("latency at %d records/s of %d B, linger 0 (ms)%n%n", rate, recordBytes.getLast());
                out.println("| p50 | p99 | p99.9 | max |");
                out.println("|---|---|---|---|");
                latency(server, client, recordBytes.getLast());
            }
            return 0;
        } finally {
            if (dataDir.isEmpty()) {
                delete(folder);
            }
        }
    }

    private void throughput(ServerProcess server, WeirlogClient client, int bytes) {
        var warmUp = workload(server, client, bytes);
        var warmUpRecords = records(warmUpMebibytes, bytes);
        warmUp.produce(client, warmUpRecords);
        warmUp.consume(client, warmUpRecords);
        List<Measured> produced = new ArrayList<>();
        List<Measured> consumed = new ArrayList<>();
        for (var run = 0; run < runs; run++) {
            var workload = workload(server, client, bytes);
            produced.add(workload.produce(client, records(mebibytes, bytes)));
            consumed.add(workload.consume(client, records(mebibytes, bytes)));
        }
        print("produce " + bytes + " B", produced);
        print("consume " + bytes + " B", consumed);
    }

    private void latency(ServerProcess server, WeirlogClient client, int bytes) {
        var workload = workload(server, client, bytes);
        workload.latency(client, rate, Duration.ofSeconds(latencySeconds));
        var histogram = workload.latency(client, rate, Duration.ofSeconds(latencySeconds));
        out.printf(
                Locale.ROOT,
                "| %.2f | %.2f | %.2f | %.2f |%n",
                histogram.getValueAtPercentile(50) / 1e3,
                histogram.getValueAtPercentile(99) / 1e3,
                histogram.getValueAtPercentile(99.9) / 1e3,
                histogram.getMaxValue() / 1e3);
    }

    private static long records(int mebibytes, int bytes) {
        return ((long) mebibytes << 20) / bytes;
    }

    private Workload workload(ServerProcess server, WeirlogClient client, int bytes) {
        var topic = "load-" + topics++;
        client.admin()
                .createTopic(NewTopic.named(topic).withPartitions(partitions).withConfig("durability", durability));
        return new Workload(
                server,
                topic,
                bytes,
                Acks.valueOf(acks.toUpperCase(Locale.ROOT)),
                Compression.fromName(compression).orElseThrow());
    }

    private void print(String what, List<Measured> measured) {
        out.printf(
                Locale.ROOT,
                "| %s | %,.0f | %.0f | %.2f | %.2f |%n",
                what,
                median(measured, Measured::recordsPerSecond),
                median(measured, Measured::mebibytesPerSecond),
                median(measured, Measured::clientCpuSecondsPerMillion),
                median(measured, Measured::serverCpuSecondsPerMillion));
    }

    private static double median(List<Measured> measured, ToDoubleFunction<Measured> figure) {
        var sorted = measured.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static void delete(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
