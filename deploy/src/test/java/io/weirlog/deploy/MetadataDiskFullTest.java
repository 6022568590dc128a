package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A controller that cannot write its log stops and says so; what it had acknowledged is there once there is room.
@Timeout(300)
@Tag("side-by-side")
class MetadataDiskFullTest {
    private static final String TOPIC = "topic";
    private static final int FIRST = 1_000_000_000;
    private static final int CHANGES_MAX = 50_000;
    /// Several at a time: the log has allocated the next part of its file already, and that is to be used up.
    private static final Set<String> KEYS = Set.of(
            "retention.ms",
            "retention.bytes",
            "segment.ms",
            "segment.bytes",
            "delete.retention.ms",
            "min.compaction.lag.ms",
            "file.delete.delay.ms");

    @TempDir
    private Path folder;

    @Test
    void theControllerStopsAndNothingIsLost() throws Exception {
        try (var disk = SmallDisk.mount(folder.resolve("disk"))) {
            final int acknowledged;
            final Path file;
            try (var node = start(disk);
                    var client = client(node)) {
                client.admin().createTopic(NewTopic.named(TOPIC));
                file = disk.fillUp();
                acknowledged = changeUntilRefused(client);
                assertNotEquals(0, node.exitCode());
                assertTrue(
                        node.lines().getLast().contains("the metadata's log cannot be written")
                                && node.lines().getLast().contains("No space left"),
                        node::output);
            }
            disk.delete(file);
            try (var node = start(disk);
                    var client = client(node)) {
                var retention = retention(client);
                // The one that was not answered may be there too.
                assertTrue(
                        retention == acknowledged || retention == acknowledged + 1,
                        () -> "acknowledged " + acknowledged + ", found " + retention);
                client.admin().alterTopic(TOPIC, Map.of("retention.ms", "77777"), Set.of());
            }
        }
    }

    private Run start(SmallDisk disk) {
        return disk.start(Run.weirlogBuilder(
                "dev",
                "--data-dir",
                folder.resolve("disk").resolve("node").toString(),
                "--port",
                "0",
                "-c",
                "disk.reserve=0",
                "-c",
                "data.dirs=" + folder.resolve("partitions")));
    }

    private static WeirlogClient client(Run node) throws InterruptedException {
        var ready = node.line(line -> line.startsWith("ready "));
        return WeirlogClient.connect(ready.substring("ready ".length()));
    }

    private static int retention(WeirlogClient client) {
        return client.admin().describeTopic(TOPIC).configs().stream()
                .filter(config -> config.key().equals("retention.ms"))
                .mapToInt(config -> Integer.parseInt(config.value()))
                .findFirst()
                .orElseThrow();
    }

    /// @return the last value that was acknowledged
    private static int changeUntilRefused(WeirlogClient client) {
        for (var value = FIRST; value < FIRST + CHANGES_MAX; value++) {
            var text = Integer.toString(value);
            try {
                client.admin()
                        .alterTopic(TOPIC, KEYS.stream().collect(Collectors.toMap(key -> key, key -> text)), Set.of());
            } catch (WeirlogException e) {
                System.out.println((value - FIRST) + " changes were taken, then: " + e.getMessage());
                return value - 1;
            }
        }
        throw new AssertionError("more was taken than fits");
    }
}
