package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.weirlog.deploy.DevNode;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.config.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the pods of the chart run: each becomes the node that it should be, and leaves as it should.
class ChartPodsTest {
    @TempDir
    private Path folder;

    /// Runs a script of the chart as a pod would.
    ///
    /// @param weirlog what the command does instead
    private List<String> run(Chart chart, String script, Map<String, String> environment, String weirlog)
            throws IOException, InterruptedException {
        var bin = Files.createDirectories(folder.resolve("bin"));
        var command = Files.writeString(bin.resolve("weirlog"), "#!/bin/sh\n" + weirlog + "\n");
        Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwxr-xr-x"));
        var file = Files.writeString(folder.resolve(script), chart.file(script));
        var builder = new ProcessBuilder("sh", file.toString());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.environment().put("PATH", bin + ":/usr/bin:/bin");
        builder.environment().put("CALLS", folder.resolve("calls").toString());
        try (var run = Run.of(builder)) {
            return run.success();
        }
    }

    /// The configuration that a pod's node ends up with, as the node itself reads it.
    private NodeConfig config(Chart chart, JsonObject statefulSet, int number, String zone) throws Exception {
        var environment = Chart.environment(statefulSet, number, zone);
        var lines = run(chart, "start.sh", environment, "echo \"arguments=$*\"; env");
        assertEquals("arguments=server --config /etc/weirlog/weirlog.yaml", lines.getFirst());
        var seen = new TreeMap<String, String>();
        for (var line : lines.subList(1, lines.size())) {
            var equals = line.indexOf('=');
            seen.put(line.substring(0, equals), line.substring(equals + 1));
        }
        var file = Files.writeString(folder.resolve("weirlog.yaml"), chart.file("weirlog.yaml"));
        return Settings.valid(Optional.of(file), seen);
    }

    /// All nodes of a StatefulSet agree on the quorum, and are reached by the names that Kubernetes gives them.
    private Set<Integer> assertOneCluster(Chart chart, JsonObject statefulSet, Set<List<NodeConfig.Controller>> quorums)
            throws Exception {
        var ids = new HashSet<Integer>();
        var name = Documents.string(statefulSet, "metadata.name");
        for (int number = 0; number < Documents.at(statefulSet, "spec.replicas").getAsInt(); number++) {
            var config = config(chart, statefulSet, number, "zone-" + number % 2);
            var host = name + "-" + number + "." + Documents.string(statefulSet, "spec.serviceName") + "."
                    + Chart.NAMESPACE + ".svc.cluster.local";
            assertEquals(Optional.of(host), config.network().advertisedHost());
            assertEquals(Optional.of(host), config.cluster().internalAdvertisedHost());
            assertEquals(Optional.of("zone-" + number % 2), config.cluster().rack());
            assertEquals(Optional.of(Chart.NAMESPACE + "-" + Chart.RELEASE), config.clusterId());
            var voter = config.cluster().controller(config.nodeId());
            assertEquals(config.is(Role.CONTROLLER), voter.isPresent(), host);
            voter.ifPresent(own -> assertEquals(host, own.host()));
            assertTrue(ids.add(config.nodeId().value()), host);
            quorums.add(config.cluster().controllers());
        }
        return ids;
    }

    @Test
    void brokersThatAreControllersToo() throws Exception {
        var chart = Chart.render("replicas=5");
        var quorums = new HashSet<List<NodeConfig.Controller>>();
        assertEquals(Set.of(0, 1, 2, 3, 4), assertOneCluster(chart, brokers(chart), quorums));
        assertEquals(1, quorums.size());
        assertEquals(3, quorums.iterator().next().size());
        assertEquals(Set.of(Role.BROKER), config(chart, brokers(chart), 4, "").roles());
        assertEquals(
                Optional.empty(), config(chart, brokers(chart), 4, "").cluster().rack());
    }

    @Test
    void controllersOfTheirOwn() throws Exception {
        var chart = Chart.render("replicas=2", "controllers.separate=true");
        var quorums = new HashSet<List<NodeConfig.Controller>>();
        assertEquals(Set.of(0, 1), assertOneCluster(chart, brokers(chart), quorums));
        var controllers = chart.get("StatefulSet", "weirlog-controller");
        assertEquals(Set.of(1000, 1001, 1002), assertOneCluster(chart, controllers, quorums));
        assertEquals(1, quorums.size());
        assertEquals(Set.of(Role.BROKER), config(chart, brokers(chart), 0, "").roles());
        assertEquals(Set.of(Role.CONTROLLER), config(chart, controllers, 0, "").roles());
    }

