package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.WeirlogClient;
import io.weirlog.deploy.JsonLogs;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import io.weirlog.testing.FreePorts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The image in real containers, run by the very commands of the documentation: one node, and three on a network of
/// theirs, through the loss of each of them.
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ContainersTest {
    private static final String BROKERS = "node-1:7171,node-2:7171,node-3:7171";
    private static final List<String> COMPRESSIONS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final long RESIDENT_KIB_MAX = 250 * 1024;

    private final int port = FreePorts.next();

    @AutoClose
    private Podman podman;

    private List<String> forOne;
    private List<String> forThree;

    @BeforeAll
    void load(@TempDir Path folder) throws Exception {
        podman = Podman.in(folder);
        BuiltImage.get();
        var commands = Repository.shellCommands(Repository.ROOT.resolve("docs/operations.md"));
        var network = commands.indexOf("podman network create streams");
        forOne = commands.subList(0, network).stream()
                .map(command -> command.replace("-p 7171:", "-p 127.0.0.1:" + port + ":"))
                .toList();
        forThree = commands.subList(network, commands.size()).stream()
                .map(command -> command.replace(" streams", " " + podman.network))
                .toList();
        podman.shell(forOne.getFirst());
        podman.needsToRun(BuiltImage.NAME);
    }

    @Test
    void oneNodeWithNothingButTheImage() throws Exception {
        for (var command : forOne.subList(1, forOne.size() - 1)) {
            podman.shell(command);
        }
        assertStartedFastAndSmall();
        nativeLibrariesAreThere();
        // The name that the node gives of itself is unknown here: one address is enough.
        try (var client = WeirlogClient.connect("127.0.0.1:" + port)) {
            assertEquals(1, client.admin().describeTopic("lines").partitions().size());
        }
        assertTrue(podman.succeeds("exec", "weirlog", "weirlog", "probe", "--alive"));
        podman.shell(forOne.getLast());
        assertEquals("143", podman.inspect("weirlog", "{{.State.ExitCode}}"));
        for (var line : podman.run("logs", "weirlog")) {
            JsonLogs.event(line);
        }
    }

    private void assertStartedFastAndSmall() throws Exception {
        var ready = podman.run("logs", "--timestamps", "weirlog").stream()
                .filter(line -> line.contains(" is ready at "))
                .findFirst()
                .orElseThrow();
        var started = podman.inspect("weirlog", "{{.State.StartedAt.Format \"2006-01-02T15:04:05.000Z07:00\"}}");
        var took = Duration.between(Instant.parse(started), Instant.parse(ready.substring(0, ready.indexOf(' '))));
        var status = Files.readString(Path.of("/proc", podman.inspect("weirlog", "{{.State.Pid}}"), "status"));
        var residentKib = Long.parseLong(Documents.match("^VmRSS:\\s+(\\d+) kB$", status));
        System.out.println("ready after " + took.toMillis() + " ms, then " + residentKib / 1024 + " MiB are resident");
        assertTrue(residentKib < RESIDENT_KIB_MAX, () -> residentKib + " KiB are resident");
    }

    private void nativeLibrariesAreThere() throws Exception {
        var read = podman.run(
                "exec",
                "weirlog",
                "sh",
                "-c",
                "for kind in " + String.join(" ", COMPRESSIONS)
                        + "; do echo \"by $kind\" | weirlog produce lines --compression $kind; done;"
                        + " weirlog consume lines --timeout 2s");
        for (var compression : COMPRESSIONS) {
            assertTrue(read.contains("by " + compression), read::toString);
        }
    }

    /// One node is killed, one stands still, one is cut off, each while it leads a partition, and each comes back.
    @Test
    void threeNodesLoseNothing() throws Exception {
        for (var command : forThree) {
            podman.shell(command);
        }
        try (var load = ContainerLoad.start(podman, this::inContainer, "events")) {
            fault(load, "node-2", List.of("kill", "node-1"), List.of("start", "node-1"));
            fault(load, "node-3", List.of("pause", "node-2"), List.of("unpause", "node-2"));
            fault(
                    load,
                    "node-1",
                    List.of("network", "disconnect", podman.network, "node-3"),
                    List.of("network", "connect", podman.network, "node-3"));
            System.out.println(load.finish() + " records through three faults, none lost, none twice");
        }
    }

    private Run inContainer(String name, String command) {
        return podman.start(
                "run",
                "--rm",
                "--name",
                name,
                "--network",
                podman.network,
                "--tmpfs",
                "/tmp",
                "--read-only",
                "--env",
                "WEIRLOG_BOOTSTRAP_SERVER=" + BROKERS,
                "--entrypoint",
                "sh",
                BuiltImage.NAME,
                "-c",
                command);
    }

    /// Begins a fault and ends it once the cluster has noticed it and goes on without the node.
    ///
    /// @param witness a node that is not hit
    private void fault(ContainerLoad load, String witness, List<String> begin, List<String> end)
            throws InterruptedException {
        podman.run(begin.toArray(String[]::new));
        var noticed = millisUntil(witness + " sees that another node is gone", () -> !healthy(witness));
        var went = millisOf(() -> load.awaitMore(400));
        podman.run(end.toArray(String[]::new));
        var healed = millisUntil("all replicas are in sync again", () -> healthy(witness));
        System.out.println(String.join(" ", begin) + ": noticed after " + noticed + " ms, 400 more records after "
                + went + " ms, healed after " + healed + " ms");
    }

    private long millisUntil(String what, Podman.Condition condition) throws InterruptedException {
        return millisOf(() -> podman.await(what, condition));
    }

    private static long millisOf(Waiting waiting) throws InterruptedException {
        var begun = System.nanoTime();
        waiting.run();
        return Duration.ofNanos(System.nanoTime() - begun).toMillis();
    }

    private interface Waiting {
        void run() throws InterruptedException;
    }

    private boolean healthy(String node) throws InterruptedException {
        return podman.succeeds("exec", node, "weirlog", "cluster", "health");
    }
}
