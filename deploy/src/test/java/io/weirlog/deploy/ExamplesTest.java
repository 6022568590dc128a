package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Clients that were made from the contract alone, without a line of ours, do the main job.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExamplesTest {
    private DevNode node;

    @BeforeAll
    void start(@TempDir Path dataDir) throws InterruptedException {
        node = DevNode.start(dataDir);
    }

    @AfterAll
    void stop() {
        node.close();
    }

    @Test
    void python() throws InterruptedException {
        Repository.needs("python3-grpcio", canImport("grpc, grpc_tools"));
        roundTrip("python-events", "/usr/bin/python3 client.py", "python", "append", "fetch");
    }

    @Test
    void node() throws InterruptedException {
        Repository.needs(
                "@grpc/grpc-js (npm ci in api/examples/node)",
                Files.exists(Repository.EXAMPLES.resolve("node/node_modules/@grpc/grpc-js")));
        roundTrip("node-events", "node client.js", "node", "produce", "consume");
    }

    private void roundTrip(String topic, String client, String folder, String write, String read)
            throws InterruptedException {
        Run.weirlog("topic", "create", topic, "-p", "1", "-b", node.address).success();
        var home = Repository.EXAMPLES.resolve(folder);
        try (var writing = Run.shell(client + " " + write + " " + node.address + " " + topic, home)) {
            writing.input("first\nsecond ü\nthird\n").success();
        }
        List<String> lines;
        try (var reading = Run.shell(client + " " + read + " " + node.address + " " + topic, home)) {
            lines = reading.success();
        }
        assertEquals(
                List.of("first", "second ü", "third"),
                lines.stream()
                        .filter(line -> !line.startsWith("#"))
                        .map(line -> line.substring(line.lastIndexOf('\t') + 1))
                        .toList());
        try (var refused = Run.shell(client + " " + read + " " + node.address + " nowhere", home)) {
            assertTrue(refused.exitCode() != 0, refused.output());
            assertTrue(refused.output().contains("nowhere"), refused.output());
        }
    }

    private static boolean canImport(String modules) throws InterruptedException {
        try (var run = Run.shell("/usr/bin/python3 -c 'import " + modules + "'", Repository.ROOT)) {
            return run.exitCode() == 0;
        }
    }
}
