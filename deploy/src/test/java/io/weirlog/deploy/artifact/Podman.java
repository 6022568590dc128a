package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A container engine of a test's own: its images, containers, volumes and networks are in a folder, and gone when it
/// closes. What else podman has on this machine is left alone.
final class Podman implements AutoCloseable {
    private static final long DEADLINE_SECONDS = 120;

    /// For the one network of a test. Names of networks are the machine's, those of containers are the folder's.
    final String network;

    private final Path bin;

    private Podman(String network, Path bin) {
        this.network = network;
        this.bin = bin;
    }

    /// Skips the test, or fails it, where there are no containers.
    ///
    /// @param folder with a short name: podman refuses a long one
    static Podman in(Path folder) throws IOException {
        var podman = program("podman");
        Repository.needs("podman", podman.isPresent());
        Repository.needs(
                "iptables, which podman needs for its networks,",
                program("iptables").isPresent());
        Repository.needs("the right to make containers (root)", Files.isWritable(Path.of("/etc")));
        var configuration = Files.writeString(folder.resolve("containers.conf"), configuration());
        var bin = Files.createDirectories(folder.resolve("bin"));
        var wrapper =
                Files.writeString(bin.resolve("podman"), """
                    #!/bin/sh
                    export CONTAINERS_CONF='%1$s'
                    exec '%2$s' --root '%3$s/root' --runroot '%3$s/run' --tmpdir '%3$s/tmp' \\
                        --network-config-dir '%3$s/networks' --cgroup-manager cgroupfs --network-backend netavark "$@"
                    """.formatted(configuration, podman.orElseThrow(), folder));
        Files.setPosixFilePermissions(wrapper, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new Podman("weirlog-" + folder.getFileName(), bin);
    }

    private static Optional<Path> program(String name) {
        return Stream.of((System.getenv("PATH") + ":/usr/sbin:/sbin").split(File.pathSeparator, -1))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /// The limits that podman asks for by itself are more than a process may have that is in a container already. And
    /// crun does not start where the kernel offers both kinds of control groups, runc does.
    private static String configuration() throws IOException {
        var files = Documents.match("^Max open files +\\d+ +(\\d+) ", Files.readString(Path.of("/proc/self/limits")));
        var runtime = program("runc").isPresent() ? "runtime = \"runc\"\n" : "";
        return """
            [containers]
            default_ulimits = ["nofile=%1$s:%1$s", "nproc=4096:4096"]
            log_driver = "k8s-file"
            [engine]
            events_logger = "none"
            """.formatted(files) + runtime;
    }

    /// Skips the test where podman is there and yet is not allowed to run anything, as in a container.
    void needsToRun(String image) throws InterruptedException {
        run("network", "create", network);
        var probe = start("run", "--rm", "--network", network, image, "--version");
        assumeTrue(probe.exitCode() == 0, () -> "podman can run no container here: " + probe.output());
        run("network", "rm", network);
    }

    /// Starts a podman command.
    Run start(String... arguments) {
        List<String> command = new ArrayList<>(List.of(bin.resolve("podman").toString()));
        command.addAll(List.of(arguments));
        return Run.of(new ProcessBuilder(command));
    }

    /// Runs a podman command that must succeed.
    List<String> run(String... arguments) throws InterruptedException {
        try (var run = start(arguments)) {
            return run.success();
        }
    }

    boolean succeeds(String... arguments) throws InterruptedException {
        try (var run = start(arguments)) {
            return run.exitCode() == 0;
        }
    }

    /// Runs a line of a document, as it stands there, in the repository's root, with this engine.
    List<String> shell(String line) throws InterruptedException {
        var builder = new ProcessBuilder("sh", "-c", line).directory(Repository.ROOT.toFile());
        builder.environment().merge("PATH", bin.toString(), (before, own) -> own + File.pathSeparator + before);
        try (var run = Run.of(builder)) {
            return run.success();
        }
    }

    /// What `podman inspect` says, by a template of Go.
    String inspect(String container, String template) throws InterruptedException {
        return run("inspect", container, "--format", template).getLast();
    }

    /// Where this machine reaches a container.
    String address(String container) throws InterruptedException {
        return inspect(container, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
    }

    String logs(String container) throws InterruptedException {
        return String.join("\n", run("logs", container));
    }

    @FunctionalInterface
    interface Condition {
        boolean holds() throws InterruptedException;
    }

    void await(String what, Condition condition) throws InterruptedException {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (!condition.holds()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("in vain: " + what + "\n" + everything());
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /// All containers with the ends of their logs.
    private String everything() throws InterruptedException {
        var text = new StringBuilder();
        for (var name : run("ps", "--all", "--format", "{{.Names}}")) {
            text.append(name).append(": ");
            text.append(inspect(name, "{{.State.Status}} {{.State.ExitCode}}")).append('\n');
            var logs = run("logs", "--tail", "20", name);
            logs.forEach(line -> text.append("  ").append(line).append('\n'));
        }
        return text.toString();
    }

    @Override
    public void close() {
        try {
            run("rm", "--all", "--force", "--time", "0");
            run("network", "prune", "--force");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
