package io.weirlog.deploy.artifact;

import com.google.gson.JsonObject;
import com.marcnuri.helm.Helm;
import io.weirlog.deploy.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The chart, rendered by Helm with some values.
///
/// @param documents all manifests, in Helm's order
record Chart(List<JsonObject> documents) {
    static final Path FOLDER = Repository.ROOT.resolve("deploy/helm/weirlog");
    private static final Path WITH_TEST = withTest();
    static final String RELEASE = "weirlog";
    static final String NAMESPACE = "streams";

    /// A copy of the chart in which the test is no hook: this way to call Helm renders none.
    private static Path withTest() {
        try (var files = Files.walk(FOLDER, FileVisitOption.FOLLOW_LINKS)) {
            var copy = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "chart");
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var to = copy.resolve(FOLDER.relativize(file).toString());
                Files.createDirectories(to.getParent());
                Files.writeString(to, Files.readString(file).replace("helm.sh/hook: test", "weirlog.test/hook: test"));
            }
            return copy.toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param values each `key=value`, as for `helm --set`
    static Chart render(String... values) {
        return new Chart(Documents.yaml(text(values)));
    }

    static String text(String... values) {
        var template = new Helm(WITH_TEST).template().withName(RELEASE).withNamespace(NAMESPACE);
        for (var value : values) {
            var equals = value.indexOf('=');
            template.set(value.substring(0, equals), value.substring(equals + 1));
        }
        return template.call();
    }

    /// The one manifest of a kind and name.
    JsonObject get(String kind, String name) {
        return find(kind, name).orElseThrow(() -> new AssertionError("there is no " + kind + " " + name));
    }

    Optional<JsonObject> find(String kind, String name) {
        return documents.stream()
                .filter(one -> Documents.string(one, "kind").equals(kind))
                .filter(one -> Documents.string(one, "metadata.name").equals(name))
                .findFirst();
    }

    /// A file of the ConfigMap that all pods mount.
    String file(String name) {
        return Documents.at(get("ConfigMap", RELEASE), "data")
                .getAsJsonObject()
                .get(name)
                .getAsString();
    }

    static JsonObject pod(JsonObject workload) {
        return Documents.at(workload, "spec.template.spec").getAsJsonObject();
    }

    static JsonObject container(JsonObject workload) {
        return Documents.objects(pod(workload), "containers").getFirst();
    }

    /// The variables of one pod's container, as Kubernetes would set them.
    ///
    /// @param zone the label of the machine; empty where there is none
    static Map<String, String> environment(JsonObject statefulSet, int number, String zone) {
        return environment(statefulSet, Documents.string(statefulSet, "metadata.name") + "-" + number, zone);
    }

    /// The same for any workload with a template of pods, by the pod's name.
    static Map<String, String> environment(JsonObject workload, String name, String zone) {
        var environment = new TreeMap<String, String>();
        for (var variable : Documents.objects(container(workload), "env")) {
            var value = variable.has("value")
                    ? Documents.string(variable, "value")
                    : switch (Documents.string(variable, "valueFrom.fieldRef.fieldPath")) {
                        case "metadata.name" -> name;
                        case "metadata.labels['topology.kubernetes.io/zone']" -> zone;
                        case String other -> throw new AssertionError("a pod has no " + other);
                    };
            environment.put(Documents.string(variable, "name"), value);
        }
        return environment;
    }
}
