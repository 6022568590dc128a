package io.weirlog.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;

/// An Apache Kafka cluster of combined nodes (KRaft), with the settings that it has by default and the JVM flags of its
/// own scripts.
public final class KafkaNodes implements Nodes {
    private static final long FORMAT_SECONDS_MAX = 60;
    private static final long READY_SECONDS_MAX = 120;
    private static final long LOOK_AGAIN_MILLIS = 100;
    private static final String CLUSTER_ID = "d2VpcmxvZy1iZW5jaC0xMg";

    private final Path folder;
    private final int nodes;
    private final Map<String, String> settings;
    private final List<Integer> ports;
    private final TreeMap<Integer, NodeProcess> running = new TreeMap<>();

    public KafkaNodes(Path folder, int nodes) throws IOException {
        this(folder, nodes, Map.of());
    }

    /// @param settings of all nodes, beside those by which they find each other
    public KafkaNodes(Path folder, int nodes, Map<String, String> settings) throws IOException {
        this.folder = folder;
        this.nodes = nodes;
        this.settings = Map.copyOf(settings);
        this.ports = Ports.free(2 * nodes);
    }

    @Override
    public void startAll() throws IOException, InterruptedException {
        format();
        for (int id = 1; id <= nodes; id++) {
            start(id);
        }
        awaitReady();
    }

    /// Makes the data directories, which comes before the first start.
    public void format() throws IOException, InterruptedException {
        var logging = logging();
        Files.writeString(
                logging,
                "<configuration><appender name=\"C\" class=\"ch.qos.logback.core.ConsoleAppender\"><encoder><pattern>%d %p %c %m%n</pattern></encoder></appender><root level=\"WARN\"><appender-ref ref=\"C\"/></root></configuration>\n");
        for (int id = 1; id <= nodes; id++) {
            var file = folder.resolve("node-" + id + ".properties");
            try (var writer = Files.newBufferedWriter(file)) {
                properties(id).store(writer, null);
            }
            var format = java(logging, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", file.toString());
            NodeProcess.start(format, Map.of(), folder.resolve("format-" + id + ".out"))
                    .awaitEnd(FORMAT_SECONDS_MAX);
        }
    }

    /// Until each answers that it is there.
    private void awaitReady() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS_MAX);
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", addresses()))) {
            while (nodesThatAnswer(admin) < nodes) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("Kafka did not start within " + READY_SECONDS_MAX + " s");
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
            }
        }
    }

    private static int nodesThatAnswer(Admin admin) throws InterruptedException {
        try {
            return admin.describeCluster().nodes().get(5, TimeUnit.SECONDS).size();
        } catch (ExecutionException | TimeoutException e) {
            return 0;
        }
    }

    @Override
    public void start(int id) throws IOException {
        var file = folder.resolve("node-" + id + ".properties");
        var command = java(logging(), "kafka.Kafka", file.toString());
        running.put(id, NodeProcess.start(command, Map.of(), folder.resolve("node-" + id + ".out")));
    }

    private Path logging() {
        return folder.resolve("logback.xml");
    }

    @Override
    public NodeProcess process(int id) {
        return Optional.ofNullable(running.get(id)).orElseThrow();
    }

    @Override
    public int count() {
        return nodes;
    }

    private static List<String> java(Path logging, String main, String... arguments) {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-Xms1g",
                "-XX:+UseG1GC",
                "-XX:MaxGCPauseMillis=20",
                "-XX:InitiatingHeapOccupancyPercent=35",
                "-XX:+ExplicitGCInvokesConcurrent",
                "-Djava.awt.headless=true",
                "-Dlogback.configurationFile=" + logging,
                "-cp",
                System.getProperty("java.class.path"),
                main));
        command.addAll(List.of(arguments));
        return command;
    }

    private Properties properties(int id) {
        var voters = IntStream.rangeClosed(1, nodes)
                .mapToObj(node -> node + "@127.0.0.1:" + ports.get(2 * node - 1))
                .collect(Collectors.joining(","));
        var own = "PLAINTEXT://" + address(id);
        var properties = new Properties();
        settings.forEach(properties::setProperty);
        properties.setProperty("process.roles", "broker,controller");
        properties.setProperty("node.id", Integer.toString(id));
        properties.setProperty("controller.quorum.voters", voters);
        properties.setProperty("listeners", own + ",CONTROLLER://127.0.0.1:" + ports.get(2 * id - 1));
        properties.setProperty("advertised.listeners", own);
        properties.setProperty("controller.listener.names", "CONTROLLER");
        properties.setProperty("inter.broker.listener.name", "PLAINTEXT");
        properties.setProperty("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        properties.setProperty("log.dirs", folder.resolve("node-" + id).toString());
        return properties;
    }

    private String address(int id) {
        return "127.0.0.1:" + ports.get(2 * (id - 1));
    }

    /// Where clients reach the nodes.
    public String addresses() {
        return IntStream.rangeClosed(1, nodes).mapToObj(this::address).collect(Collectors.joining(","));
    }

    @Override
    public void close() {
        running.values().forEach(NodeProcess::kill);
    }
}
