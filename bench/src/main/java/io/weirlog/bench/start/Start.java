package io.weirlog.bench.start;

import io.weirlog.bench.Figures;
import io.weirlog.bench.cluster.Folders;
import io.weirlog.bench.cluster.KafkaNodes;
import io.weirlog.bench.cluster.Nodes;
import io.weirlog.bench.cluster.WeirlogNodes;
import io.weirlog.client.WeirlogClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Starts one node of Weirlog and one of Kafka by turns, as their users start them, and measures how long it takes
/// until
/// a client is answered, and how much memory the node holds when it has been left alone for a while.
@Command(
        name = "bench/start",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure how long a node takes to start, and what memory it holds then.")
public final class Start implements Callable<Integer> {
    private static final String WEIRLOG = "weirlog";
    private static final String KAFKA = "kafka";
    private static final double MEBIBYTE = 1 << 20;

    @Option(names = "--rounds", defaultValue = "5", description = "Default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--idle-seconds", defaultValue = "10", description = "Before memory is looked at; default 10.")
    private int idleSeconds;

    private final Figures figures = new Figures(List.of(WEIRLOG, KAFKA), KAFKA);

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Start()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        var folder = Files.createTempDirectory("weirlog-start");
        try {
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                weirlog(Files.createDirectory(folder.resolve("weirlog-" + round)));
                kafka(Files.createDirectory(folder.resolve("kafka-" + round)));
            }
        } finally {
            Folders.delete(folder);
        }
        System.out.printf("one node; medians of %d rounds (lowest–highest, ×: of Kafka's)%n%n", rounds);
        figures.print(System.out);
        return CommandLine.ExitCode.OK;
    }

    private void weirlog(Path folder) throws Exception {
        try (var nodes = new WeirlogNodes(folder, List.of("controller,broker"), Map.of())) {
            measure(WEIRLOG, nodes, () -> {
                try (var client = WeirlogClient.connect(nodes.address(1))) {
                    return client.admin().describeCluster().brokers().size();
                }
            });
        }
    }

    private void kafka(Path folder) throws Exception {
        try (var nodes = new KafkaNodes(folder, 1)) {
            nodes.format();
            measure(KAFKA, nodes, () -> {
                try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", nodes.addresses()))) {
                    return admin.describeCluster()
                            .nodes()
                            .get(1, TimeUnit.MINUTES)
                            .size();
                }
            });
        }
    }

    /// @param brokers asks a node that has only just been started for the brokers that there are
    private void measure(String name, Nodes nodes, Callable<Integer> brokers) throws Exception {
        var beganNanos = System.nanoTime();
        nodes.start(1);
        if (brokers.call() != 1) {
            throw new IllegalStateException(name + " does not know of its own broker");
        }
        figures.add("started and answered after s", name, (System.nanoTime() - beganNanos) / 1e9);
        figures.add("CPU s by then", name, nodes.cpu().toNanos() / 1e9);
        TimeUnit.NANOSECONDS.sleep(Duration.ofSeconds(idleSeconds).toNanos());
        figures.add("then resident MiB", name, nodes.process(1).residentBytes() / MEBIBYTE);
    }
}
