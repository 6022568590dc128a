package io.weirlog.deploy.cluster;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.deploy.SmallDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The active controller of three cannot write its log any more: it makes way, and the others go on.
@Timeout(300)
@Tag("side-by-side")
class ControllerDiskTest {
    private static final int NODES = 3;
    private static final int OF_SMALL_DISK = 1;
    private static final String TOPIC = "topic";
    private static final int WRITERS = 16;
    private static final int FIRST = 1_000_000_000;
    private static final int CHANGES_MAX = 5_000;
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    /// Several at a time: the log has allocated the next part of its file already, and that is to be used up.
    private static final Set<String> KEYS =
            Set.of("retention.ms", "retention.bytes", "segment.ms", "delete.retention.ms", "min.compaction.lag.ms");

    @TempDir
    private Path folder;

    @Test
    void theOthersGoOn() throws Exception {
        try (var disk = SmallDisk.mount(folder.resolve("node-" + OF_SMALL_DISK));
                var servers = new ServerProcesses(
                        folder,
                        NODES,
                        id -> "127.90.0." + id,
                        id -> id == OF_SMALL_DISK ? disk.prefix() : List.of(),
                        List.of("http.port=off", "disk.reserve=0"));
                var client = WeirlogClient.builder()
                        .bootstrap(servers.addresses())
                        .requestTimeout(Duration.ofSeconds(5))
                        .build()) {
            servers.startAll();
            client.admin().createTopic(NewTopic.named(TOPIC));
            while (active(client) != OF_SMALL_DISK) {
                var other = active(client);
                servers.run(other).kill();
                servers.start(other);
            }
            disk.fillUp();
            var full = servers.run(OF_SMALL_DISK);
            try (var writers = Executors.newVirtualThreadPerTaskExecutor()) {
                for (var writer = 0; writer < WRITERS; writer++) {
                    writers.execute(() -> changeUntilOneFails(client));
                }
            }
            assertNotEquals(0, full.exitCode());
            assertTrue(full.output().contains("the metadata's log cannot be written"), full::output);
            assertNotEquals(OF_SMALL_DISK, active(client));
            client.admin().alterTopic(TOPIC, Map.of("retention.ms", "77777"), Set.of());
        }
    }

    /// That may take as long as it may until the one that stops is known to be gone.
    private static void changeUntilOneFails(WeirlogClient client) {
        for (var value = FIRST; value < FIRST + CHANGES_MAX; value++) {
            var text = Integer.toString(value);
            try {
                client.admin()
                        .alterTopic(TOPIC, KEYS.stream().collect(Collectors.toMap(key -> key, key -> text)), Set.of());
            } catch (WeirlogException e) {
                return;
            }
        }
    }

    /// Waits until there is one.
    private static int active(WeirlogClient client) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        for (var found = lookUp(client); ; found = lookUp(client)) {
            if (found.isPresent()) {
                return found.getAsInt();
            }
            assertTrue(System.nanoTime() - deadlineNanos < 0, "nobody is the active controller");
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static OptionalInt lookUp(WeirlogClient client) {
        try {
            return client.controllers().describe().active().stream()
                    .mapToInt(id -> id.value())
                    .findFirst();
        } catch (WeirlogException e) {
            return OptionalInt.empty();
        }
    }
}
