package io.weirlog.bench.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A Weirlog cluster: each node a `weirlog server`, started by the launcher as a user starts it.
public final class WeirlogNodes implements Nodes {
    private static final long READY_SECONDS_MAX = 60;
    private static final int PORTS_EACH = 3;

    private final Path folder;
    private final List<String> roles;
    private final Map<String, String> settings;
    private final List<Integer> ports;
    private final TreeMap<Integer, NodeProcess> running = new TreeMap<>();

    /// @param roles of each node, from 1 on: `controller`, `broker` or `controller,broker`
    /// @param settings of all nodes, beside those by which they find each other
    public WeirlogNodes(Path folder, List<String> roles, Map<String, String> settings) throws IOException {
        this.folder = folder;
        this.roles = List.copyOf(roles);
        this.settings = Map.copyOf(settings);
        this.ports = Ports.free(PORTS_EACH * roles.size());
    }

    /// Makes an authority and a certificate for all nodes, as a user would, and returns the settings that name them.
    /// The
    /// authority is the file `ca.crt`.
    public static Map<String, String> tls(Path folder) throws IOException, InterruptedException {
        var command = List.of(launcher().toString(), "tls", "init", folder.toString(), "--node", "127.0.0.1");
        NodeProcess.start(command, home(), folder.resolveSibling("tls.out")).awaitEnd(READY_SECONDS_MAX);
        return Map.of(
                "tls.mode", "on",
                "tls.certificate", folder.resolve("127.0.0.1.crt").toString(),
                "tls.key", folder.resolve("127.0.0.1.key").toString(),
                "tls.ca", folder.resolve("ca.crt").toString());
    }

    private static Path launcher() {
        return Path.of(System.getProperty("weirlog.launcher", "weirlog"));
    }

    /// The build that this run belongs to, whatever the launcher would think of its age.
    private static Map<String, String> home() {
        return Map.of(
                "WEIRLOG_HOME",
                launcher().resolveSibling("deploy/target/weirlog").toString());
    }

    @Override
    public void startAll() throws IOException, InterruptedException {
        for (int id = 1; id <= roles.size(); id++) {
            launch(id);
        }
        for (int id = 1; id <= roles.size(); id++) {
            awaitReady(id);
        }
    }

    @Override
    public void start(int id) throws IOException, InterruptedException {
        launch(id);
        awaitReady(id);
    }

    private void launch(int id) throws IOException {
        var all = new TreeMap<>(settings);
        all.put("node.id", Integer.toString(id));
        all.put("roles", roles.get(id - 1));
        all.put("cluster.id", "bench");
        all.put("data.dir", folder.resolve("node-" + id).toString());
        all.put("client.host", "127.0.0.1");
        all.put("client.port", Integer.toString(port(id, 0)));
        all.put("internal.port", Integer.toString(port(id, 1)));
        all.put("raft.port", Integer.toString(port(id, 2)));
        all.put("http.port", "off");
        all.put("controller.quorum", quorum());
        var command = new ArrayList<>(List.of(launcher().toString(), "server"));
        all.forEach((key, value) -> command.addAll(List.of("-c", key + "=" + value)));
        var environment = new TreeMap<>(home());
        environment.put(
                "WEIRLOG_JAVA_OPTS",
                Optional.ofNullable(System.getenv("WEIRLOG_JAVA_OPTS")).orElse("-Xmx1g"));
        running.put(id, NodeProcess.start(command, environment, folder.resolve("node-" + id + ".out")));
    }

    private String quorum() {
        return IntStream.rangeClosed(1, roles.size())
                .filter(id -> roles.get(id - 1).contains("controller"))
                .mapToObj(id -> id + "@127.0.0.1:" + port(id, 2) + ":" + port(id, 1))
                .collect(Collectors.joining(","));
    }

    private void awaitReady(int id) throws IOException, InterruptedException {
        process(id).awaitLine("ready ", READY_SECONDS_MAX);
    }

    @Override
    public NodeProcess process(int id) {
        return Optional.ofNullable(running.get(id)).orElseThrow();
    }

    private int port(int id, int which) {
        return ports.get(PORTS_EACH * (id - 1) + which);
    }

    /// Where clients reach a node.
    public String address(int id) {
        return "127.0.0.1:" + port(id, 0);
    }

    @Override
    public int count() {
        return roles.size();
    }

    /// SIGTERM, and waits for the end.
    public void terminate(int id) throws InterruptedException {
        process(id).terminate();
    }

    @Override
    public void close() {
        running.values().forEach(NodeProcess::kill);
    }
}
