package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import io.weirlog.testing.FreePorts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three `weirlog server` processes are one cluster, whichever of them is killed.
@Tag("side-by-side")
class ServersTest {
    private static final int NODES = 3;
    private static final int PARTITIONS = 6;

    @TempDir
    private Path folder;

    private final Map<Integer, Run> running = new TreeMap<>();
    private List<Integer> ports = List.of();

    @BeforeEach
    void choosePorts() {
        ports = FreePorts.next(3 * NODES);
    }

    @AfterEach
    void stop() {
        running.values().forEach(Run::close);
    }

    @Test
    void whatWasAnsweredStaysTrue() throws Exception {
        start(1, 2, 3);
        var topics = new KnownTopics();
        for (int id = 1; id <= NODES; id++) {
            topics.create(address(id), "by-" + id, PARTITIONS);
        }
        for (int id = 1; id <= NODES; id++) {
            topics.alter(address(id), "by-" + (id % NODES + 1), 1_000 + id);
            topics.assertShownBy(address(id));
        }
        write("by-1", "one");
        for (int id = 1; id <= NODES; id++) {
            int other = id % NODES + 1;
            run(id).kill();
            topics.create(address(other), "without-" + id, PARTITIONS);
            topics.alter(address(other), "without-" + id, 3_600_000 + id);
            topics.delete(address(other), "by-" + id);
            for (int living = 1; living <= NODES; living++) {
                if (living != id) {
                    topics.assertShownBy(address(living));
                }
            }
            start(id);
            topics.assertShownBy(address(id));
        }
        // Any node that was killed in between is as good as another.
        for (int id = 1; id <= NODES; id++) {
            topics.alter(address(id), "without-" + id, 7_200_000 + id);
        }
        write("without-1", "two");
        assertEquals(values("two"), read("without-1"));
        for (var command : List.of("info", "health")) {
            try (var cluster = Run.weirlog("cluster", command, "-b", address(1))) {
                cluster.success();
            }
        }
        for (int id = 1; id <= NODES; id++) {
            run(id).terminate();
        }
        for (int id = 1; id <= NODES; id++) {
            run(id).exitCode();
        }
        start(1, 2, 3);
        for (int id = 1; id <= NODES; id++) {
            topics.assertShownBy(address(id));
        }
        assertEquals(values("two"), read("without-1"));
    }

    private void start(int... ids) throws InterruptedException {
        var quorum = List.of(1, 2, 3).stream()
                .map(id -> id + "@127.0.0.1:" + port(id, 2) + ":" + port(id, 1))
                .collect(Collectors.joining(","));
        for (int id : ids) {
            running.put(
                    id,
                    Run.weirlog(
                            "server",
                            "-c",
                            "node.id=" + id,
                            "-c",
                            "cluster.id=servers-test",
                            "-c",
                            "data.dir=" + folder.resolve("node-" + id),
                            "-c",
                            "client.host=127.0.0.1",
                            "-c",
                            "client.port=" + port(id, 0),
                            "-c",
                            "internal.port=" + port(id, 1),
                            "-c",
                            "raft.port=" + port(id, 2),
                            "-c",
                            "http.port=off",
                            "-c",
                            "controller.quorum=" + quorum));
        }
        for (int id : ids) {
            assertEquals("ready " + address(id), run(id).line(line -> line.startsWith("ready ")));
        }
    }

    private Run run(int id) {
        var run = running.get(id);
        if (run == null) {
            throw new AssertionError("node " + id + " was not started");
        }
        return run;
    }

    private int port(int id, int which) {
        return ports.get(3 * (id - 1) + which);
    }

    private String address(int id) {
        return "127.0.0.1:" + port(id, 0);
    }

    private static Set<String> values(String value) {
        Set<String> values = new HashSet<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            values.add(value + partition);
        }
        return values;
    }

    /// Writes to all partitions, wherever they are led, knowing one node only.
    private void write(String topic, String value) throws Exception {
        try (var client = WeirlogClient.connect(address(1));
                var producer = client.producer()) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                producer.send(ProducerRecord.of(topic, value + partition).toPartition(partition))
                        .get(30, TimeUnit.SECONDS);
            }
        }
    }

    /// Reads all partitions, wherever they are led, knowing one node only.
    private Set<String> read(String topic) {
        Set<String> values = new HashSet<>();
        try (var client = WeirlogClient.connect(address(2));
                var consumer =
                        client.consumer(ConsumerOptions.builder().topic(topic).build())) {
            for (int polls = 0; polls < 60 && values.size() < PARTITIONS; polls++) {
                consumer.poll(Duration.ofMillis(500))
                        .forEach(record -> values.add(record.valueText().orElse("")));
            }
        }
        return values;
    }
}
