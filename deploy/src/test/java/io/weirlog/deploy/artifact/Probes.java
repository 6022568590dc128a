package io.weirlog.deploy.artifact;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Asks a container what the probes of its pod ask, and as often, as kubelet does: nothing else until the startup probe
/// has succeeded, then whether it is ready and whether it lives. What kubelet would restart a container for fails the
/// test.
final class Probes implements AutoCloseable {
    private static final Duration END_DEADLINE = Duration.ofSeconds(30);

    private final Pod pod;
    private final String address;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread readiness = Thread.ofVirtual().unstarted(this::startupThenReadiness);
    private final Thread liveness = Thread.ofVirtual().unstarted(() -> ask("livenessProbe", this::failed));

    private volatile boolean ready;
    private volatile Optional<String> failure = Optional.empty();

    private Probes(Pod pod, String address) {
        this.pod = pod;
        this.address = address;
    }

    /// @param address where the container is reached
    static Probes start(Pod pod, String address) {
        var probes = new Probes(pod, address);
        probes.readiness.start();
        return probes;
    }

    private void startupThenReadiness() {
        ask("startupProbe", (probe, row) -> row.succeeded() || failed(probe, row));
        if (closed.getCount() == 0 || failure.isPresent()) {
            return;
        }
        liveness.start();
        ask("readinessProbe", (_, row) -> {
            ready = row.succeeded() || (ready && !row.failed());
            return false;
        });
    }

    private boolean failed(String probe, Probe.Row row) {
        if (row.failed()) {
            failure = Optional.of(pod.name() + " would be restarted: its " + probe + " has failed");
        }
        return row.failed();
    }

    /// @return whether that was the last question
    @FunctionalInterface
    private interface Answered {
        boolean ends(String probe, Probe.Row row);
    }

    private void ask(String name, Answered answered) {
        var probe = pod.probe(name);
        var row = probe.new Row();
        try {
            for (int wait = probe.initialDelaySeconds(); !closed.await(wait, TimeUnit.SECONDS); ) {
                row.add(succeeds(probe));
                if (answered.ends(name, row)) {
                    return;
                }
                wait = probe.periodSeconds();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean succeeds(Probe probe) throws InterruptedException {
        var uri = URI.create(
                "http://" + address + ":" + probe.http().port() + probe.http().path());
        var request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(probe.timeoutSeconds()));
        try {
            int status = http.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            return status >= 200 && status < 400;
        } catch (IOException e) {
            return false;
        }
    }

    boolean ready() {
        check();
        return ready;
    }

    /// Fails if the container would have been restarted.
    void check() {
        failure.ifPresent(what -> {
            throw new AssertionError(what);
        });
    }

    @Override
    public void close() {
        closed.countDown();
        http.shutdownNow();
        try {
            if (!ended(readiness) || !ended(liveness)) {
                throw new AssertionError("the probes of " + pod.name() + " do not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean ended(Thread thread) throws InterruptedException {
        return thread.getState() == Thread.State.NEW || thread.join(END_DEADLINE);
    }
}
