package io.weirlog.deploy.alert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Collection;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/// A Prometheus that watches nodes with the alerts of the product. What they call a minute is a second for it, and an
/// hour a minute: how long something must last, and how far back it looks. What they compare with stays as it is.
public final class Prometheus implements AutoCloseable {
    static final Path RULES = Repository.ROOT.resolve("deploy/alerts/weirlog.rules.yml");

    private static final Duration DEADLINE = Duration.ofSeconds(150);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
    private static final String SETTINGS = """
            global: {scrape_interval: 500ms, scrape_timeout: 450ms, evaluation_interval: 500ms}
            rule_files: [weirlog.rules.yml]
            scrape_configs:
              - job_name: weirlog
                file_sd_configs:
                  - files: [targets.json]
                    refresh_interval: 500ms
            """;

    private final Path folder;
    private final Run run;
    private final URI api;
    private final HttpClient http = HttpClient.newHttpClient();

    private Prometheus(Path folder, Run run, URI api) {
        this.folder = folder;
        this.run = run;
        this.api = api;
    }

    /// @param targets the addresses, `host:port`, at which the nodes tell their metrics
    public static Prometheus watch(Path folder, Collection<String> targets) throws Exception {
        try (var probe = Run.shell("command -v prometheus", Repository.ROOT)) {
            Repository.needs("prometheus", probe.exitCode() == 0);
        }
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("prometheus.yml"), SETTINGS);
        Files.writeString(folder.resolve("weirlog.rules.yml"), hastened(Files.readString(RULES)));
        writeTargets(folder, targets);
        var run = Run.of(new ProcessBuilder(
                        "prometheus",
                        "--config.file=prometheus.yml",
                        "--storage.tsdb.path=data",
                        "--web.listen-address=127.0.0.1:0",
                        "--log.format=json")
                .directory(folder.toFile()));
        var listening = run.line(line -> line.contains("\"Listening on\""));
        run.line(line -> line.contains("Server is ready"));
        var address = JsonParser.parseString(listening)
                .getAsJsonObject()
                .get("address")
                .getAsString();
        return new Prometheus(folder, run, URI.create("http://" + address + "/api/v1/"));
    }

    private static String hastened(String rules) {
        var hastened = rules.replaceAll("(?m)((?:^ +for: |\\[)\\d+)m\\b", "$1s")
                .replaceAll("(?m)((?:^ +for: |\\[)\\d+)h\\b", "$1m");
        assertTrue(hastened.contains("for: 15s") && hastened.contains("[6m]"), hastened);
        return hastened;
    }

    private static void writeTargets(Path folder, Collection<String> targets) throws IOException {
        var list = targets.stream().map(target -> '"' + target + '"').collect(Collectors.joining(","));
        var next = Files.writeString(folder.resolve("targets.next"), "[{\"targets\":[" + list + "]}]");
        Files.move(next, folder.resolve("targets.json"), StandardCopyOption.REPLACE_EXISTING);
    }

    /// From now on these are watched, and no others.
    void watchInstead(Collection<String> targets) throws IOException {
        writeTargets(folder, targets);
    }

    /// Waits until all targets answer and no alert is told: what fires later is of what happens later.
    void awaitNothingWrong(int targets) throws Exception {
        await("nothing wrong with " + targets + " nodes", firing -> firing.isEmpty() && answering() == targets);
    }

    /// Waits until all of these are told.
    void awaitFiring(Set<String> alerts) throws Exception {
        await("the alerts " + alerts, firing -> firing.containsAll(alerts));
    }

    /// Whether all of these are told within a while.
    boolean tells(Set<String> alerts, Duration within) throws Exception {
        var deadlineNanos = System.nanoTime() + within.toNanos();
        while (!firing().containsAll(alerts)) {
            if (System.nanoTime() - deadlineNanos >= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN.toNanos());
        }
        return true;
    }

    /// Waits until an expression has a value.
    public double awaitValue(String expression) throws Exception {
        var found = new AtomicReference<>(OptionalDouble.empty());
        await("a value of " + expression, firing -> {
            found.set(value(expression));
            return found.get().isPresent();
        });
        return found.get().orElseThrow();
    }

    private interface Condition {
        boolean holds(Set<String> firing) throws Exception;
    }

    private void await(String what, Condition condition) throws Exception {
        var deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        for (var firing = firing(); !condition.holds(firing); firing = firing()) {
            var told = firing;
            assertTrue(System.nanoTime() - deadlineNanos < 0, () -> "waited for " + what + "; told were " + told);
            TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN.toNanos());
        }
    }

    /// The names of the alerts that are told now.
    Set<String> firing() throws Exception {
        var names = new TreeSet<String>();
        for (var alert : get("alerts").getAsJsonArray("alerts")) {
            var object = alert.getAsJsonObject();
            if (object.get("state").getAsString().equals("firing")) {
                names.add(object.getAsJsonObject("labels").get("alertname").getAsString());
            }
        }
        return names;
    }

    private double answering() throws Exception {
        return value("count(up == 1)").orElse(0);
    }

    /// The first value of an expression, which must be one that can be evaluated.
    public OptionalDouble value(String expression) throws Exception {
        var result = query(expression);
        return result.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(result.get(0)
                        .getAsJsonObject()
                        .getAsJsonArray("value")
                        .get(1)
                        .getAsDouble());
    }

    private JsonArray query(String expression) throws Exception {
        return get("query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))
                .getAsJsonArray("result");
    }

    private JsonObject get(String path) throws Exception {
        var answer = http.send(
                HttpRequest.newBuilder(api.resolve(path)).timeout(DEADLINE).build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer::body);
        return JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonObject("data");
    }

    @Override
    public void close() {
        http.close();
        run.close();
    }
}
