package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launcher in a repository of its own, whose Maven only puts the jars of this build in their place.
class LauncherTest {
    private static final String FIRST_BUILD = "weirlog: building (first use, may take some minutes) ...";
    private static final String LATER_BUILD = "weirlog: building (sources have changed) ...";
    private static final String BUILT =
            Repository.ROOT.resolve("deploy/target/weirlog").toString();

    /// Waits for the file `go` if there is one named `wait`. No cache is made: that is tried elsewhere.
    private static final String MAVEN = """
            #!/bin/sh
            echo "$*" >>maven.calls
            seconds=0
            while [ -e wait ] && [ ! -e go ] && [ "$seconds" -lt 100 ]; do sleep 1; seconds=$((seconds + 1)); done
            if [ -e broken ]; then echo 'cannot find symbol'; exit 1; fi
            home=deploy/target/weirlog
            rm -rf "$home"
            mkdir -p "$home/lib"
            cp BUILT/lib/*.jar "$home/lib"
            : >"$home/aot-$(cksum <"$JAVA_HOME/release" | cut -d' ' -f1).none"
            """;

    @TempDir
    private Path folder;

    private Path repository = Path.of("");
    private Path source = Path.of("");

    @BeforeEach
    void layOut() throws IOException {
        repository = Files.createDirectories(folder.resolve("a repository"));
        source = repository.resolve("proto/src/main/java/Source.java");
        Files.createDirectories(source.getParent());
        for (var module : List.of(
                "proto",
                "log-engine",
                "metadata-raft",
                "replication",
                "api/client",
                "api/server",
                "api/cli",
                "deploy")) {
            Files.createDirectories(repository.resolve(module));
            Files.writeString(repository.resolve(module).resolve("pom.xml"), "<project/>");
        }
        Files.writeString(repository.resolve("pom.xml"), "<project/>");
        Files.writeString(source, "class Source {}");
        Files.createDirectories(repository.resolve(".mvn"));
        for (var script : List.of(".mvn/find-jdk.sh", ".mvn/jvm-options.sh")) {
            Files.copy(Repository.ROOT.resolve(script), repository.resolve(script));
        }
        Files.copy(Repository.ROOT.resolve("weirlog"), repository.resolve("weirlog"));
        var maven = folder.resolve("bin/mvn");
        Files.createDirectories(maven.getParent());
        Files.writeString(maven, MAVEN.replace("BUILT", BUILT));
        Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwxr-xr-x"));
        everythingIsOld();
    }

    /// A build of the same second would count as older than the files just written.
    private void everythingIsOld() throws IOException {
        var old = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
        try (var files = Files.walk(repository)) {
            for (var file : files.filter(file -> !Files.isSymbolicLink(file)).toList()) {
                Files.setLastModifiedTime(file, old);
            }
        }
    }

    @Test
    void itBuildsAtFirstUseAndWhenSourcesHaveChanged() throws Exception {
        var first = launch().success();
        assertEquals(FIRST_BUILD, first.getFirst());
        assertVersion(first.getLast());
        assertEquals(1, launch().success().size());
        assertEquals(1, mavenCalls());

        var future = FileTime.from(Instant.now().plus(Duration.ofHours(1)));
        Files.setLastModifiedTime(source, future);
        assertEquals(LATER_BUILD, launch().success().getFirst());
        assertEquals(2, mavenCalls());
        everythingIsOld();
        Files.setLastModifiedTime(
                repository.resolve("deploy/target/weirlog/built"),
                FileTime.from(Instant.now().minusSeconds(60)));
        Files.delete(source);
        assertEquals(LATER_BUILD, launch().success().getFirst());
    }

    @Test
    void aBuildThatFailsIsToldWithItsLastWords() throws Exception {
        Files.createFile(repository.resolve("broken"));
        var run = launch();
        assertEquals(1, run.exitCode());
        assertEquals(
                List.of(
                        FIRST_BUILD,
                        "cannot find symbol",
                        "weirlog: the build failed; all that it said is in " + repository + "/deploy/target/build.log"),
                run.lines());
        Files.delete(repository.resolve("broken"));
        assertVersion(launch().success().getLast());
    }

