package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.LoggingFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The service of systemd, and the configuration that comes with it.
class SystemdTest {
    private static final Path FOLDER = Repository.ROOT.resolve("deploy/systemd");
    private static final int FILES_BEYOND_PARTITIONS = 4_096;

    @TempDir
    private Path folder;

    private final String unit = Documents.text(FOLDER.resolve("weirlog.service"));

    private String setting(String name) {
        return Documents.match("^" + name + "=(.*)$", unit);
    }

    @Test
    void aStopHasTheTimeThatTheNodeTakes() {
        var grace = Settings.seconds(Settings.byDefault(ConfigKeys.SHUTDOWN_GRACE));
        // Draining and closing come on top of the grace for open requests.
        assertTrue(Settings.seconds(setting("TimeoutStopSec")) >= 3 * grace, setting("TimeoutStopSec"));
        assertTrue(Integer.parseInt(setting("LimitNOFILE")) > 10 * FILES_BEYOND_PARTITIONS, setting("LimitNOFILE"));
    }

    @Test
    void theConfigurationIsThatOfANode() {
        var config = Settings.valid(Optional.of(FOLDER.resolve("weirlog.yaml")), Map.of());
        assertEquals(Path.of("/var/lib", setting("StateDirectory")), config.dataDir());
        assertTrue(setting("ExecStart").endsWith("weirlog server --config /etc/weirlog/weirlog.yaml"));
    }

    @Test
    void theCommentedLinesAreValidToo() throws Exception {
        var all = Documents.text(FOLDER.resolve("weirlog.yaml")).replaceAll("(?m)^#([a-z.]+: )", "$1");
        var config = Settings.valid(Optional.of(Files.writeString(folder.resolve("weirlog.yaml"), all)), Map.of());
        assertEquals(3, config.cluster().controllers().size());
        assertEquals(Optional.of("node-1"), config.network().advertisedHost());
        assertEquals(LoggingFormat.JSON, config.loggingFormat());
    }

    @Test
    void systemdUnderstandsIt() throws Exception {
        try (var probe = Run.shell("command -v systemd-analyze", folder)) {
            Repository.needs("systemd-analyze (systemd)", probe.exitCode() == 0);
        }
        // Where the program is installed on the machine of a user.
        var file = folder.resolve("weirlog.service");
        Files.writeString(file, unit.replace("/opt/weirlog/bin/weirlog", "/bin/true"));
        try (var verify = Run.of(new ProcessBuilder("systemd-analyze", "verify", "--man=no", file.toString()))) {
            verify.exitCode();
            assertTrue(verify.lines().stream().noneMatch(line -> line.contains("weirlog.service")), verify::output);
        }
    }
}
