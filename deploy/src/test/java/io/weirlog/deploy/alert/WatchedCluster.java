package io.weirlog.deploy.alert;

import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.deploy.Run;
import io.weirlog.deploy.cluster.ServerProcesses;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/// Nodes on addresses of the loopback network that no other cluster of the tests has, and a Prometheus that watches
/// them.
final class WatchedCluster implements AutoCloseable {
    private static final int HTTP_PORT = 7180;
    private static final AtomicInteger MADE = new AtomicInteger();

    private final int network = MADE.incrementAndGet();
    private final int count;
    private final Map<Integer, List<String>> prefixes = new HashMap<>();
    private final Set<Integer> changed = new TreeSet<>();
    private final Set<Integer> down = new TreeSet<>();
    private final Set<Integer> paused = new TreeSet<>();
    private final ServerProcesses servers;
    private final Prometheus prometheus;

    /// Starts them, in `folder`.
    WatchedCluster(Path folder, int count, String... settings) throws Exception {
        this(folder, count, List.of(), settings);
    }

    /// @param prefix what runs a node: it is put before its command
    WatchedCluster(Path folder, int count, List<String> prefix, String... settings) throws Exception {
        this.count = count;
        var all = new ArrayList<>(List.of(settings));
        all.add("http.port=" + HTTP_PORT);
        servers = new ServerProcesses(folder, count, this::host, id -> prefixes.getOrDefault(id, prefix), all);
        prometheus = Prometheus.watch(folder.resolve("prometheus"), targets());
        servers.startAll();
    }

    private String host(int id) {
        return "127." + (100 + network) + "." + ProcessHandle.current().pid() % 250 + "." + id;
    }

    List<String> targets() {
        return IntStream.rangeClosed(1, count)
                .mapToObj(id -> host(id) + ":" + HTTP_PORT)
                .toList();
    }

    Prometheus prometheus() {
        return prometheus;
    }

    int count() {
        return count;
    }

    ServerProcesses servers() {
        return servers;
    }

    Run run(int id) {
        return servers.run(id);
    }

    WeirlogClient client() {
        return WeirlogClient.builder().bootstrap(servers.addresses()).build();
    }

    void create(NewTopic topic) {
        try (var client = client()) {
            client.admin().createTopic(topic);
        }
    }

    /// kill -9, until [#heal].
    void kill(int id) throws InterruptedException {
        run(id).kill();
        down.add(id);
    }

    /// SIGTERM, until [#heal] or until it is started in another way.
    void stop(int id) throws InterruptedException {
        run(id).terminate();
        run(id).exitCode();
        down.add(id);
    }

    /// Starts a node that is down; it may not become ready.
    ///
    /// @param prefix what runs it, until [#heal]
    Run launch(int id, List<String> prefix) {
        prefixes.put(id, prefix);
        changed.add(id);
        down.remove(id);
        return servers.launch(id);
    }

    void start(int id, List<String> prefix) throws InterruptedException {
        launch(id, prefix);
        servers.awaitReady(id);
    }

    void restart(int id, List<String> prefix) throws InterruptedException {
        stop(id);
        start(id, prefix);
    }

    /// The node stands still for a while.
    void pause(int id) throws InterruptedException {
        run(id).pause();
        paused.add(id);
    }

    void resume(int id) throws InterruptedException {
        run(id).resume();
        paused.remove(id);
    }

    /// All nodes run again, and as they did at first.
    void heal() throws InterruptedException {
        for (var id : Set.copyOf(paused)) {
            resume(id);
        }
        for (var id : changed) {
            prefixes.remove(id);
            stop(id);
        }
        changed.clear();
        for (var id : down) {
            servers.launch(id);
        }
        for (var id : down) {
            servers.awaitReady(id);
        }
        down.clear();
    }

    @Override
    public void close() {
        prometheus.close();
        servers.close();
    }
}
