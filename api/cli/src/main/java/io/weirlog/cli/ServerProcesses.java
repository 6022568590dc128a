package io.weirlog.cli;

import io.weirlog.cli.conformance.ClusterUnderTest;
import io.weirlog.server.NodeStartException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/// A cluster of three nodes on this machine, as `weirlog dev --nodes 3` has it, but each a process of its own: so that
/// one can be killed.
final class ServerProcesses implements ClusterUnderTest, AutoCloseable {
    private static final int NODES = 3;
    private static final long START_SECONDS = 60;
    private static final long STOP_SECONDS = 40;

    private final DevCluster cluster;
    private final Map<Integer, Process> running = new HashMap<>();
    private final Thread hook = Thread.ofPlatform().name("weirlog-stop-nodes").unstarted(this::killAll);

    private ServerProcesses(DevCluster cluster) {
        this.cluster = cluster;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /// Returns when all serve.
    static ServerProcesses start(Path folder) throws CommandFailed, InterruptedException {
        try {
            var processes = new ServerProcesses(DevCluster.open(folder, NODES, 0));
            try {
                List<CompletableFuture<Void>> ready = new ArrayList<>();
                for (int broker = 1; broker <= NODES; broker++) {
                    ready.add(processes.launch(broker));
                }
                for (var one : ready) {
                    one.get(START_SECONDS, TimeUnit.SECONDS);
                }
                return processes;
            } catch (IOException | ExecutionException | TimeoutException e) {
                processes.close();
                throw new CommandFailed("the cluster did not start: " + ErrorLines.describe(e), e);
            }
        } catch (NodeStartException e) {
            throw new CommandFailed("the cluster did not start: " + e.getMessage(), e);
        }
    }

    /// Completes when the node serves.
    private synchronized CompletableFuture<Void> launch(int broker) throws IOException {
        var ports = cluster.ports().get(broker - 1);
        var settings = List.of(
                "node.id=" + broker,
                "cluster.id=" + cluster.clusterId(),
                "data.dir=" + cluster.folder().resolve("node-" + broker),
                "client.host=127.0.0.1",
                "client.port=" + ports.client(),
                "internal.host=127.0.0.1",
                "internal.port=" + ports.internal(),
                "raft.port=" + ports.raft(),
                "http.port=off",
                "controller.quorum=" + cluster.quorum());
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
        // As this process, with its cache for fast starts, but with room for a node.
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-cp", classPath(), Main.class.getName(), "server"));
        settings.forEach(setting -> command.addAll(List.of("-c", setting)));
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .directory(cluster.folder().toFile());
        // What the user has set is meant for nodes of their own.
        builder.environment().keySet().removeIf(name -> name.startsWith("WEIRLOG_"));
        var process = builder.start();
        running.put(broker, process);
        var ready = new CompletableFuture<Void>();
        Thread.ofVirtual().name("node-" + broker).start(() -> watch(broker, process, ready));
        return ready;
    }

    /// That of this process, for another folder.
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path", "").split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static void watch(int broker, Process process, CompletableFuture<Void> ready) {
        var said = "nothing";
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (var line = out.readLine(); line != null; line = out.readLine()) {
                said = line;
                if (line.startsWith("ready ")) {
                    ready.complete(null);
                }
            }
        } catch (IOException e) {
            said = String.valueOf(e.getMessage());
        }
        ready.completeExceptionally(new CommandFailed("node " + broker + " has ended; it said last: " + said));
    }

    @Override
    public List<String> addresses() {
        return cluster.ports().stream()
                .map(ports -> "127.0.0.1:" + ports.client())
                .toList();
    }

    @Override
    public boolean canBeDisturbed() {
        return true;
    }

    @Override
    public void kill(int broker) throws InterruptedException {
        end(process(broker).destroyForcibly(), broker);
    }

    @Override
    public void stop(int broker) throws InterruptedException {
        var process = process(broker);
        process.destroy();
        end(process, broker);
    }

    private static void end(Process process, int broker) throws InterruptedException {
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("node " + broker + " does not end");
        }
    }

    private synchronized Process process(int broker) {
        var process = running.get(broker);
        if (process == null) {
            throw new IllegalStateException("there is no node " + broker);
        }
        return process;
    }

    @Override
    public void start(int broker) throws InterruptedException {
        try {
            launch(broker).get(START_SECONDS, TimeUnit.SECONDS);
        } catch (IOException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException("node " + broker + " does not start again: " + ErrorLines.describe(e), e);
        }
    }

    @Override
    public void restore() throws InterruptedException {
        for (int broker = 1; broker <= NODES; broker++) {
            if (!process(broker).isAlive()) {
                start(broker);
            }
        }
    }

    private synchronized void killAll() {
        running.values().forEach(Process::destroyForcibly);
    }

    @Override
    public void close() {
        killAll();
        running.values().forEach(process -> process.onExit().join());
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException alreadyExiting) {
            // The hook finds nothing left.
        }
    }
}
