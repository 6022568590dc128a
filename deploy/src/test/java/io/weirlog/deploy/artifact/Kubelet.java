package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.weirlog.deploy.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Does with pods what kubelet does, by podman: starts them, probes them, and stops them the way they want it.
final class Kubelet implements AutoCloseable {
    /// Kubelet gives a container that much even if the command before its stop has used up all the grace.
    private static final long STOP_SECONDS_MIN = 2;

    private final Podman podman;
    private final Path volumes;
    private final Map<String, Probes> probes = new HashMap<>();

    /// @param volumes a folder for what the volumes hold
    Kubelet(Podman podman, Path volumes) {
        this.podman = podman;
        this.volumes = volumes;
    }

    /// The files of all ConfigMaps, in the place of those that are there.
    void apply(Chart chart) throws IOException {
        for (var document : chart.documents()) {
            if (Documents.string(document, "kind").equals("ConfigMap")) {
                var folder = Files.createDirectories(volumes.resolve(Documents.string(document, "metadata.name")));
                JsonObject files = Documents.at(document, "data").getAsJsonObject();
                for (var name : files.keySet()) {
                    Files.writeString(folder.resolve(name), files.get(name).getAsString());
                }
            }
        }
    }

    void start(Pod pod) throws IOException, InterruptedException {
        for (var claim : pod.claims()) {
            volume(claim, pod.group());
        }
        podman.run(command(pod, "--detach"));
        probes.put(pod.name(), Probes.start(pod, podman.address(pod.name())));
    }

    /// A new disk, root's until `fsGroup` gives it to a group.
    private void volume(String claim, int group) throws IOException {
        var folder = volumes.resolve(claim);
        if (Files.notExists(folder)) {
            Files.createDirectory(folder);
            Files.setAttribute(folder, "unix:gid", group);
            Files.setAttribute(folder, "unix:mode", 02775);
        }
    }

    /// Runs a pod that ends by itself.
    Run run(Pod pod) {
        return podman.start(command(pod, "--rm"));
    }

    private String[] command(Pod pod, String option) {
        List<String> command = new ArrayList<>(List.of("run", option, "--network", podman.network));
        command.addAll(pod.arguments(volumes));
        return command.toArray(String[]::new);
    }

    /// Waits until all pods that were started are ready at the same time.
    void awaitReady() throws InterruptedException {
        podman.await("all pods are ready", () -> probes.values().stream().allMatch(Probes::ready));
    }

    /// What a pod does before its stop, within the time that it has for both.
    ///
    /// @return how long it took
    Duration preStop(Pod pod) throws InterruptedException {
        try (var ended = Objects.requireNonNull(probes.remove(pod.name()))) {
            ended.check();
        }
        var begun = System.nanoTime();
        List<String> command = new ArrayList<>(List.of("exec", pod.name()));
        command.addAll(pod.preStop().orElseThrow());
        try (var run = podman.start(command.toArray(String[]::new))) {
            assertEquals(0, run.exitCode(pod.graceSeconds()), run::output);
        }
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    /// SIGTERM, and when the grace is over SIGKILL.
    ///
    /// @param used what the command before took of the grace
    /// @return the exit code
    String stop(Pod pod, Duration used) throws InterruptedException {
        var left = Math.max(STOP_SECONDS_MIN, pod.graceSeconds() - used.toSeconds());
        podman.run("stop", "--time", Long.toString(left), pod.name());
        var code = podman.inspect(pod.name(), "{{.State.ExitCode}}");
        podman.run("rm", pod.name());
        return code;
    }

    @Override
    public void close() {
        probes.values().forEach(Probes::close);
    }
}
