package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A small file system in memory, which only the programs see that are started on it. It is gone when it is closed.
public final class SmallDisk implements AutoCloseable {
    public static final int MIB = 96;

    private final Path mounted;
    private final Run keeper;
    private final String pid;

    private SmallDisk(Path mounted, Run keeper, String pid) {
        this.mounted = mounted;
        this.keeper = keeper;
        this.pid = pid;
    }

    /// Skips the test, or fails it, where nothing can be mounted.
    public static SmallDisk mount(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        try (var probe = Run.shell("unshare --mount true", folder)) {
            Repository.needs("the right to mount (root, and unshare)", probe.exitCode() == 0);
        }
        var script = "mount -t tmpfs -o size=" + MIB + "m tmpfs '" + folder + "' && echo \"mounted $$\" && exec cat";
        // It ends with its input, whatever becomes of this process.
        var keeper = Run.of(new ProcessBuilder("unshare", "--mount", "--propagation", "private", "sh", "-c", script));
        var line = keeper.line(text -> text.startsWith("mounted "));
        return new SmallDisk(folder, keeper, line.substring("mounted ".length()));
    }

    /// What makes a program see the disk, to be put before its command.
    public List<String> prefix() {
        return List.of("nsenter", "--mount=/proc/" + pid + "/ns/mnt", "--");
    }

    /// Starts a program that sees the disk.
    public Run start(ProcessBuilder program) {
        List<String> command = new ArrayList<>(prefix());
        command.addAll(program.command());
        return Run.of(program.command(command));
    }

    /// A file of somebody else takes all the room that is left.
    public Path fillUp() throws InterruptedException {
        var file = mounted.resolve("of-somebody-else");
        try (var run = start(new ProcessBuilder("dd", "if=/dev/zero", "of=" + file, "bs=4096"))) {
            run.exitCode();
            assertTrue(run.output().contains("No space left"), run::output);
        }
        return file;
    }

    public void delete(Path file) throws InterruptedException {
        try (var run = start(new ProcessBuilder("rm", file.toString()))) {
            assertEquals(0, run.exitCode(), run::output);
        }
    }

    /// Makes it one that nothing can be written to. Nothing may be writing to it.
    public void makeReadOnly() throws InterruptedException {
        try (var run = start(new ProcessBuilder("mount", "-o", "remount,ro", mounted.toString()))) {
            assertEquals(0, run.exitCode(), run::output);
        }
    }

    @Override
    public void close() {
        keeper.close();
    }
}
