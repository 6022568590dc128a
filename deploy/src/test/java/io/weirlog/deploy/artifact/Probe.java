package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.Set;

/// A probe of a pod, filled up with what Kubernetes takes for what is not given. All probes of the chart ask by HTTP.
///
/// @param successThreshold so many answers in a row are a success
/// @param failureThreshold so many failures in a row are one
record Probe(
        Http http,
        int initialDelaySeconds,
        int periodSeconds,
        int timeoutSeconds,
        int successThreshold,
        int failureThreshold) {
    private static final Set<String> KNOWN = Set.of(
            "httpGet",
            "initialDelaySeconds",
            "periodSeconds",
            "timeoutSeconds",
            "successThreshold",
            "failureThreshold");

    record Http(int port, String path) {}

    /// @param name such as `readinessProbe`
    static Probe of(JsonObject container, String name) {
        var probe = Documents.at(container, name).getAsJsonObject();
        assertTrue(KNOWN.containsAll(probe.keySet()), () -> name + ": " + probe);
        var port = Documents.string(probe, "httpGet.port");
        return new Probe(
                new Http(port(container, port), Documents.string(probe, "httpGet.path")),
                number(probe, "initialDelaySeconds", 0),
                number(probe, "periodSeconds", 10),
                number(probe, "timeoutSeconds", 1),
                number(probe, "successThreshold", 1),
                number(probe, "failureThreshold", 3));
    }

    private static int number(JsonObject probe, String key, int otherwise) {
        return probe.has(key) ? probe.get(key).getAsInt() : otherwise;
    }

    private static int port(JsonObject container, String name) {
        return Documents.objects(container, "ports").stream()
                .filter(port -> Documents.string(port, "name").equals(name))
                .map(port -> Documents.at(port, "containerPort").getAsInt())
                .findFirst()
                .orElseThrow(() -> new AssertionError("the container has no port " + name));
    }

    /// What a row of answers comes to.
    final class Row {
        private int successes;
        private int failures;

        void add(boolean success) {
            successes = success ? successes + 1 : 0;
            failures = success ? 0 : failures + 1;
        }

        boolean succeeded() {
            return successes >= successThreshold;
        }

        boolean failed() {
            return failures >= failureThreshold;
        }
    }
}
