package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.weirlog.deploy.Repository;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.NodeConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// The compose file's nodes are one cluster, and Prometheus and Grafana find what they need.
class ComposeTest {
    private static final Path FOLDER = Repository.ROOT.resolve("deploy/compose");
    private static final List<String> NODES = List.of("node-1", "node-2", "node-3");

    private final JsonObject compose = Documents.yaml(FOLDER.resolve("compose.yaml"));

    private JsonObject service(String name) {
        return Documents.at(compose, "services." + name).getAsJsonObject();
    }

    private static Map<String, String> environment(JsonObject service) {
        var environment = new TreeMap<String, String>();
        Documents.at(service, "environment")
                .getAsJsonObject()
                .asMap()
                .forEach((name, value) -> environment.put(name, value.getAsString()));
        return environment;
    }

    @Test
    void theNodesAreOneCluster() {
        var ids = new HashSet<String>();
        var quorums = new HashSet<List<NodeConfig.Controller>>();
        for (var name : NODES) {
            var config = Settings.valid(Optional.empty(), environment(service(name)));
            assertTrue(ids.add(config.nodeId().toString()), name);
            quorums.add(config.cluster().controllers());
            assertEquals(
                    name,
                    config.cluster().controller(config.nodeId()).orElseThrow().host());
            assertEquals(Optional.of(name), config.network().advertisedHost());
            assertEquals(Optional.of("compose"), config.clusterId());
        }
        assertEquals(1, quorums.size());
    }

    @Test
    void eachNodeRunsTheImageAsItIsMadeToRun() {
        var published = new HashSet<String>();
        for (var name : NODES) {
            var service = service(name);
            assertEquals("${WEIRLOG_IMAGE:-weirlog:" + Settings.version() + "}", Documents.string(service, "image"));
            assertEquals(List.of(name + ":/var/lib/weirlog"), Documents.strings(service, "volumes"));
            assertTrue(Documents.at(compose, "volumes").getAsJsonObject().has(name));
            for (var port : Documents.strings(service, "ports")) {
                assertTrue(port.matches("127\\.0\\.0\\.1:\\d+:" + Settings.byDefault(ConfigKeys.CLIENT_PORT)), port);
                assertTrue(published.add(port), port);
            }
            var grace = Documents.string(service, "stop_grace_period");
            assertTrue(
                    Settings.seconds(grace) > Settings.seconds(Settings.byDefault(ConfigKeys.SHUTDOWN_GRACE)), grace);
        }
    }

    @Test
    void prometheusAsksAllNodesAndKnowsTheAlerts() {
        var prometheus = Documents.yaml(FOLDER.resolve("prometheus.yml"));
        var job = Documents.objects(prometheus, "scrape_configs").getFirst();
        assertEquals("weirlog", Documents.string(job, "job_name"));
        var targets = Documents.objects(job, "static_configs").getFirst();
        assertEquals(
                NODES.stream()
                        .map(name -> name + ":" + Settings.byDefault(ConfigKeys.HTTP_PORT))
                        .toList(),
                Documents.strings(targets, "targets"));
        var rules = Documents.strings(prometheus, "rule_files").getFirst();
        assertTrue(mounts("prometheus").containsKey(Path.of(rules).getParent()), rules);
    }

    @Test
    void grafanaFindsPrometheusAndTheDashboards() {
        var provisioning = FOLDER.resolve("grafana/provisioning");
        var source = Documents.objects(
                        Documents.yaml(provisioning.resolve("datasources/prometheus.yaml")), "datasources")
                .getFirst();
        var port = Documents.strings(service("prometheus"), "ports").getFirst();
        assertEquals("http://prometheus:" + port.replaceAll(".*:", ""), Documents.string(source, "url"));
        var provider = Documents.objects(Documents.yaml(provisioning.resolve("dashboards/weirlog.yaml")), "providers")
                .getFirst();
        var mounts = mounts("grafana");
        var dashboards = Optional.ofNullable(mounts.get(Path.of(Documents.string(provider, "options.path"))))
                .orElseThrow();
        var home =
                Path.of(environment(service("grafana")).getOrDefault("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", ""));
        assertTrue(Files.exists(dashboards.resolve(home.getFileName())), home.toString());
        assertEquals(provisioning, mounts.get(Path.of("/etc/grafana/provisioning")));
    }

    /// Folders and files of the repository, by where they are mounted. All of them must be there.
    private Map<Path, Path> mounts(String service) {
        var mounts = new TreeMap<Path, Path>();
        var sources = new ArrayList<Path>();
        for (var volume : Documents.strings(service(service), "volumes")) {
            var parts = List.of(volume.split(":", -1));
            if (parts.getFirst().startsWith(".")) {
                var source = FOLDER.resolve(parts.getFirst()).normalize();
                sources.add(source);
                mounts.put(Path.of(parts.get(1)), source);
            }
        }
        assertTrue(!sources.isEmpty() && sources.stream().allMatch(Files::exists), sources.toString());
        return mounts;
    }
}
