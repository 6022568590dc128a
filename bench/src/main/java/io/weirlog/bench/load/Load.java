package io.weirlog.bench.load;

import io.weirlog.bench.Figures;
import io.weirlog.bench.cluster.Folders;
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

/// Measures clusters of real processes under load, Weirlog and Kafka by turns: medians of several rounds.
@Command(
        name = "bench/load",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure throughput, latency, failover and idle nodes, beside Kafka.")
public final class Load implements Callable<Integer> {
    private static final int LATENCY_WARM_UP_SECONDS = 5;
    private static final int FULL_BATCH_BYTES = 256 * 1024;
    private static final int DEFAULT_BATCH_BYTES = 128 * 1024;

    private enum Case {
        THROUGHPUT,
        LATENCY,
        FAILOVER,
        IDLE
    }

    @Option(names = "--nodes", defaultValue = "1", description = "Nodes, and replicas of each partition; default 1.")
    private int nodes;

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "weirlog fsync,weirlog page-cache,kafka",
            description = "Default: ${DEFAULT-VALUE}.",
            paramLabel = "CONTENDER")
    private List<String> only = List.of();

    @Option(
            names = "--case",
            split = ",",
            defaultValue = "THROUGHPUT,LATENCY",
            description = "Of ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}. Failover needs 3 nodes.",
            paramLabel = "CASE")
    private Set<Case> cases = EnumSet.noneOf(Case.class);

    @Option(names = "--rounds", defaultValue = "3", description = "Each on fresh clusters; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--record-bytes", split = ",", defaultValue = "100,1024", description = "Sizes of record values.")
    private List<Integer> recordBytes = List.of();

    @Option(names = "--mebibytes", defaultValue = "512", description = "How much is moved, of each size.")
    private int mebibytes;

    @Option(names = "--warm-up-mebibytes", defaultValue = "1024", description = "How much is moved before.")
    private int warmUpMebibytes;

    @Option(names = "--acks", defaultValue = "all", description = "none, leader or all; default ${DEFAULT-VALUE}.")
    private String acks = "all";

    @Option(
            names = "--idempotent",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Whether producers of both number their records, which takes --acks all at Kafka's; default"
                    + " ${DEFAULT-VALUE}.")
    private boolean idempotent = true;

    @Option(names = "--compression", defaultValue = "none", description = "none, gzip, snappy, lz4 or zstd.")
    private String compression = "none";

    @Option(names = "--partitions", defaultValue = "6", description = "Default ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--rate", split = ",", defaultValue = "1000,5000", description = "Records per second for latency.")
    private List<Integer> rates = List.of();

    @Option(names = "--latency-seconds", defaultValue = "15", description = "How long latency is measured.")
    private int latencySeconds;

    @Option(names = "--failovers", defaultValue = "5", description = "Kills of a leader in a round, and pauses of one.")
    private int failovers;

    @Option(names = "--idle-replicas", defaultValue = "3000", description = "Of each node.")
    private int idleReplicas;

    @Option(names = "--idle-seconds", defaultValue = "20", description = "To settle, and then to be watched.")
    private int idleSeconds;

    @Option(names = "--directory", description = "Where the nodes' data go; default: a temporary folder.")
    private Optional<Path> directory = Optional.empty();

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Load())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        var figures = new Figures(only, Contenders.KAFKA);
        for (var round = 1; round <= rounds; round++) {
            for (var name : only) {
                System.err.printf("round %d of %d: %s%n", round, rounds, name);
                measure(name, figures);
            }
        }
        System.out.printf(
                "%d nodes, %d partitions, acks=%s, idempotent=%s, compression=%s; medians of %d rounds, in each %d MiB after %d MiB"
                        + " (lowest–highest, ×: of Kafka's)%n%n",
                nodes, partitions, acks, idempotent, compression, rounds, mebibytes, warmUpMebibytes);
        figures.print(System.out);
        return CommandLine.ExitCode.OK;
    }

    private void measure(String name, Figures figures) throws Exception {
        var folder = Contenders.folder(directory);
        try (var contender = Contenders.start(name, folder, nodes)) {
            if (cases.contains(Case.THROUGHPUT)) {
                for (var bytes : recordBytes) {
                    throughput(name, contender, bytes, figures);
                }
            }
            if (cases.contains(Case.LATENCY)) {
                for (var rate : rates) {
                    latency(name, contender, rate, figures);
                }
            }
            if (cases.contains(Case.FAILOVER)) {
                failover(name, contender, figures);
            }
            if (cases.contains(Case.IDLE)) {
                idle(name, contender, figures);
            }
        } finally {
            Folders.delete(folder);
        }
    }

    private Writing writing(Duration linger, int batchBytes) {
        return new Writing(acks, Compression.fromName(compression).orElseThrow(), linger, batchBytes, idempotent);
    }

    private void throughput(String name, Contender contender, int bytes, Figures figures) throws Exception {
        var writing = writing(Duration.ofMillis(5), FULL_BATCH_BYTES);
        var warmUp = workload(contender, "warm-up-" + bytes, bytes);
        warmUp.produce(writing, records(warmUpMebibytes, bytes));
        warmUp.consume(records(warmUpMebibytes, bytes));
        var workload = workload(contender, "throughput-" + bytes, bytes);
        add(figures, "produce " + bytes + " B", name, workload.produce(writing, records(mebibytes, bytes)));
        add(figures, "consume " + bytes + " B", name, workload.consume(records(mebibytes, bytes)));
    }

    static void add(Figures figures, String row, String name, Measured measured) {
        figures.add(row + ", records/s", name, measured.recordsPerSecond());
        figures.add(row + ", MiB/s", name, measured.mebibytesPerSecond());
        figures.add(row + ", CPU s/million, client", name, measured.clientCpuSecondsPerMillion());
        figures.add(row + ", CPU s/million, all nodes", name, measured.nodesCpuSecondsPerMillion());
        figures.add(row + ", client allocates B/record", name, measured.clientAllocatedBytesPerRecord());
    }

    private void latency(String name, Contender contender, int rate, Figures figures) throws Exception {
        var bytes = recordBytes.getLast();
        var writing = writing(Duration.ZERO, DEFAULT_BATCH_BYTES);
        var workload = workload(contender, "latency-" + rate, bytes);
        workload.latency(writing, rate, Duration.ofSeconds(LATENCY_WARM_UP_SECONDS));
        var micros = workload.latency(writing, rate, Duration.ofSeconds(latencySeconds));
        var row = bytes + " B at " + rate + "/s, linger 0, ";
        figures.add(row + "p50 ms", name, micros.getValueAtPercentile(50) / 1e3);
        figures.add(row + "p99 ms", name, micros.getValueAtPercentile(99) / 1e3);
        figures.add(row + "p99.9 ms", name, micros.getValueAtPercentile(99.9) / 1e3);
    }

    private void failover(String name, Contender contender, Figures figures) throws Exception {
        var loss = new LeaderLoss(contender, writing(Duration.ZERO, DEFAULT_BATCH_BYTES));
        for (var run = 1; run <= failovers; run++) {
            var millis = loss.kill();
            System.err.printf("kill -9 of the leader: %.0f ms%n", millis);
            figures.add("longest time without an acknowledgement, leader killed, ms", name, millis);
        }
        for (var run = 1; run <= failovers; run++) {
            var millis = loss.pause();
            System.err.printf("SIGSTOP of the leader: %.0f ms%n", millis);
            figures.add("longest time without an acknowledgement, leader stopped, ms", name, millis);
        }
    }

    private void idle(String name, Contender contender, Figures figures) throws Exception {
        var seconds = Duration.ofSeconds(idleSeconds);
        var idle = IdleNodes.measure(contender, idleReplicas, seconds, seconds);
        var row = "idle with " + idleReplicas + " replicas, each node: ";
        figures.add(row + "% of a core", name, idle.cpuPercent());
        figures.add(row + "live heap MiB", name, idle.liveHeapMebibytes());
        figures.add(row + "resident MiB", name, idle.residentMebibytes());
    }

    private static long records(int mebibytes, int bytes) {
        return ((long) mebibytes << 20) / bytes;
    }

    private Workload workload(Contender contender, String topic, int bytes) throws Exception {
        contender.createTopic(topic, partitions, nodes);
        return new Workload(contender, topic, bytes);
    }
}
