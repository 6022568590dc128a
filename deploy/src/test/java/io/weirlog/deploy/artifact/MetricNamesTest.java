package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import io.weirlog.deploy.alert.Prometheus;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every metric that alerts, dashboards and the documentation name is one that a real cluster tells.
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricNamesTest {
    private static final int NODES = 3;
    private static final long TOLD_SECONDS_MAX = 60;

    /// Made by Prometheus itself.
    private static final Set<String> OF_PROMETHEUS = Set.of("up");

    /// A disk that fills up.
    private static final Set<String> ONLY_IN_TROUBLE = Set.of("weirlog_data_directory_hours_to_full < 8760");

    private Run cluster;
    private List<URI> endpoints = List.of();

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        cluster = Run.weirlog(
                "dev",
                "--nodes",
                Integer.toString(NODES),
                "--data-dir",
                folder.resolve("data").toString(),
                "--port",
                "0",
                "-c",
                "metrics.per.partition=true",
                "-c",
                "metrics.group.lag.interval=1s");
        var ready = cluster.line(line -> line.startsWith("ready "));
        endpoints = Documents.matches("metrics and probes are at (http://\\S+)", cluster.output()).stream()
                .map(URI::create)
                .toList();
        assertEquals(NODES, endpoints.size(), cluster::output);
        var address = Documents.match("ready ([^, ]+)", ready);
        try (var create = Run.weirlog("topic", "create", "events", "-p", "3", "-r", "3", "-b", address)) {
            create.success();
        }
        try (var produce = Run.weirlog("produce", "events", "-b", address)) {
            produce.input("one\ntwo\n").success();
        }
        try (var seek = Run.weirlog(
                "group", "seek", "readers", "--topic", "events", "--to", "earliest", "--yes", "-b", address)) {
            seek.success();
        }
        // So that there are refusals to count too.
        try (var refused = Run.weirlog("topic", "describe", "unknown", "-b", address)) {
            assertNotEquals(0, refused.exitCode());
        }
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Test
    void thoseOfAlerts() throws Exception {
        var expressions = Expressions.ofAlerts();
        assertTrue(expressions.size() > 15, expressions.toString());
        assertTold(names(expressions));
    }

    @Test
    void thoseOfDashboards() throws Exception {
        assertEquals(2, Expressions.dashboards().size());
        for (var dashboard : Expressions.dashboards()) {
            var expressions = Expressions.ofDashboard(dashboard);
            assertTrue(expressions.size() > 15, expressions.toString());
            assertTold(names(expressions));
        }
    }

    @Test
    void thoseOfTheDocumentation() throws Exception {
        var operations = Documents.text(Repository.ROOT.resolve("docs/operations.md"));
        var names = Documents.matches("`((?:weirlog|process|jvm)_[a-z_]+)(?:\\{[a-z,]+})?`", operations);
        assertTrue(names.size() > 30, names.toString());
        assertTold(new TreeSet<>(names));
    }

    /// Alerts may have none, as all is well; dashboards show something.
    @Test
    void prometheusFindsValuesForThem(@TempDir Path folder) throws Exception {
        var targets = endpoints.stream().map(URI::getAuthority).toList();
        try (var prometheus = Prometheus.watch(folder, targets)) {
            prometheus.awaitValue("count(up == 1) == " + NODES);
            for (var expression : Expressions.ofAlerts()) {
                prometheus.value(expression);
            }
            for (var dashboard : Expressions.dashboards()) {
                for (var expression : Expressions.ofDashboard(dashboard)) {
                    if (!ONLY_IN_TROUBLE.contains(expression)) {
                        prometheus.awaitValue(expression);
                    }
                }
            }
        }
    }

    private static Set<String> names(List<String> expressions) {
        var names = new TreeSet<String>();
        for (var expression : expressions) {
            var own = Expressions.metrics(expression);
            assertTrue(!own.isEmpty(), () -> "no metric in " + expression);
            names.addAll(own);
        }
        names.removeAll(OF_PROMETHEUS);
        return names;
    }

    /// Some are told only once a follower has opened its partitions.
    private void assertTold(Set<String> wanted) throws Exception {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(TOLD_SECONDS_MAX);
        var missing = missing(wanted);
        while (!missing.isEmpty() && System.nanoTime() - deadlineNanos < 0) {
            TimeUnit.MILLISECONDS.sleep(100);
            missing = missing(wanted);
        }
        assertEquals(Set.of(), missing, "told by none of " + endpoints);
    }

    private Set<String> missing(Set<String> wanted) throws Exception {
        var missing = new TreeSet<>(wanted);
        try (var client = HttpClient.newHttpClient()) {
            for (var endpoint : endpoints) {
                var request =
                        HttpRequest.newBuilder(endpoint.resolve("/metrics")).build();
                var body = client.send(request, HttpResponse.BodyHandlers.ofString())
                        .body();
                var told = new ArrayList<>(Documents.matches("^([a-zA-Z_:][\\w:]*)[{ ]", body));
                told.addAll(Documents.matches("^# TYPE (\\S+) ", body));
                told.forEach(missing::remove);
            }
        }
        return missing;
    }
}
