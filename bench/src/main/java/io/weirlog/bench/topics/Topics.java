package io.weirlog.bench.topics;

import io.weirlog.bench.cluster.Folders;
import io.weirlog.bench.topics.Contender.Taken;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Creates one topic of many partitions on a fresh cluster and sends a record to each, in Weirlog and in Kafka by
/// turns.
/// Before that, a small topic is used: neither the client's first steps nor the connections are what is measured.
@Command(
        name = "bench/topics",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure how long a new topic of many partitions takes until each has acknowledged a record.")
final class Topics implements Callable<Integer> {
    private static final int WARM_PARTITIONS = 20;
    private static final List<String> NAMES = List.of("weirlog fsync", "weirlog page-cache", "kafka");

    @Option(
            names = "--nodes",
            split = ",",
            defaultValue = "1,3",
            description = "Sizes of the cluster, with as many replicas of each partition; default ${DEFAULT-VALUE}.")
    private List<Integer> sizes = List.of();

    @Option(names = "--partitions", defaultValue = "1000", description = "Default ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--rounds", defaultValue = "3", description = "Default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--only", split = ",", description = "Of weirlog fsync, weirlog page-cache, kafka; default all.")
    private List<String> only = NAMES;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Topics()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        for (int nodes : sizes) {
            var taken = new TreeMap<String, List<Taken>>();
            for (int round = 1; round <= rounds; round++) {
                for (var name : only) {
                    var one = measure(name, nodes);
                    taken.computeIfAbsent(name, _ -> new ArrayList<>()).add(one);
                    System.out.printf(
                            Locale.ROOT,
                            "%d nodes, round %d, %s: created after %.0f ms, each has acknowledged after %.0f ms%n",
                            nodes,
                            round,
                            name,
                            one.created(),
                            one.served());
                }
            }
            report(nodes, taken);
        }
        return CommandLine.ExitCode.OK;
    }

    private Taken measure(String name, int nodes) throws Exception {
        var folder = Files.createTempDirectory("weirlog-topics");
        try (var contender = start(name, folder, nodes)) {
            contender.serve("warm", WARM_PARTITIONS, nodes);
            return contender.serve("measured", partitions, nodes);
        } finally {
            Folders.delete(folder);
        }
    }

    private static Contender start(String name, Path folder, int nodes) throws Exception {
        return switch (name) {
            case "weirlog fsync" -> new WeirlogContender(folder, nodes, "fsync");
            case "weirlog page-cache" -> new WeirlogContender(folder, nodes, "page-cache");
            case "kafka" -> new KafkaContender(folder, nodes);
            default -> throw new IllegalArgumentException("--only takes some of " + NAMES);
        };
    }

    private void report(int nodes, Map<String, List<Taken>> taken) {
        System.out.printf(
                "%n%d partitions, %d replicas on %d nodes, median of %d:%n", partitions, nodes, nodes, rounds);
        var peer = taken.getOrDefault("kafka", List.of());
        taken.forEach((name, all) -> {
            double served = median(all, Taken::served);
            var ratio = peer.isEmpty()
                    ? ""
                    : String.format(Locale.ROOT, ", %.2f of Kafka's", served / median(peer, Taken::served));
            System.out.printf(
                    Locale.ROOT,
                    "%-20s created %5.0f ms, served %6.0f ms%s%n",
                    name,
                    median(all, Taken::created),
                    served,
                    ratio);
        });
        System.out.println();
    }

    private static double median(List<Taken> all, ToDoubleFunction<Taken> figure) {
        var sorted = all.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }
}
