package io.weirlog.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A process whose output goes to a file, so that nothing waits for a reader.
final class NodeProcess {
    private static final long STOP_SECONDS_MAX = 20;
    private static final long LOOK_AGAIN_MILLIS = 2;

    private final Process process;
    private final Path output;

    private NodeProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    static NodeProcess start(List<String> command, Map<String, String> environment, Path output) throws IOException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return new NodeProcess(builder.start(), output);
    }

    /// Waits for a line that begins so.
    void awaitLine(String beginning, long secondsMax) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(secondsMax);
        while (Files.readAllLines(output).stream().noneMatch(line -> line.startsWith(beginning))) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("no line \"" + beginning + "\":\n" + Files.readString(output));
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
        }
    }

    void awaitEnd(long secondsMax) throws IOException, InterruptedException {
        if (!process.waitFor(secondsMax, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException("the process failed:\n" + Files.readString(output));
        }
    }

    /// SIGTERM, and waits for the end.
    void terminate() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
            kill();
        }
    }

    /// SIGKILL; does not wait.
    void kill() {
        process.destroyForcibly();
    }
}
