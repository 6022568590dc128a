package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Alerts are understood by Prometheus, fire when they should, and are documented one by one.
class AlertsTest {
    private static final Path CASES = Repository.ROOT.resolve("deploy/src/test/resources/alerts/weirlog.test.yml");

    @TempDir
    private Path folder;

    private static List<JsonObject> alerts() {
        List<JsonObject> alerts = new ArrayList<>();
        Documents.walk(Documents.yaml(Expressions.ALERTS), object -> {
            if (object.has("alert")) {
                alerts.add(object);
            }
        });
        return alerts;
    }

    @Test
    void eachSaysWhatToDo() {
        var operations = Documents.text(Repository.ROOT.resolve("docs/operations.md"));
        var sections = new TreeSet<>(Documents.matches("^### (Weirlog\\w+)$", operations));
        var names = new TreeSet<String>();
        for (var alert : alerts()) {
            var name = Documents.string(alert, "alert");
            assertTrue(names.add(name), () -> name + " is there twice");
            assertTrue(
                    Set.of("warning", "critical").contains(Documents.string(alert, "labels.severity")),
                    alert::toString);
            assertTrue(!Documents.string(alert, "annotations.summary").isBlank(), alert::toString);
            assertEquals(
                    "docs/operations.md#" + name.toLowerCase(Locale.ROOT),
                    Documents.string(alert, "annotations.runbook"));
        }
        assertEquals(names, sections);
    }

    @Test
    void prometheusUnderstandsAlertsAndDashboards() throws Exception {
        needsPromtool();
        promtool("check", "rules", Expressions.ALERTS.toString());
        var rules = new StringBuilder("groups:\n  - name: dashboards\n    rules:\n");
        var number = 0;
        for (var dashboard : Expressions.dashboards()) {
            for (var expression : Expressions.ofDashboard(dashboard)) {
                rules.append("      - record: panel:%d\n        expr: '%s'\n"
                        .formatted(number++, expression.replace("'", "''")));
            }
        }
        promtool(
                "check",
                "rules",
                Files.writeString(folder.resolve("dashboards.yml"), rules).toString());
    }

    /// Each alert has a case in which it fires; in the first case of all nothing is wrong.
    @Test
    void eachFiresWhenItShould() throws Exception {
        var fired = new TreeSet<>(
                Documents.matches("alertname=\"(\\w+)\".*\\R.*\\R +exp_samples: \\[\\{", Documents.text(CASES)));
        var names = new TreeSet<String>();
        alerts().forEach(alert -> names.add(Documents.string(alert, "alert")));
        assertEquals(names, fired);
        needsPromtool();
        Files.copy(Expressions.ALERTS, folder.resolve("weirlog.rules.yml"));
        promtool(
                "test",
                "rules",
                Files.copy(CASES, folder.resolve("weirlog.test.yml")).toString());
    }

    private static void needsPromtool() throws InterruptedException {
        try (var probe = Run.shell("command -v promtool", Repository.ROOT)) {
            Repository.needs("promtool (prometheus)", probe.exitCode() == 0);
        }
    }

    private static void promtool(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        try (var run = Run.of(new ProcessBuilder(command))) {
            run.success();
        }
    }
}
