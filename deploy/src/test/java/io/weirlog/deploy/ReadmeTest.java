package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.testing.FreePorts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs every command of the README, in its order and as it stands there, in an empty folder that has the repository's
/// files. Only the port is another one, by the environment, so that a node that runs on this machine is not disturbed.
class ReadmeTest {
    /// Runs this very test.
    private static final String CHECK = "./check";

    @TempDir
    private Path folder;

    @Test
    void everyCommandWorks() throws Exception {
        for (var name : List.of("weirlog", ".mvn", "README.md")) {
            Files.createSymbolicLink(folder.resolve(name), Repository.ROOT.resolve(name));
        }
        var port = FreePorts.next();
        var commands = Repository.shellCommands(Repository.ROOT.resolve("README.md"));
        assertTrue(commands.contains(CHECK) && commands.size() > 10, commands.toString());
        List<Run> nodes = new ArrayList<>();
        try {
            for (var command : commands) {
                if (command.equals(CHECK)) {
                    continue;
                }
                var run = start(command, port);
                if (command.startsWith("./weirlog dev")) {
                    nodes.add(run);
                    run.line(line -> line.equals("ready 127.0.0.1:" + port));
                } else {
                    assertEquals(0, run.exitCode(), () -> command + " failed:\n" + run.output());
                    assertTrue(!run.lines().isEmpty() || command.contains("delete"), command + " printed nothing");
                }
            }
        } finally {
            nodes.forEach(Run::close);
        }
    }

    private Run start(String command, int port) {
        var builder = Run.withWeirlog(new ProcessBuilder("sh", "-c", command).directory(folder.toFile()));
        builder.environment().put("WEIRLOG_CLIENT_PORT", Integer.toString(port));
        builder.environment().put("WEIRLOG_BOOTSTRAP_SERVER", "127.0.0.1:" + port);
        return Run.of(builder);
    }
}
