package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The chart renders, with whatever it offers, into what Kubernetes takes; and it refuses what makes no sense.
class ChartTest {
    static Stream<Arguments> valueSets() {
        return Stream.of(
                        "",
                        "replicas=1 controllers.replicas=1",
                        "replicas=5",
                        "replicas=5 controllers.replicas=5",
                        "controllers.separate=true",
                        "replicas=1 controllers.separate=true controllers.replicas=5 controllers.persistence.storageClass=fast",
                        "external.enabled=true external.loadBalancerSourceRanges[0]=10.0.0.0/8",
                        "external.enabled=true external.type=NodePort external.nodePort=30171",
                        "service.type=LoadBalancer service.annotations.a=b",
                        "tls.enabled=true tls.existingSecret=mine tls.clientAuth=required tls.minVersion=1.2",
                        "tls.enabled=true tls.certManager.enabled=true tls.certManager.issuerRef.name=ca"
                                + " tls.certManager.extraDnsNames[0]=log.example.org controllers.separate=true",
                        "metrics.serviceMonitor.enabled=true metrics.prometheusRule.enabled=true"
                                + " metrics.dashboards.enabled=true metrics.dashboards.namespace=monitoring",
                        "networkPolicy.enabled=true",
                        "networkPolicy.enabled=true networkPolicy.clients[0].podSelector.matchLabels.app=shop"
                                + " networkPolicy.monitoring[0].namespaceSelector.matchLabels.name=monitoring",
                        "rack.lookup.enabled=true rack.lookup.image=kubectl:1",
                        "rack.lookup.enabled=true rack.lookup.image=kubectl:1 rbac.create=false"
                                + " serviceAccount.create=false serviceAccount.name=mine",
                        "rack.label=",
                        "antiAffinity=hard nodeSelector.disk=ssd priorityClassName=high tolerations[0].key=streams"
                                + " tolerations[0].operator=Exists",
                        "antiAffinity=none topologySpreadConstraints=null podDisruptionBudget.enabled=false",
                        "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
                                + ".nodeSelectorTerms[0].matchExpressions[0].key=disk"
                                + " affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
                                + ".nodeSelectorTerms[0].matchExpressions[0].operator=Exists",
                        "persistence.enabled=false",
                        "persistence.storageClass=fast persistence.annotations.a=b persistence.size=2Ti",
                        "image.registry=registry.example.org/streams image.tag=v7 image.pullSecrets[0]=pull"
                                + " commonLabels.team=streams podLabels.a=b podAnnotations.c=d",
                        "extraEnvVars[0].name=A extraEnvVars[0].value=b extraVolumes[0].name=more"
                                + " extraVolumes[0].emptyDir.sizeLimit=1Mi extraVolumeMounts[0].name=more"
                                + " extraVolumeMounts[0].mountPath=/more initContainers[0].name=first"
                                + " initContainers[0].image=first:1 extraDeploy[0].apiVersion=v1"
                                + " extraDeploy[0].kind=ConfigMap extraDeploy[0].metadata.name={{.Release.Name}}-more",
                        "config.topic\\.defaults\\.retention\\.ms=86400000 config.shutdown\\.grace=20s javaOpts=-Xmx1g")
                .map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("valueSets")
    void everyManifestIsOneOfKubernetes(String values) throws Exception {
        var chart = Chart.render(split(values));
        assertTrue(chart.documents().size() >= 5, values);
        for (var document : chart.documents()) {
            Manifests.check(document);
        }
        // Selectors find the pods that they mean.
        var labels =
                Documents.at(brokers(chart), "spec.template.metadata.labels").getAsJsonObject();
        for (var service : List.of("weirlog", "weirlog-nodes")) {
            var selector =
                    Documents.at(chart.get("Service", service), "spec.selector").getAsJsonObject();
            assertTrue(labels.entrySet().containsAll(selector.entrySet()), service);
            var test = Documents.at(chart.get("Job", "weirlog-test"), "spec.template.metadata.labels");
            assertFalse(test.getAsJsonObject().entrySet().containsAll(selector.entrySet()), service);
        }
    }

    private static JsonObject brokers(Chart chart) {
        return chart.get("StatefulSet", "weirlog");
    }

    private static String[] split(String values) {
        return values.isEmpty() ? new String[0] : values.split(" ", -1);
    }

    @Test
    void helmFindsNothingToComplainOf() throws IOException {
        var lint = new Helm(Chart.FOLDER).lint().strict().call();
        assertFalse(lint.isFailed(), () -> lint.getMessages().toString());
        var chart = Documents.yaml(Chart.FOLDER.resolve("Chart.yaml"));
        assertEquals(Settings.version(), Documents.string(chart, "version"));
        assertEquals(Settings.version(), Documents.string(chart, "appVersion"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            replcas=3                            | replcas
            replicas=two                         | replicas
            replicas=0                           | replicas
            controllers.replicas=2               | controllers
            replicas=2                           | controllers.replicas is 3, but there are only 2 brokers
            persistence.size=lots                | size
            clusterId=a b                        | clusterId
            podDisruptionBudget.maxUnavailable=2 | maxUnavailable
            terminationGracePeriodSeconds=60     | draining may take 210 s
            config.client\\.port=1                | config.client.port is set by the chart
            config.Retention=1                   | Retention
            tls.enabled=true                     | tls.existingSecret
            tls.clientAuth=maybe                 | clientAuth
            config.tls\\.mode=on                  | config.tls.mode is set by the chart
            rack.lookup.enabled=true             | rack.lookup.image
            listeners.client.port=70000          | port
            """)
    void whatMakesNoSenseIsRefused(String value, String named) {
        var refused = assertThrows(IllegalStateException.class, () -> Chart.text(value));
        assertTrue(String.valueOf(refused.getMessage()).contains(named), refused::toString);
    }

    /// No value is there for nothing, and none is used that is not there.
    @Test
    void valuesAndTemplatesAgree() throws IOException {
        var used = new TreeSet<String>();
        try (var files = Files.walk(Chart.FOLDER.resolve("templates"))) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                used.addAll(Documents.matches("(?:\\.Values|\\$values)\\.([a-zA-Z.]+\\w)", Documents.text(file)));
            }
        }
        var values = Documents.yaml(Chart.FOLDER.resolve("values.yaml"));
        for (var path : used) {
            Documents.at(values, path);
        }
        var there = new TreeSet<String>();
        leaves("", values, there);
        there.removeIf(path -> used.stream().anyMatch(one -> path.equals(one) || path.startsWith(one + ".")));
        assertEquals(Set.of(), there, "used by no template");
    }

    private static void leaves(String path, JsonElement element, Set<String> found) {
        if (!element.isJsonObject() || element.getAsJsonObject().isEmpty()) {
            found.add(path);
            return;
        }
        element.getAsJsonObject()
                .asMap()
                .forEach((name, inner) -> leaves(path.isEmpty() ? name : path + "." + name, inner, found));
    }

    @Test
    void monitoringHasTheFilesOfTheRepository() throws IOException {
        var chart = Chart.render(
                "metrics.serviceMonitor.enabled=true",
                "metrics.prometheusRule.enabled=true",
                "metrics.dashboards.enabled=true");
        assertEquals(
                Documents.at(Documents.yaml(Expressions.ALERTS), "groups"),
                Documents.at(chart.get("PrometheusRule", "weirlog"), "spec.groups"));
        var dashboards = Documents.at(chart.get("ConfigMap", "weirlog-dashboards"), "data")
                .getAsJsonObject();
        assertEquals(Expressions.dashboards().size(), dashboards.size());
        for (var file : Expressions.dashboards()) {
            assertEquals(
                    Documents.text(file).strip(),
                    dashboards.get(file.getFileName().toString()).getAsString().strip());
        }
        var monitor = chart.get("ServiceMonitor", "weirlog");
        var endpoint = Documents.objects(monitor, "spec.endpoints").getFirst();
        var ports = Documents.objects(chart.get("Service", "weirlog-nodes"), "spec.ports");
        assertTrue(ports.stream().anyMatch(port -> port.get("name").equals(endpoint.get("port"))));
    }

    @Test
    void probesAndHooksLeadWhereTheNodeListens() {
        var chart = Chart.render("listeners.http.port=8080", "listeners.client.port=7000");
        var container = Chart.container(brokers(chart));
        var ports = new TreeSet<String>();
        Documents.objects(container, "ports")
                .forEach(port -> ports.add(Documents.string(port, "name") + "="
                        + Documents.at(port, "containerPort").getAsInt()));
        assertEquals(Set.of("client=7000", "internal=7172", "raft=7173", "http=8080"), ports);
        for (var probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
            assertEquals("http", Documents.string(container, probe + ".httpGet.port"));
        }
        assertEquals("/readyz", Documents.string(container, "readinessProbe.httpGet.path"));
        assertEquals("/healthz", Documents.string(container, "livenessProbe.httpGet.path"));
        assertEquals(
                List.of("sh", "/etc/weirlog/drain.sh"), Documents.strings(container, "lifecycle.preStop.exec.command"));
        assertEquals("127.0.0.1:7000", Chart.environment(brokers(chart), 0, "").get("WEIRLOG_BOOTSTRAP_SERVER"));
        var separate = Chart.render("controllers.separate=true");
        var controller = Chart.container(separate.get("StatefulSet", "weirlog-controller"));
        assertFalse(controller.has("lifecycle"), controller::toString);
    }

    /// Nodes, the drain before a stop and the test of a release read the same variables.
    @Test
    void everyPodFindsTheFilesForTls() {
        var chart = Chart.render("tls.enabled=true", "tls.existingSecret=mine", "controllers.separate=true");
        var pods = List.of(
                brokers(chart), chart.get("StatefulSet", "weirlog-controller"), chart.get("Job", "weirlog-test"));
        for (var pod : pods) {
            var container = Chart.container(pod);
            var mount = Documents.objects(container, "volumeMounts").stream()
                    .filter(one -> Documents.string(one, "name").equals("tls"))
                    .findFirst()
                    .orElseThrow();
            var folder = Documents.string(mount, "mountPath");
            var environment = new TreeMap<String, String>();
            Documents.objects(container, "env").stream()
                    .filter(one -> one.has("value"))
                    .forEach(one -> environment.put(Documents.string(one, "name"), Documents.string(one, "value")));
            assertEquals(folder + "/ca.crt", environment.get("WEIRLOG_TLS_CA"));
            assertEquals(folder + "/tls.crt", environment.get("WEIRLOG_TLS_CERTIFICATE"));
            assertEquals(folder + "/tls.key", environment.get("WEIRLOG_TLS_KEY"));
            assertTrue(Documents.objects(Chart.pod(pod), "volumes").stream()
                    .anyMatch(volume -> volume.has("secret")
                            && Documents.string(volume, "secret.secretName").equals("mine")));
        }
        var file = Documents.at(chart.get("ConfigMap", "weirlog"), "data")
                .getAsJsonObject()
                .get("weirlog.yaml")
                .getAsString();
        assertTrue(file.contains("tls.mode: \"on\""), file);
    }

    /// The image has a variable for it, which wins over the file that all other keys are in.
    @Test
    void theFormatOfLogsIsTheImagesUnlessItIsChosen() {
        var byDefault = Chart.environment(brokers(Chart.render()), 0, "");
        assertFalse(byDefault.containsKey("WEIRLOG_LOGGING_FORMAT"), byDefault::toString);
        var chart = Chart.render("controllers.separate=true", "config.logging\\.format=text");
        for (var name : List.of("weirlog", "weirlog-controller")) {
            var chosen = Chart.environment(chart.get("StatefulSet", name), 0, "");
            assertEquals("text", chosen.get("WEIRLOG_LOGGING_FORMAT"));
        }
    }

    @Test
    void aChangedConfigurationRestartsTheNodes() {
        var sums = Stream.of("replicas=3", "config.shards=4", "listeners.raft.port=9000")
                .map(value -> brokers(Chart.render(value)))
                .map(set -> Documents.at(set, "spec.template.metadata.annotations")
                        .getAsJsonObject()
                        .get("checksum/config")
                        .getAsString())
                .toList();
        assertEquals(3, Set.copyOf(sums).size(), sums::toString);
    }

    @Test
    void podsRunWithNoMoreRightsThanTheyNeed() {
        var chart = Chart.render("controllers.separate=true");
        for (var name : List.of("weirlog", "weirlog-controller")) {
            var set = chart.get("StatefulSet", name);
            assertTrue(
                    Documents.at(Chart.pod(set), "securityContext.runAsNonRoot").getAsBoolean());
            assertFalse(
                    Documents.at(Chart.pod(set), "automountServiceAccountToken").getAsBoolean());
            var container = Chart.container(set);
            assertTrue(Documents.at(container, "securityContext.readOnlyRootFilesystem")
                    .getAsBoolean());
            assertFalse(Documents.at(container, "securityContext.allowPrivilegeEscalation")
                    .getAsBoolean());
            assertEquals(List.of("ALL"), Documents.strings(container, "securityContext.capabilities.drop"));
            assertEquals("Parallel", Documents.string(set, "spec.podManagementPolicy"));
        }
        assertTrue(Documents.at(chart.get("Service", "weirlog-nodes"), "spec.publishNotReadyAddresses")
                .getAsBoolean());
    }
}
