package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Clients that were made from the contract alone, without a line of ours, do the main job.
@Tag("side-by-side")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExamplesTest {
    /// Reading gRPC's headers takes a compiler long on a busy machine.
    private static final long BUILD_SECONDS = 300;

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
    void python() throws Exception {
        Repository.needs(
                "Python's gRPC with protoc (python3-grpcio, protobuf-compiler-grpc, libprotobuf-dev)",
                works("/usr/bin/python3 -c 'import grpc' && protoc --version && test -x /usr/bin/grpc_python_plugin"));
        roundTrip("python-lines", "/usr/bin/python3 weirlog_client.py", "python", "append", "fetch");
        documentedCommandsWork("python");
        survives("python", "/usr/bin/python3 tour.py");
    }

    @Test
    void node() throws Exception {
        Repository.needs(
                "@grpc/grpc-js (npm ci in api/examples/node)",
                Files.exists(Repository.EXAMPLES.resolve("node/node_modules/@grpc/grpc-js")));
        roundTrip("node-lines", "node weirlog-client.js", "node", "produce", "consume");
        documentedCommandsWork("node");
        survives("node", "node tour.js");
    }

    @Test
    void cpp() throws Exception {
        Repository.needs(
                "C++ with gRPC (g++, libgrpc++-dev, protobuf-compiler-grpc, pkg-config)",
                works("pkg-config --exists grpc++ protobuf && command -v c++ protoc grpc_cpp_plugin"));
        try (var build = Run.shell("./build tour.cc", Repository.EXAMPLES.resolve("cpp"))) {
            assertEquals(0, build.exitCode(BUILD_SECONDS), build.output());
        }
        documentedCommandsWork("cpp");
        survives("cpp", "target/tour");
    }

    /// What it writes is read back; that it is when brokers go, the conformance kit shows.
    private void survives(String folder, String tour) throws InterruptedException {
        createTopic("survive-" + folder);
        var command = tour + " survive " + node.address + " survive-" + folder + " 100";
        try (var run = Run.shell(command, Repository.EXAMPLES.resolve(folder))) {
            assertEquals(List.of("100 records written and read back once and in order"), run.success());
        }
    }

    private void roundTrip(String topic, String client, String folder, String write, String read)
            throws InterruptedException {
        createTopic(topic);
        var home = Repository.EXAMPLES.resolve(folder);
        var place = " " + node.address + " " + topic;
        try (var writing = Run.shell("printf 'first\nsecond ü\nthird\n' | " + client + " " + write + place, home)) {
            assertEquals(List.of("3 records appended"), writing.success());
        }
        try (var reading = Run.shell(client + " " + read + place, home)) {
            assertEquals(List.of("first", "second ü", "third"), reading.success());
        }
        try (var refused = Run.shell(client + " " + read + " " + node.address + " nowhere", home)) {
            assertEquals(1, refused.exitCode(), refused.output());
            assertTrue(refused.output().contains("nowhere"), refused.output());
        }
    }

    /// The README's commands, but for those that install something.
    private void documentedCommandsWork(String folder) throws IOException, InterruptedException {
        Run.weirlog("topic", "delete", "lines", "-b", node.address).exitCode();
        createTopic("lines");
        var home = Repository.EXAMPLES.resolve(folder);
        var commands = Repository.shellCommands(home.resolve("README.md")).stream()
                .filter(command -> !command.startsWith("apt-get") && !command.startsWith("npm"))
                .filter(command -> !command.startsWith("./build"))
                .toList();
        assertEquals(2, commands.size(), commands.toString());
        for (var command : commands) {
            try (var run = Run.shell(command.replace("127.0.0.1:7171", node.address), home)) {
                assertTrue(run.success().getLast().startsWith("1000"), run.output());
            }
        }
    }

    private void createTopic(String name) throws InterruptedException {
        Run.weirlog("topic", "create", name, "-p", "1", "-b", node.address).success();
    }

    private static boolean works(String command) throws InterruptedException {
        try (var run = Run.shell(command, Repository.ROOT)) {
            return run.exitCode() == 0;
        }
    }
}
