package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.deploy.JsonLogs;
import io.weirlog.deploy.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The archive runs where it is unpacked, with no Java on the machine, and installs itself.
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TarballTest {
    private Path folder;
    private Path home;

    @BeforeAll
    void build(@TempDir Path temporary) throws Exception {
        folder = Files.createDirectories(temporary.resolve("a folder"));
        try (var build = Bundle.script("deploy/tarball/build", folder.resolve("archives"))) {
            build.success();
        }
        run("cd archives && sha256sum --check --quiet *.sha256");
        run("mkdir unpacked && tar -xzf archives/*.tar.gz -C unpacked");
        try (var unpacked = Files.list(folder.resolve("unpacked"))) {
            home = unpacked.toList().getFirst();
        }
        assertTrue(
                home.getFileName().toString().startsWith("weirlog-" + Settings.version() + "-linux-"), home::toString);
        try (var archives = Files.list(folder.resolve("archives"))) {
            for (var archive : archives.toList()) {
                System.out.println(archive.getFileName() + ": " + Files.size(archive) / 1_000_000 + " MB");
            }
        }
    }

    /// Nobody's variables but those given: no JAVA_HOME, no PATH with a Java in it.
    private List<String> run(String command) throws InterruptedException {
        var builder =
                new ProcessBuilder("env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", command).directory(folder.toFile());
        try (var run = Run.of(builder)) {
            return run.success();
        }
    }

    @Test
    void itRunsWhereItIs() throws Exception {
        var weirlog = "'" + home.resolve("bin/weirlog") + "'";
        assertEquals(List.of("weirlog " + Settings.version()), run(weirlog + " --version"));
        run("ln -s " + weirlog + " link");
        assertEquals(List.of("weirlog " + Settings.version()), run("./link --version"));
        run("seq 1 1000 >lines");
        assertEquals(
                "quickstart: 1000 records written, 1000 read back, 0 lost, 0 duplicated",
                run(weirlog + " quickstart --file lines").getLast());
    }

    /// The cache is used from where the archive was unpacked, not only from where it was made.
    @Test
    void theCacheForFastStartsFits() throws Exception {
        var builder = new ProcessBuilder(home.resolve("bin/weirlog").toString(), "--version");
        builder.environment().put("WEIRLOG_JAVA_OPTS", "-XX:AOTMode=on");
        try (var run = Run.of(builder)) {
            assertEquals(List.of("weirlog " + Settings.version()), run.success());
        }
    }

    /// A node on ports that are free, with nothing in its environment but this.
    private Run node(String variable) {
        var builder = new ProcessBuilder(
                "env",
                "-i",
                "PATH=/usr/bin:/bin",
                variable,
                home.resolve("bin/weirlog").toString(),
                "server");
        for (var setting : List.of("client.host=127.0.0.1", "data.dir=" + folder.resolve("data"), "http.port=off")) {
            builder.command().addAll(List.of("-c", setting));
        }
        for (var anyPort : List.of("client.port", "internal.port", "raft.port")) {
            builder.command().addAll(List.of("-c", anyPort + "=0"));
        }
        return Run.of(builder);
    }

    @Test
    void itsNodeLogsJsonIfItIsToldTo() throws Exception {
        try (var node = node("WEIRLOG_LOGGING_FORMAT=json")) {
            node.line(JsonLogs.saysReady());
            node.terminate();
            node.exitCode();
            JsonLogs.events(node.lines());
        }
    }

    /// By the library that lies beside the jars; where it cannot be loaded, by what Java has.
    @Test
    void itsNodeServesConnectionsByEpollWhereItCan() throws Exception {
        try (var node = node("WEIRLOG_JAVA_OPTS=")) {
            node.line(line -> line.startsWith("ready "));
            assertTrue(mapped(node)
                    .contains(home.resolve("native/libnetty_transport_native_epoll")
                            .toString()));
            node.kill();
        }
        try (var node = node("WEIRLOG_JAVA_OPTS=-Dio.netty.transport.noNative=true")) {
            node.line(line -> line.startsWith("ready "));
            assertFalse(mapped(node).contains("native/libnetty_transport_native_epoll"));
            node.kill();
        }
    }

    /// The files that the process has mapped.
    private static String mapped(Run node) throws IOException {
        return Files.readString(Path.of("/proc", Long.toString(node.pid()), "maps"));
    }

    @Test
    void itInstallsItselfAndLeavesAConfigurationAlone() throws Exception {
        var install = "DESTDIR=\"$PWD/root\" '" + home.resolve("install") + "'";
        run("mkdir -p root/etc/weirlog && echo 'node.id: 7' >root/etc/weirlog/weirlog.yaml");
        run(install);
        var root = folder.resolve("root");
        assertEquals("node.id: 7\n", Documents.text(root.resolve("etc/weirlog/weirlog.yaml")));
        for (var file : List.of(
                "etc/systemd/system/weirlog.service",
                "etc/sysusers.d/weirlog.conf",
                "etc/sysctl.d/60-weirlog.conf",
                "etc/weirlog/weirlog.env",
                "opt/weirlog/bin/weirlog",
                "opt/weirlog/share/doc/operations.md",
                "opt/weirlog/share/alerts/weirlog.rules.yml")) {
            assertTrue(Files.exists(root.resolve(file)), file);
        }
        assertEquals(List.of("weirlog " + Settings.version()), run("root/opt/weirlog/bin/weirlog --version"));
        try (var again = Run.shell(install, folder)) {
            assertEquals(1, again.exitCode());
            assertTrue(again.output().contains("is there already"), again::output);
        }
    }
}
