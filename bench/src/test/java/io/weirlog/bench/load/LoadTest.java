package io.weirlog.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class LoadTest {
    @BeforeAll
    static void findLauncher() {
        System.setProperty(
                "weirlog.launcher",
                Path.of("..", "weirlog").toAbsolutePath().normalize().toString());
    }

    /// Every part of a load run works; how fast is no matter of a test.
    @Test
    void aSmallRunEndsWell() {
        var exitCode = new CommandLine(new Load())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(
                        "--case=throughput,latency,idle",
                        "--only=weirlog fsync",
                        "--mebibytes=1",
                        "--warm-up-mebibytes=1",
                        "--rounds=1",
                        "--rate=100",
                        "--latency-seconds=1",
                        "--idle-replicas=10",
                        "--idle-seconds=1",
                        "--compression=zstd");
        assertEquals(0, exitCode);
    }

    @Test
    void aSmallRunOfClientsEndsWell() {
        var exitCode = new CommandLine(new Clients())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(
                        "--only=weirlog fsync",
                        "--rounds=1",
                        "--records=1000",
                        "--warm-up-records=1000",
                        "--rate=100",
                        "--seconds=1",
                        "--latency-warm-up-seconds=0");
        assertEquals(0, exitCode);
    }
}
