package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `weirlog dev --nodes 3` is a cluster: any of its nodes takes any change, and all of it outlives the process.
@Tag("side-by-side")
class DevClusterTest {
    private static final int NODES = 3;

    @TempDir
    private Path folder;

    @Test
    void whatWasAnsweredByAnyNodeOutlivesTheProcess() throws Exception {
        var topics = new KnownTopics();
        List<String> addresses;
        try (var cluster = start()) {
            addresses = addresses(cluster);
            for (int node = 1; node <= NODES; node++) {
                var own = addresses.get(node - 1);
                var next = addresses.get(node % NODES);
                topics.create(own, "kept-" + node, 4);
                topics.create(own, "short-" + node, 1);
                topics.assertShownBy(next);
                topics.alter(next, "kept-" + node, 1_000 * node);
                topics.grow(own, "kept-" + node, 4 + node);
                topics.assertShownBy(own);
                topics.delete(next, "short-" + node);
                topics.assertShownBy(own);
            }
            cluster.kill();
        }
        try (var cluster = start()) {
            assertEquals(addresses, addresses(cluster));
            for (var address : addresses) {
                topics.assertShownBy(address);
            }
            topics.delete(addresses.getLast(), "kept-1");
            cluster.terminate();
            cluster.exitCode();
        }
        try (var cluster = start()) {
            for (var address : addresses(cluster)) {
                topics.assertShownBy(address);
            }
        }
    }

    private Run start() throws InterruptedException {
        var run = Run.weirlog(
                "dev",
                "--nodes",
                Integer.toString(NODES),
                "--data-dir",
                folder.resolve("data").toString(),
                "--port",
                "0");
        run.line(line -> line.startsWith("ready "));
        return run;
    }

    private static List<String> addresses(Run cluster) throws InterruptedException {
        var ready = cluster.line(line -> line.startsWith("ready "));
        return List.of(ready.substring("ready ".length()).split("[ ,]+", -1));
    }
}
