package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.weirlog.client.WeirlogClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The chart's pods in real containers, with all that the chart says of them: command, variables, volumes, limits,
/// rights, probes, and what they do before they stop.
@Timeout(600)
class ChartContainersTest {
    private static final int REPLICAS = 3;
    private static final String TOPIC = "events";
    private static final String CHANGE = "config.topic\\.defaults\\.retention\\.ms=86400000";

    @AutoClose
    private Podman podman;

    private Path volumes;
    private int leadershipsMoved;

    @BeforeEach
    void load(@TempDir Path folder) throws Exception {
        podman = Podman.in(folder);
        podman.run("load", "--input", BuiltImage.get().archive.toString());
        podman.needsToRun(BuiltImage.NAME);
        volumes = Files.createDirectory(folder.resolve("volumes"));
    }

    /// As after `helm upgrade` with another configuration: each pod in turn, the last one first, drains, stops, and is
    /// back with its volume; only when all are ready the next one goes. Then `helm test`.
    @Test
    void aRollingRestartLosesNothing() throws Exception {
        var before = chart();
        var after = chart(CHANGE);
        assertNotEquals(annotations(before), annotations(after), "no reason for Kubernetes to restart anything");
        podman.run("network", "create", podman.network);
        try (var kubelet = new Kubelet(podman, volumes)) {
            install(kubelet, before);
            // Where `helm test` runs, and with its variables: all that clients are told is the name of the Service.
            ContainerLoad.Containers clients =
                    (name, command) -> kubelet.run(testPod(before, name).running(command));
            try (var load = ContainerLoad.start(podman, clients, TOPIC)) {
                kubelet.apply(after);
                for (int number = REPLICAS - 1; number >= 0; number--) {
                    restart(kubelet, number, pod(before, number), pod(after, number));
                    load.awaitMore(400);
                }
                assertTrue(leadershipsMoved > 0, "no drain had any leadership to move");
                System.out.println(load.finish() + " records through a rolling restart, none lost, none twice");
            }
            try (var test = kubelet.run(testPod(after, "weirlog-test-1"))) {
                var said = test.success();
                assertTrue(said.contains("1000 records written, 1000 of them read back"), said::toString);
            }
            kubelet.awaitReady();
        }
    }

    /// All at once: the chart's pods have to find each other before any is ready.
    private void install(Kubelet kubelet, Chart chart) throws Exception {
        kubelet.apply(chart);
        for (int number = 0; number < REPLICAS; number++) {
            kubelet.start(pod(chart, number));
        }
        kubelet.awaitReady();
        podman.run("exec", "weirlog-0", "weirlog", "topic", "create", TOPIC, "-p", "6", "-c", "min.insync.replicas=2");
    }

    private void restart(Kubelet kubelet, int number, Pod old, Pod next) throws Exception {
        leadershipsMoved += leaderships(number);
        var used = kubelet.preStop(old);
        assertEquals(0, leaderships(number), () -> old.name() + " still leads");
        var patience = Duration.ofSeconds(Long.parseLong(old.environment().getOrDefault("DRAIN_WAIT_SECONDS", "")));
        assertTrue(used.compareTo(patience) < 0, () -> old.name() + " has given up waiting for the others: " + used);
        assertEquals("143", kubelet.stop(old, used), () -> old.name() + " was killed");
        kubelet.start(next);
        kubelet.awaitReady();
    }

    /// How many partitions of the topic a node leads.
    private int leaderships(int number) throws InterruptedException {
        List<String> addresses = new ArrayList<>();
        for (int other = 0; other < REPLICAS; other++) {
            addresses.add(podman.address("weirlog-" + other) + ":7171");
        }
        try (var client = WeirlogClient.connect(addresses.toArray(String[]::new))) {
            return (int) client.admin().describeTopic(TOPIC).partitions().stream()
                    .filter(one -> one.leader()
                            .filter(leader -> leader.broker().value() == number)
                            .isPresent())
                    .count();
        }
    }

    /// With little enough memory to show that the drain's own JVM has room beside the node.
    private static Chart chart(String... more) {
        List<String> values = new ArrayList<>(List.of("replicas=" + REPLICAS));
        values.addAll(List.of("resources.limits.memory=1Gi", "resources.requests.memory=1Gi"));
        values.addAll(List.of(more));
        return Chart.render(values.toArray(String[]::new));
    }

    private static JsonObject brokers(Chart chart) {
        return chart.get("StatefulSet", "weirlog");
    }

    private static JsonObject annotations(Chart chart) {
        return Documents.at(brokers(chart), "spec.template.metadata.annotations")
                .getAsJsonObject();
    }

    private static Pod pod(Chart chart, int number) {
        return Pod.of(chart, brokers(chart), number, "zone-" + number);
    }

    private static Pod testPod(Chart chart, String name) {
        return Pod.of(chart.get("Job", "weirlog-test"), name);
    }
}
