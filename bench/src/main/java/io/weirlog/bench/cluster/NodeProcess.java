package io.weirlog.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A process whose output goes to a file, so that nothing waits for a reader.
public final class NodeProcess {
    private static final long STOP_SECONDS_MAX = 20;
    private static final long LOOK_AGAIN_MILLIS = 2;

    private final Process process;
    private final Path output;

    private NodeProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    public static NodeProcess start(List<String> command, Map<String, String> environment, Path output)
            throws IOException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        var process = builder.start();
        // A benchmark that is interrupted leaves no nodes behind.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return new NodeProcess(process, output);
    }

    /// Waits for a line that begins so.
    public void awaitLine(String beginning, long secondsMax) throws IOException, InterruptedException {
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
    public void terminate() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
            kill();
        }
    }

    /// SIGKILL; does not wait.
    public void kill() {
        process.destroyForcibly();
    }

    /// SIGSTOP.
    public void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    /// SIGCONT.
    public void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        var sent = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
        if (!sent.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS) || sent.exitValue() != 0) {
            throw new IOException("could not send SIG" + name + " to process " + process.pid());
        }
    }

    /// Processor time that it has used so far; zero once it has ended.
    public Duration cpu() {
        return process.toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /// Memory of the machine that it holds, in bytes.
    public long residentBytes() throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("no VmRSS of process " + process.pid());
    }

    /// Bytes of the heap that are in use after a full collection, which this call sets off.
    public long liveHeapBytes() throws IOException, InterruptedException {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        var histogram = new ProcessBuilder(jcmd, Long.toString(process.pid()), "GC.class_histogram").start();
        var lines = histogram.inputReader().readAllLines();
        if (!histogram.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS) || histogram.exitValue() != 0) {
            throw new IOException("jcmd failed: " + lines);
        }
        // Total <instances> <bytes>
        return Long.parseLong(lines.getLast().replaceAll(".*\\s", ""));
    }
}
