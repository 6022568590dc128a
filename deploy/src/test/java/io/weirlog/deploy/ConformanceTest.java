package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// The conformance kit as a user runs it, with the drivers of all languages at once: good clients pass, bad ones fail
/// in the rows where they are bad, and what is no driver is named and does not hold up the others.
class ConformanceTest {
    private static final long DEADLINE_SECONDS = 300;
    private static final Path DRIVERS = Repository.ROOT.resolve("api/conformance/drivers");

    /// The Java client makes batches by itself, and numbers what is in them.
    private static final Set<String> NOT_IN_JAVA = Set.of("idempotent-retry", "compare-and-append");

    /// Whether these fail depends on what is under way when a node goes.
    private static final Set<String> CHANCE = Set.of("leader-killed", "broker-stopped");

    @Test
    void goodClientsPassAndBadOnesFailWhereTheyAreBad() throws Exception {
        Repository.needs("Python's gRPC (python3-grpcio)", works("/usr/bin/python3 -c 'import grpc'"));
        Repository.needs(
                "@grpc/grpc-js (npm ci in api/examples/node)",
                Files.exists(Repository.EXAMPLES.resolve("node/node_modules/@grpc/grpc-js")));
        Repository.needs(
                "C++ with gRPC (g++, libgrpc++-dev, protobuf-compiler-grpc, pkg-config)",
                works("pkg-config --exists grpc++ protobuf && command -v c++ protoc grpc_cpp_plugin"));
        try (var build = Run.shell(Repository.EXAMPLES.resolve("cpp/build") + " cpp_driver.cc", DRIVERS)) {
            assertEquals(0, build.exitCode(DEADLINE_SECONDS), build.output());
        }
        var python = "/usr/bin/python3 " + DRIVERS.resolve("python_driver.py");
        var run = Run.weirlogBuilder("conformance", "run", "-o", "json");
        driver(run, "python", python);
        driver(run, "node", "node " + DRIVERS.resolve("node_driver.js"));
        driver(run, "cpp", Repository.EXAMPLES.resolve("cpp/target/cpp_driver").toString());
        driver(run, "java", Repository.ROOT.resolve("weirlog") + " conformance driver");
        driver(run, "wrong", python + " --wrong drop-headers,keep-revoked,sure-outcome,never-commit");
        driver(run, "worse", python + " --wrong swallow-errors,text-only,commit-early");
        driver(run, "doubles", python + " --wrong new-sequence");
        driver(run, "hangs", "cat >/dev/null");
        driver(run, "rubbish", "echo hello; cat");
        try (var played = Run.of(run)) {
            assertEquals(1, played.exitCode(DEADLINE_SECONDS), played.output());
            var outcomes = played.lines().stream()
                    .filter(line -> line.startsWith("{"))
                    .map(line -> JsonParser.parseString(line).getAsJsonObject())
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(played.output()));
            check(outcomes);
        }
    }

    private static void check(JsonObject outcomes) {
        System.out.println(outcomes);
        for (var good : Set.of("python", "node", "cpp", "java")) {
            assertEquals(Set.of(), with(outcomes, good, "FAILED"), good);
            assertEquals(good.equals("java") ? NOT_IN_JAVA : Set.of(), with(outcomes, good, "unsupported"), good);
        }
        assertFails(
                outcomes,
                "wrong",
                Set.of(
                        "round-trip",
                        "nulls-and-empties",
                        "bytes",
                        "deadline",
                        "group-rebalance",
                        "group-resume",
                        "fenced-member"));
        assertFails(
                outcomes,
                "worse",
                Set.of(
                        "bytes",
                        "unknown-topic",
                        "refused-requests",
                        "too-large",
                        "offset-out-of-range",
                        "deadline",
                        "idempotent-retry",
                        "compare-and-append",
                        "group-resume",
                        "fenced-member"));
        // On a busy machine answers come late elsewhere too, and then it doubles there as well.
        assertTrue(with(outcomes, "doubles", "FAILED").contains("lost-answer"), "doubles");
        for (var broken : Set.of("hangs", "rubbish")) {
            var played = outcomes.getAsJsonObject(broken);
            assertEquals(played.keySet(), with(outcomes, broken, "FAILED"), broken);
            var why = played.getAsJsonObject("round-trip").get("detail").getAsString();
            assertTrue(why.contains(broken.equals("hangs") ? "hangs" : "talks rubbish"), why);
        }
    }

    private static void assertFails(JsonObject outcomes, String driver, Set<String> expected) {
        var failed = with(outcomes, driver, "FAILED");
        failed.removeAll(CHANCE);
        assertEquals(new TreeSet<>(expected), failed, driver);
    }

    private static Set<String> with(JsonObject outcomes, String driver, String outcome) {
        var scenarios = new TreeSet<String>();
        outcomes.getAsJsonObject(driver).entrySet().forEach(played -> {
            if (played.getValue().getAsJsonObject().get("outcome").getAsString().equals(outcome)) {
                scenarios.add(played.getKey());
            }
        });
        return scenarios;
    }

    private static void driver(ProcessBuilder run, String name, String command) {
        run.command().add("--driver");
        run.command().add(name + "=" + command);
    }

    private static boolean works(String command) throws InterruptedException {
        try (var run = Run.shell(command, Repository.ROOT)) {
            return run.exitCode() == 0;
        }
    }
}
