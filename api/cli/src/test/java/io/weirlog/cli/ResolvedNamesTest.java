package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// In a process of its own: Java reads how long it is to remember names when it meets the first one.
class ResolvedNamesTest {
    @Test
    void aNodeDoesNotRememberAddressesForLong(@TempDir Path folder) throws Exception {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-opens=java.base/sun.net=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RunningNode.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        // Nothing interrupts the reading of what it says, but its end does.
        CompletableFuture.delayedExecutor(60, TimeUnit.SECONDS).execute(process::destroyForcibly);
        try (var output = process.inputReader(StandardCharsets.UTF_8)) {
            assertTrue(output.lines().anyMatch(line -> line.startsWith("ready ")), "the node did not start");
            process.getOutputStream().close();
            assertEquals(
                    "5 s, refusals 0 s, gRPC 5 s",
                    output.lines().reduce((_, last) -> last).orElse(""));
        } finally {
            process.destroyForcibly();
        }
    }

    /// Starts a node as the command does, and once its input ends says what Java has read.
    static final class RunningNode {
        private RunningNode() {}

        public static void main(String[] arguments) throws Exception {
            Thread.ofPlatform()
                    .daemon()
                    .start(() -> Main.main(new String[] {
                        "server", "-c", "data.dir=" + arguments[0], "-c", "client.port=0", "-c", "http.port=off"
                    }));
            var _ = System.in.read();
            var policy = Class.forName("sun.net.InetAddressCachePolicy");
            System.out.println(policy.getMethod("get").invoke(null) + " s, refusals "
                    + policy.getMethod("getNegative").invoke(null) + " s, gRPC "
                    + System.getProperty("networkaddress.cache.ttl") + " s");
            Runtime.getRuntime().halt(0);
        }
    }
}
