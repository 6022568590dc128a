package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A program that was started: its output line by line, and its end. Closing it kills it.
public final class Run implements AutoCloseable {
    private static final long DEADLINE_SECONDS = 120;

    private final String name;
    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final Thread reader;
    private boolean outputEnded;

    private Run(String name, Process process) {
        this.name = name;
        this.process = process;
        this.reader = Thread.ofPlatform().daemon().start(this::read);
    }

    /// Runs the launcher as it stands in the repository, on the build that the tests belong to.
    public static Run weirlog(String... arguments) {
        return of(weirlogBuilder(arguments));
    }

    public static ProcessBuilder weirlogBuilder(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Repository.ROOT.resolve("weirlog").toString());
        command.addAll(Arrays.asList(arguments));
        return withWeirlog(new ProcessBuilder(command));
    }

    /// What it starts runs what was built here, and no two of them want the same port for watchers.
    static ProcessBuilder withWeirlog(ProcessBuilder builder) {
        builder.environment()
                .put(
                        "WEIRLOG_HOME",
                        Repository.ROOT.resolve("deploy/target/weirlog").toString());
        builder.environment().put("WEIRLOG_HTTP_PORT", "0");
        return builder;
    }

    /// Standard error goes where standard output goes: into the lines.
    public static Run of(ProcessBuilder builder) {
        try {
            return new Run(
                    String.join(" ", builder.command()),
                    builder.redirectErrorStream(true).start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A shell command in the repository's root.
    public static Run shell(String command, Path folder) {
        return of(withWeirlog(new ProcessBuilder("sh", "-c", command).directory(folder.toFile())));
    }

    private void read() {
        try (var output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (var line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                    lines.notifyAll();
                }
            }
        } catch (IOException e) {
            synchronized (lines) {
                lines.add("(the output broke off: " + e.getMessage() + ")");
            }
        } finally {
            synchronized (lines) {
                outputEnded = true;
                lines.notifyAll();
            }
        }
    }

    /// Gives the program its input and closes it.
    public Run input(String text) {
        try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
            input.write(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /// Waits for a line.
    public String line(Predicate<String> condition) throws InterruptedException {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        synchronized (lines) {
            for (var seen = 0; ; ) {
                for (; seen < lines.size(); seen++) {
                    if (condition.test(lines.get(seen))) {
                        return lines.get(seen);
                    }
                }
                var left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                assertTrue(left > 0 && !outputEnded, () -> name + ": no such line among\n" + output());
                lines.wait(left);
            }
        }
    }

    /// Waits until at least so many lines are there.
    void lineCount(int count) throws InterruptedException {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        synchronized (lines) {
            while (lines.size() < count) {
                var left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                assertTrue(left > 0 && !outputEnded, () -> name + ": too few lines:\n" + output());
                lines.wait(left);
            }
        }
    }

    public List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    public String output() {
        return String.join("\n", lines());
    }

    /// Waits for the end and returns the exit code.
    public int exitCode() throws InterruptedException {
        return exitCode(DEADLINE_SECONDS);
    }

    /// The same for a program that may take longer.
    public int exitCode(long seconds) throws InterruptedException {
        assertTrue(process.waitFor(seconds, TimeUnit.SECONDS), () -> name + " does not end:\n" + output());
        reader.join(TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
        return process.exitValue();
    }

    /// Waits for a successful end and returns the output.
    public List<String> success() throws InterruptedException {
        assertEquals(0, exitCode(), () -> name + " failed:\n" + output());
        return lines();
    }

    public long pid() {
        return process.pid();
    }

    /// kill -9.
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        assertTrue(process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS), name + " survives its killing");
    }

    /// kill -9, also for the programs that it has started: itself first, so that it cannot notice.
    public void killWithChildren() throws InterruptedException {
        var children = process.descendants().toList();
        kill();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    /// SIGSTOP: the program stands still and does not know it.
    public void pause() throws InterruptedException {
        signal("-STOP");
    }

    /// SIGCONT.
    public void resume() throws InterruptedException {
        signal("-CONT");
    }

    private void signal(String signal) throws InterruptedException {
        try (var kill = of(new ProcessBuilder("kill", signal, Long.toString(pid())))) {
            kill.success();
        }
    }

    /// SIGTERM. What the program says after it is read too, which a process that is destroyed would take from us.
    public void terminate() {
        process.toHandle().destroy();
    }

    /// Kills also what the program has started: a shell's death does not end the node that it runs.
    @Override
    public void close() {
        var children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }
}
