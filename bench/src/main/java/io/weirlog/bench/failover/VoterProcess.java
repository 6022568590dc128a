package io.weirlog.bench.failover;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/// One voter in a process of its own; what it says becomes events, stamped on arrival.
final class VoterProcess {
    private static final long KILL_SECONDS_MAX = 20;

    private final Process process;

    /// @param kind a word of [Voter]
    /// @param nanos when it was heard
    record Event(int voter, String kind, long nanos) {}

    private VoterProcess(Process process) {
        this.process = process;
    }

    static VoterProcess start(Path directory, int id, String voters, Queue<Event> events) throws IOException {
        var process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Voter.class.getName(),
                        directory.resolve("voter-" + id).toString(),
                        Integer.toString(id),
                        voters))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread.ofVirtual().start(() -> listen(id, process.inputReader(), events));
        return new VoterProcess(process);
    }

    private static void listen(int id, BufferedReader output, Queue<Event> events) {
        try (output) {
            for (var line = output.readLine(); line != null; line = output.readLine()) {
                events.add(new Event(id, line, System.nanoTime()));
            }
        } catch (IOException e) {
            events.add(new Event(id, "gone", System.nanoTime()));
        }
    }

    /// SIGKILL; returns when the process is gone.
    void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(KILL_SECONDS_MAX, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a killed process is still there");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
