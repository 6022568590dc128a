package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {
    @TempDir
    private Path folder;

    @Test
    void theOwnTextIsTheDefault() {
        var result = Console.run("quickstart");
        assertEquals(0, result.code(), result.err());
        assertEquals("", result.err());
        assertTrue(
                result.lines()
                        .getLast()
                        .matches("quickstart: (\\d+) records written, \\1 read back, 0 lost, 0 duplicated"),
                result.out());
    }

    @Test
    void linesFromStandardInputAllComeBack() {
        var lines = IntStream.rangeClosed(1, 20_000).mapToObj(Integer::toString).collect(Collectors.joining("\n"));
        var result = Console.runWithInput(lines, "quickstart", "--file", "-", "--partitions", "7");
        assertEquals(0, result.code(), result.err());
        assertEquals(
                "quickstart: 20000 records written, 20000 read back, 0 lost, 0 duplicated",
                result.lines().getLast());
    }

    @Test
    void anEmptyFileIsNoFailure() throws IOException {
        var file = Files.createFile(folder.resolve("empty"));
        var result = Console.run("quickstart", "--file", file.toString());
        assertEquals(0, result.code(), result.err());
        assertEquals(
                "quickstart: 0 records written, 0 read back, 0 lost, 0 duplicated",
                result.lines().getLast());
    }

    @Test
    void aGivenFolderIsKeptAndUsedAgain() throws IOException {
        var file = Files.writeString(folder.resolve("file"), "a\n\nb" + "c".repeat(2_000_000) + "\n\u00e9");
        var data = folder.resolve("data").toString();
        for (int round = 0; round < 2; round++) {
            var result = Console.run("quickstart", "-f", file.toString(), "--data-dir", data, "--topic", "mine");
            assertEquals(0, result.code(), result.err() + result.out());
            assertEquals(
                    "quickstart: 4 records written, 4 read back, 0 lost, 0 duplicated",
                    result.lines().getLast());
            assertTrue(
                    result.out().contains(round == 0 ? "mine, created with" : "mine, which was there"), result.out());
        }
        assertEquals(
                "weirlog: topic mine is there already, with 3 partitions; name another with --topic",
                Console.run("quickstart", "--data-dir", data, "--topic", "mine", "-p", "2")
                        .err()
                        .strip());
    }

    @Test
    void aFolderThatCannotBeUsedIsToldInOneLine() throws IOException {
        var file = Files.createFile(folder.resolve("file"));
        var result = Console.run("quickstart", "--data-dir", file.toString());
        assertEquals(1, result.code());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().contains(file.toString()), result.err());
    }
}
