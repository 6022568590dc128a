package io.weirlog.deploy.cluster;

import io.weirlog.deploy.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The nodes of one cluster, each a `weirlog server` process with both roles.
public final class ServerProcesses implements AutoCloseable {
    private static final int CLIENT_PORT = 7171;

    private final Path folder;
    private final int count;
    private final IntFunction<String> hosts;
    private final IntFunction<List<String>> prefixes;
    private final List<String> settings;
    private final Map<Integer, Run> running = new TreeMap<>();

    /// @param hosts the address of each node, from 1 on
    /// @param prefixes what runs a command on the node's host
    /// @param settings more settings of each node, `key=value`
    public ServerProcesses(
            Path folder,
            int count,
            IntFunction<String> hosts,
            IntFunction<List<String>> prefixes,
            List<String> settings) {
        this.folder = folder;
        this.count = count;
        this.hosts = hosts;
        this.prefixes = prefixes;
        this.settings = List.copyOf(settings);
    }

    public void startAll() throws InterruptedException {
        for (var id = 1; id <= count; id++) {
            launch(id, all());
        }
        for (var id = 1; id <= count; id++) {
            awaitReady(id);
        }
    }

    public void start(int id) throws InterruptedException {
        launch(id);
        awaitReady(id);
    }

    /// Starts a node that may not become ready.
    public Run launch(int id) {
        return launch(id, all());
    }

    /// Starts a node that is to be added to the controllers: it is not in its own list of them.
    Run launchJoining(int id) {
        return launch(id, all().filter(node -> node != id));
    }

    /// Starts a node that knows of these controllers. It forms the quorum with them if it is one of them itself, and
    /// waits to be added to them otherwise.
    Run launchKnowing(int id, int... controllers) {
        return launch(id, IntStream.of(controllers));
    }

    /// Starts a node that is no controller any more, and follows this one.
    Run launchBroker(int id, int controller) {
        return launch(id, IntStream.of(controller), "roles=broker");
    }

    private IntStream all() {
        return IntStream.rangeClosed(1, count);
    }

    private Run launch(int id, IntStream controllers, String... more) {
        var quorum =
                controllers.mapToObj(node -> node + "@" + hosts.apply(node)).collect(Collectors.joining(","));
        var own = List.of(
                "node.id=" + id,
                "cluster.id=processes",
                "data.dir=" + dataDir(id),
                "client.host=" + hosts.apply(id),
                "client.port=" + CLIENT_PORT,
                "internal.host=" + hosts.apply(id),
                "controller.quorum=" + quorum);
        var arguments = new ArrayList<String>();
        arguments.add("server");
        own.forEach(setting -> arguments.addAll(List.of("-c", setting)));
        settings.forEach(setting -> arguments.addAll(List.of("-c", setting)));
        List.of(more).forEach(setting -> arguments.addAll(List.of("-c", setting)));
        var builder = Run.weirlogBuilder(arguments.toArray(String[]::new));
        builder.command().addAll(0, prefixes.apply(id));
        builder.environment().put("WEIRLOG_JAVA_OPTS", "-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        var run = Run.of(builder);
        running.put(id, run);
        return run;
    }

    public void awaitReady(int id) throws InterruptedException {
        run(id).line(line -> line.startsWith("ready "));
    }

    public Run run(int id) {
        return Objects.requireNonNull(running.get(id), () -> "node " + id + " was not started");
    }

    void pause(int id) throws InterruptedException {
        run(id).pause();
    }

    void resume(int id) throws InterruptedException {
        run(id).resume();
    }

    String host(int id) {
        return hosts.apply(id);
    }

    public Path dataDir(int id) {
        return folder.resolve("node-" + id);
    }

    public String address(int id) {
        return hosts.apply(id) + ":" + CLIENT_PORT;
    }

    public List<String> addresses() {
        return all().mapToObj(this::address).toList();
    }

    /// Stops all nodes properly.
    void stopAll() throws InterruptedException {
        running.values().forEach(Run::terminate);
        for (var run : running.values()) {
            run.exitCode();
        }
    }

    @Override
    public void close() {
        running.values().forEach(Run::close);
    }
}
