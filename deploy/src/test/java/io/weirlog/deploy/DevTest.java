package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A node that cannot start says so in one line and ends, and leaves the one that runs alone.
class DevTest {
    @TempDir
    private Path folder;

    @Test
    void aFolderInUseIsRefused() throws Exception {
        var data = folder.resolve("data");
        try (var node = DevNode.start(data)) {
            assertRefused(data.toString(), "dev", "--data-dir", data.toString(), "--port", "0");
            assertRefused(data.toString(), "quickstart", "--data-dir", data.toString());
            assertServes(node);
        }
    }

    @Test
    void aPortInUseIsRefused() throws Exception {
        try (var node = DevNode.start(folder.resolve("one"))) {
            var port = node.address.substring(node.address.indexOf(':') + 1);
            assertRefused(port, "dev", "--data-dir", folder.resolve("two").toString(), "--port", port);
            assertServes(node);
        }
    }

    @Test
    void aFolderThatCannotBeMadeIsRefused() throws IOException, InterruptedException {
        var file = Files.createFile(folder.resolve("file"));
        var inside = file.resolve("data").toString();
        assertRefused(inside, "dev", "--data-dir", inside, "--port", "0");
    }

    private static void assertRefused(String named, String... command) throws InterruptedException {
        try (var run = Run.weirlog(command)) {
            assertEquals(1, run.exitCode(), run::output);
            var last = run.lines().getLast();
            assertTrue(last.startsWith("weirlog: ") && last.contains(named), run::output);
            assertTrue(run.lines().stream().noneMatch(line -> line.startsWith("\tat ")), run::output);
        }
    }

    private static void assertServes(DevNode node) throws InterruptedException {
        try (var run = Run.weirlog("topic", "create", "still-there", "-b", node.address)) {
            assertTrue(run.success().contains("created topic still-there with 1 partition"), run::output);
        }
    }
}