    @Test
    void theConfigurationReachesTheNode() throws Exception {
        var chart = Chart.render(
                "config.topic\\.defaults\\.retention\\.ms=86400000",
                "config.shutdown\\.grace=20s",
                "config.log\\.sync\\.shared\\.enable=false",
                "listeners.raft.port=9000",
                "clusterId=mine");
        var config = config(chart, brokers(chart), 1, "");
        assertEquals(Map.of("retention.ms", "86400000"), config.topicDefaults());
        assertEquals(20, config.shutdownGrace().toSeconds());
        assertEquals(9000, config.network().raftPort());
        assertTrue(config.cluster().controllers().stream().allMatch(one -> one.raftPort() == 9000));
        assertEquals(Optional.of("mine"), config.clusterId());
        assertEquals(Path.of("/var/lib/weirlog"), config.dataDir());
    }

    @Test
    void theTimeForAStopIsLongerThanThatOfTheNode() {
        var set = brokers(Chart.render());
        var environment = Chart.environment(set, 0, "");
        int drain = Integer.parseInt(environment.getOrDefault("DRAIN_WAIT_SECONDS", ""))
                + Integer.parseInt(environment.getOrDefault("DRAIN_TIMEOUT_SECONDS", ""));
        int grace = Settings.seconds(Settings.byDefault(ConfigKeys.SHUTDOWN_GRACE));
        assertTrue(Documents.at(Chart.pod(set), "terminationGracePeriodSeconds").getAsInt() > drain + 2 * grace);
    }

    private static JsonObject brokers(Chart chart) {
        return chart.get("StatefulSet", "weirlog");
    }

    /// @param weirlog what the command does, besides answering
    private List<String> drain(Map<String, String> more, String canStop, String weirlog) throws Exception {
        Files.deleteIfExists(folder.resolve("calls"));
        var chart = Chart.render();
        var environment = new TreeMap<>(Chart.environment(brokers(chart), 2, ""));
        environment.putAll(more);
        run(
                chart,
                "drain.sh",
                environment,
                "echo \"$*\" >>\"$CALLS\"; " + weirlog + "; echo '{\"broker_id\":2,\"can_stop\":" + canStop
                        + ",\"unavailable\":[]}'");
        return Files.readAllLines(folder.resolve("calls"));
    }

    @Test
    void aBrokerDrainsBeforeItStops() throws Exception {
        assertEquals(
                List.of("broker describe 2 -o json", "broker drain 2 --timeout 60s"), drain(Map.of(), "true", ":"));
    }

    @Test
    void aBrokerThatTheOthersCannotDoWithoutWaitsButNotForEver() throws Exception {
        var calls = drain(Map.of("DRAIN_WAIT_SECONDS", "6"), "false", ":");
        assertEquals(
                List.of("broker describe 2 -o json", "broker describe 2 -o json", "broker drain 2 --timeout 60s"),
                calls);
        assertEquals(
                "0",
                Chart.environment(brokers(Chart.render("replicas=1", "controllers.replicas=1")), 0, "")
                        .get("DRAIN_WAIT_SECONDS"));
    }

    /// Kubernetes kills what takes longer than it was told.
    @Test
    void aCommandThatHangsCountsTowardsTheWait() throws Exception {
        var calls = drain(Map.of("DRAIN_WAIT_SECONDS", "4"), "false", "case $2 in describe) sleep 2 ;; esac");
        assertEquals(List.of("broker describe 2 -o json", "broker drain 2 --timeout 60s"), calls);
    }

    /// What `helm test` runs, with a real node.
    @Test
    void theTestWritesAndReads() throws Exception {
        var chart = Chart.render();
        var job = Documents.objects(chart.get("Job", "weirlog-test"), "spec.template.spec.containers")
                .getFirst();
        assertEquals(List.of("sh", "/etc/weirlog/test.sh"), Documents.strings(job, "command"));
        try (var node = DevNode.start(folder.resolve("data"))) {
            var weirlog = "WEIRLOG_HOME='" + Repository.ROOT.resolve("deploy/target/weirlog") + "' exec '"
                    + Repository.ROOT.resolve("weirlog") + "' \"$@\"";
            var environment = Map.of(
                    "POD_NAME", "weirlog-test-x",
                    "TOPIC", "helm-test",
                    "RECORDS", "1000",
                    "READ_SECONDS", "2",
                    "WEIRLOG_BOOTSTRAP_SERVER", node.address,
                    "TMPDIR", folder.toString(),
                    "HOME", folder.toString());
            var lines = run(chart, "test.sh", environment, weirlog);
            assertTrue(lines.contains("1000 records written, 1000 of them read back"), lines::toString);
        }
    }
}
