package io.weirlog.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A node in a process of its own, started by the launcher as a user starts it.
final class ServerProcess implements AutoCloseable {
    private static final String READY = "ready ";

    private final Process process;
    private final String address;

    private ServerProcess(Process process, String address) {
        this.process = process;
        this.address = address;
    }

    static ServerProcess start(Path dataDir) throws IOException {
        var launcher = System.getProperty("weirlog.launcher", "weirlog");
        var builder = new ProcessBuilder(List.of(launcher, "dev", "--data-dir", dataDir.toString(), "--port", "0"))
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        // The build that this run belongs to, whatever the launcher would think of its age.
        var home = Path.of(launcher).resolveSibling("deploy/target/weirlog");
        builder.environment().putIfAbsent("WEIRLOG_HOME", home.toString());
        builder.environment().merge("WEIRLOG_JAVA_OPTS", "-Xmx1g", (own, more) -> own);
        var process = builder.start();
        var output = new BufferedReader(process.inputReader());
        for (var line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(READY)) {
                return new ServerProcess(process, line.substring(READY.length()));
            }
        }
        throw new IOException("the node did not become ready");
    }

    String address() {
        return address;
    }

    /// Processor time that the node has used so far.
    Duration cpu() {
        return process.toHandle().info().totalCpuDuration().orElseThrow();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
