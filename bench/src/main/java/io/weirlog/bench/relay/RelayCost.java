package io.weirlog.bench.relay;

import com.sun.management.OperatingSystemMXBean;
import io.weirlog.bench.Figures;
import io.weirlog.bench.cluster.Folders;
import io.weirlog.bench.cluster.WeirlogNodes;
import io.weirlog.client.NewTopic;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Routing;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Reads the same records from the broker that leads them and through one that does not, by turns.
@Command(
        name = "bench/relay",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure what it costs the nodes to read through a broker that does not lead.")
public final class RelayCost implements Callable<Integer> {
    private static final int LEADER = 1;
    private static final int OTHER = 2;
    private static final String TOPIC = "read";
    private static final String DIRECT = "direct";
    private static final String RELAYED = "relayed";

    private enum Form {
        BATCHES,
        RECORDS;

        RecordForm proto() {
            return switch (this) {
                case BATCHES -> RecordForm.RECORD_FORM_BATCHES;
                case RECORDS -> RecordForm.RECORD_FORM_RECORDS;
            };
        }
    }

    @Option(names = "--rounds", defaultValue = "5", description = "Default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--form",
            split = ",",
            defaultValue = "BATCHES,RECORDS",
            description = "How records are read: ${COMPLETION-CANDIDATES}; default both.",
            paramLabel = "FORM")
    private List<Form> forms = List.of();

    @Option(names = "--record-bytes", defaultValue = "1024", description = "Default ${DEFAULT-VALUE}.")
    private int recordBytes;

    @Option(names = "--mebibytes", defaultValue = "512", description = "Read in a round; default ${DEFAULT-VALUE}.")
    private int mebibytes;

    @Option(names = "--warm-ups", defaultValue = "3", description = "Rounds before those that count; default 3.")
    private int warmUps;

    @Option(names = "--partitions", defaultValue = "4", description = "Of the one leader; default ${DEFAULT-VALUE}.")
    private int partitions;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RelayCost())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        var figures = new Figures(List.of(DIRECT, RELAYED), DIRECT);
        var folder = Files.createTempDirectory("weirlog-relay");
        try (var nodes = new WeirlogNodes(folder, Collections.nCopies(OTHER, "controller,broker"), Map.of())) {
            nodes.startAll();
            var records = ((long) mebibytes << 20) / recordBytes;
            var led = write(nodes, records);
            measure(nodes, led, records, figures);
        } finally {
            Folders.delete(folder);
        }
        System.out.printf(
                "%d MiB of records of %d B; medians of %d rounds (lowest–highest, ×: of direct)%n%n",
                mebibytes, recordBytes, rounds);
        figures.print(System.out);
        return CommandLine.ExitCode.OK;
    }

    /// Returns partitions of one leader, which have the records.
    private List<Integer> write(WeirlogNodes nodes, long records) {
        try (var client = WeirlogClient.connect(nodes.address(LEADER))) {
            client.admin().createTopic(new NewTopic(TOPIC, 2 * partitions, 1, Map.of("durability", "page-cache")));
            List<Integer> led = new ArrayList<>();
            for (var partition : client.admin().describeTopic(TOPIC).partitions()) {
                if (partition.leader().stream()
                        .anyMatch(leader -> leader.broker().value() == LEADER)) {
                    led.add(partition.partition());
                }
            }
            var value = new byte[recordBytes];
            new Random(recordBytes).nextBytes(value);
            var options = ProducerOptions.builder()
                    .linger(Duration.ofMillis(5))
                    .batchBytes(256 * 1024)
                    .build();
            try (var producer = client.producer(options)) {
                for (var i = 0L; i < records; i++) {
                    var partition = led.get((int) (i % led.size()));
                    var _ = producer.send(ProducerRecord.of(TOPIC, value).toPartition(partition));
                }
                producer.flush(Duration.ofMinutes(2));
            }
            return led;
        }
    }

    private void measure(WeirlogNodes nodes, List<Integer> led, long records, Figures figures) throws Exception {
        try (var direct = new StreamReader(nodes.address(LEADER));
                var relayed = new StreamReader(nodes.address(OTHER))) {
            for (var round = 1; round <= warmUps + rounds; round++) {
                System.err.printf(
                        "%s%n", round <= warmUps ? "warm-up" : "round " + (round - warmUps) + " of " + rounds);
                for (var form : forms) {
                    for (var reader : List.of(direct, relayed)) {
                        var began = System.nanoTime();
                        var cpuBefore = Cpu.now(nodes);
                        var routing = reader == direct ? Routing.ROUTING_LEADER_ONLY : Routing.ROUTING_ANY;
                        reader.read(TOPIC, led, form.proto(), routing, records);
                        var seconds = (System.nanoTime() - began) / 1e9;
                        var cpu = Cpu.now(nodes).minus(cpuBefore);
                        if (round > warmUps) {
                            add(figures, form, reader == direct ? DIRECT : RELAYED, cpu, seconds, records);
                        }
                    }
                }
            }
        }
    }

    /// Processor time so far, in seconds.
    private record Cpu(double nodes, double reader) {
        static Cpu now(WeirlogNodes nodes) {
            var own = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            return new Cpu(nodes.cpu().toNanos() / 1e9, own.getProcessCpuTime() / 1e9);
        }

        Cpu minus(Cpu before) {
            return new Cpu(nodes - before.nodes, reader - before.reader);
        }
    }

    private void add(Figures figures, Form form, String name, Cpu cpu, double seconds, long records) {
        var row = form.name().toLowerCase(Locale.ROOT) + ": ";
        var bytes = (double) records * recordBytes;
        figures.add(row + "CPU s/GB, nodes and reader", name, (cpu.nodes + cpu.reader) / bytes * 1e9);
        figures.add(row + "CPU s/GB, all nodes", name, cpu.nodes / bytes * 1e9);
        figures.add(row + "MiB/s", name, bytes / seconds / (1 << 20));
    }
}
