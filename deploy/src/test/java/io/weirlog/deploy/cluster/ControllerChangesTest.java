package io.weirlog.deploy.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.ControllerDescription;
import io.weirlog.client.ControllersDescription;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Controllers come, lose their disk and go as docs/controllers.md says, while topics are created all the time.
@Timeout(300)
class ControllerChangesTest {
    private static final int NODES = 5;
    private static final long CHANGE_SECONDS_MAX = 60;

    @TempDir
    private Path folder;

    @Test
    void nothingIsLostFromOneToFiveAndBack() throws Exception {
        Repository.needs("root, for network namespaces", Namespaces.available());
        try (var hosts = Namespaces.create(NODES);
                var servers =
                        new ServerProcesses(folder, NODES, hosts::address, hosts::prefix, List.of("http.port=off"))) {
            servers.launchKnowing(1, 1);
            servers.awaitReady(1);
            try (var stream = new TopicStream(servers.addresses())) {
                for (int id = 2; id <= NODES; id++) {
                    stream.awaitMore();
                    join(servers, id);
                }
                assertEquals(List.of(1, 2, 3, 4, 5), voters(servers));
                stream.awaitMore();
                replaceWiped(servers, stream, active(servers) % NODES + 1);
                assertEquals(List.of(1, 2, 3, 4, 5), voters(servers));
                shrink(servers, stream);
                System.out.println(stream.finish() + ", while the controllers changed 10 times");
                for (var address : servers.addresses()) {
                    assertEquals(Set.of(), stream.anomaliesAt(address), address);
                }
            }
            servers.stopAll();
        }
    }

    private static void join(ServerProcesses servers, int id) throws InterruptedException {
        // Node 1 forms the quorum or is in it; whoever else is a controller is found through it.
        int known = id == 1 ? 2 : 1;
        servers.launchKnowing(id, known).line(line -> line.contains("waiting to be added to the controllers"));
        change(servers, known, "add", Integer.toString(id), "--address", servers.host(id) + ":7173");
        servers.awaitReady(id);
    }

    /// The guide's "When a controller's disk is lost".
    private static void replaceWiped(ServerProcesses servers, TopicStream stream, int id) throws Exception {
        servers.run(id).kill();
        var metadata = servers.dataDir(id).resolve("metadata");
        delete(metadata.resolve("raft"));
        var refused = servers.launch(id);
        assertNotEquals(0, refused.exitCode(), refused::output);
        assertTrue(
                refused.output().contains("remove it from the quorum, and let the node join again"), refused::output);
        stream.awaitMore();
        change(servers, id % NODES + 1, "remove", Integer.toString(id));
        Files.move(metadata, metadata.resolveSibling("metadata.lost"));
        join(servers, id);
        stream.awaitMore();
    }

    /// The active one goes first, then the others, until one is left. They go on as brokers, also after a restart.
    private static void shrink(ServerProcesses servers, TopicStream stream) throws InterruptedException {
        for (int left = NODES; left > 1; left--) {
            int gone = left == NODES ? active(servers) : voters(servers).getFirst();
            change(servers, gone, "remove", Integer.toString(gone));
            stream.awaitMore();
            if (left == NODES) {
                servers.run(gone).terminate();
                servers.run(gone).exitCode();
                servers.launchBroker(gone, voters(servers).getFirst());
                servers.awaitReady(gone);
            }
        }
        assertEquals(1, voters(servers).size());
    }

    /// On a busy machine a controller may seem silent for a moment: the change is refused, and asked for again.
    private static void change(ServerProcesses servers, int through, String... arguments) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CHANGE_SECONDS_MAX);
        var command = new ArrayList<>(List.of("controller"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-b", servers.address(through)));
        while (true) {
            try (var run = Run.weirlog(command.toArray(String[]::new))) {
                if (run.exitCode() == 0) {
                    return;
                }
                assertTrue(System.nanoTime() < deadline, () -> command + ": " + run.output());
            }
        }
    }

    private static List<Integer> voters(ServerProcesses servers) throws InterruptedException {
        return describe(servers).controllers().stream()
                .filter(controller -> !controller.joining())
                .map(ControllerDescription::node)
                .map(node -> node.value())
                .sorted()
                .toList();
    }

    private static int active(ServerProcesses servers) throws InterruptedException {
        return describe(servers).active().orElseThrow().value();
    }

    /// Once there is an active controller.
    private static ControllersDescription describe(ServerProcesses servers) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CHANGE_SECONDS_MAX);
        try (var client = WeirlogClient.builder().bootstrap(servers.addresses()).build()) {
            while (true) {
                try {
                    var described = client.controllers().describe();
                    if (described.active().isPresent() || System.nanoTime() > deadline) {
                        return described;
                    }
                } catch (WeirlogException e) {
                    if (System.nanoTime() > deadline) {
                        throw e;
                    }
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
