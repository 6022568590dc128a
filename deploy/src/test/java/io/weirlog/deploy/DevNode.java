package io.weirlog.deploy;

import java.nio.file.Path;

/// `weirlog dev` on a free port.
public final class DevNode implements AutoCloseable {
    final Run run;
    public final String address;

    private DevNode(Run run, String address) {
        this.run = run;
        this.address = address;
    }

    public static DevNode start(Path dataDir) throws InterruptedException {
        var run = Run.weirlog("dev", "--data-dir", dataDir.toString(), "--port", "0");
        var ready = run.line(line -> line.startsWith("ready "));
        return new DevNode(run, ready.substring("ready ".length()));
    }

    @Override
    public void close() {
        run.close();
    }
}