    @Test
    void ofTwoCallsAtOnceOneBuilds() throws Exception {
        Files.createFile(repository.resolve("wait"));
        try (var first = launch()) {
            first.line(FIRST_BUILD::equals);
            try (var second = launch()) {
                Files.createFile(repository.resolve("go"));
                assertVersion(first.success().getLast());
                assertEquals(1, second.success().size(), second.output());
            }
        }
        assertEquals(1, mavenCalls());
    }

    @Test
    void aBuildThatWasKilledIsInNobodysWay() throws Exception {
        Files.createFile(repository.resolve("wait"));
        try (var killed = launch()) {
            killed.line(FIRST_BUILD::equals);
            awaitMaven();
            killed.killWithChildren();
        }
        assertTrue(Files.exists(repository.resolve("deploy/target/build.lock/pid")));
        Files.createFile(repository.resolve("go"));
        assertVersion(launch().success().getLast());
    }

    @Test
    void itRunsThroughALinkFromAnotherFolder() throws Exception {
        var elsewhere = Files.createDirectories(folder.resolve("else where"));
        Files.createSymbolicLink(elsewhere.resolve("link"), repository.resolve("weirlog"));
        Files.writeString(elsewhere.resolve("two lines"), "a\nb\n");
        var builder = new ProcessBuilder("./link", "quickstart", "--file", "two lines").directory(elsewhere.toFile());
        builder.environment().put("WEIRLOG_HOME", BUILT);
        assertEquals(
                "quickstart: 2 records written, 2 read back, 0 lost, 0 duplicated",
                Run.of(builder).success().getLast());
    }

    @Test
    void optionsOfTheUserReachTheJvm() throws Exception {
        var builder = Run.weirlogBuilder("--version");
        builder.environment().put("WEIRLOG_JAVA_OPTS", "-Xmx64m -XX:NoSuchOption=1");
        var run = Run.of(builder);
        assertEquals(1, run.exitCode());
        assertTrue(run.output().contains("NoSuchOption"), run.output());
    }

    @Test
    void aFolderWithoutABuildIsToldInOneLine() throws Exception {
        var builder = Run.weirlogBuilder("--version");
        builder.environment().put("WEIRLOG_HOME", folder.toString());
        var run = Run.of(builder);
        assertEquals(1, run.exitCode());
        assertEquals(List.of("weirlog: WEIRLOG_HOME is " + folder + ", but there is no folder lib in it"), run.lines());
    }

    /// Made by the first call of all; a JVM that cannot leaves a mark instead.
    @Test
    void theCacheForFastStartsIsMadeOnce() throws Exception {
        assertVersion(Run.weirlog("--version").success().getLast());
        try (var files = Files.list(Path.of(BUILT))) {
            assertEquals(
                    1,
                    files.filter(file -> file.getFileName().toString().matches("aot-\\d+"))
                            .count(),
                    "caches for the one JVM of this machine");
        }
        assertEquals(1, Run.weirlog("--version").success().size());
    }

    private void awaitMaven() throws Exception {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(repository.resolve("maven.calls"))) {
            assertTrue(System.nanoTime() - deadline < 0, "Maven was not called");
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private Run launch() {
        var builder = new ProcessBuilder(repository.resolve("weirlog").toString(), "--version");
        var environment = builder.environment();
        environment.remove("WEIRLOG_HOME");
        environment.compute("PATH", (name, path) -> folder.resolve("bin") + ":" + path);
        return Run.of(builder.directory(folder.toFile()));
    }

    private static void assertVersion(String line) {
        assertTrue(line.matches("weirlog \\d+\\.\\d+\\.\\d+.*"), line);
    }

    private long mavenCalls() throws IOException {
        return Files.readAllLines(repository.resolve("maven.calls")).size();
    }
}
