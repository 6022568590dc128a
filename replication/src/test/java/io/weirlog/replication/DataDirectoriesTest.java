package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.log.FileStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoriesTest {
    @TempDir
    private Path folder;

    private DataDirectories scan(String... names) throws IOException {
        return DataDirectories.scan(
                new FileStorage(),
                List.of(names).stream()
                        .map(name -> DataDirectory.of(folder.resolve(name)))
                        .toList());
    }

    private void make(String directory) throws IOException {
        Files.createDirectories(folder.resolve(directory));
    }

    private String place(DataDirectories directories, String name) {
        var in = assertInstanceOf(Placement.In.class, directories.place(name, false));
        return folder.relativize(in.directory()).toString();
    }

    @Test
    void aNewPartitionGoesWhereTheFewestAre() throws IOException {
        make("a/orders-0");
        make("a/orders-1");
        make("b/orders-2");
        var directories = scan("a", "b", "c");
        assertEquals("a/orders-0", place(directories, "orders-0"), "what is there stays");
        assertEquals("c/orders-3", place(directories, "orders-3"));
        assertEquals("b/orders-4", place(directories, "orders-4"), "of two with as few the first");
        assertEquals("c/orders-5", place(directories, "orders-5"));
        assertEquals("a/orders-6", place(directories, "orders-6"));
        directories.left(folder.resolve("b/orders-4"));
        assertEquals("b/orders-7", place(directories, "orders-7"));
    }

    /// A topic was deleted and made again while the old directory was on its way out.
    @Test
    void aDirectoryStaysKnownAsLongAsSomebodyIsInIt() throws IOException {
        var directories = scan("a", "b");
        assertEquals("a/orders-0", place(directories, "orders-0"));
        assertEquals("a/orders-0", place(directories, "orders-0"));
        directories.left(folder.resolve("a/orders-0"));
        assertEquals("b/orders-1", place(directories, "orders-1"));
        assertEquals("a/orders-0", place(directories, "orders-0"));
    }

    @Test
    void aPartitionInTwoDirectoriesIsRefusedByBothNames() throws IOException {
        make("a/orders-0");
        make("b/orders-0");
        make("b/orders-0.stray");
        make("a/orders-1");
        make("b/orders-1");
        var message = String.valueOf(
                assertThrows(IOException.class, () -> scan("a", "b")).getMessage());
        for (var part : List.of(
                "orders-0 is in two", "orders-1 is in two", folder.resolve("a") + " and " + folder.resolve("b"))) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void whatIsNotOfAPartitionIsLeftAlone() throws IOException {
        for (var name : List.of("lost+found", "notes", "orders-0", "orders-0.stray3", "x-1.0a-delete", "write-probe")) {
            make("a/" + name);
        }
        var found = PartitionFolders.look(new FileStorage(), folder.resolve("a"));
        assertEquals(new PartitionFolders(List.of("orders-0"), List.of("lost+found", "notes")), found);
        var strays = scan("a").quarantineUnexpected(Set.of());
        assertEquals(List.of(folder.resolve("a/orders-0.stray")), strays);
        assertTrue(Files.exists(folder.resolve("a/notes")));
    }

    /// Its records may be where nobody can look.
    @Test
    void whileADirectoryIsOfflineOnlyNewPartitionsAreMade() throws IOException {
        Files.createFile(folder.resolve("b"));
        make("a/orders-0");
        var directories = scan("a", "b");
        assertTrue(directories
                .states()
                .getOrDefault(folder.resolve("b"), Optional.empty())
                .isPresent());
        assertEquals("a/orders-0", place(directories, "orders-0"));
        var offline = assertInstanceOf(Placement.Offline.class, directories.place("orders-1", false));
        assertTrue(offline.reason().contains(folder.resolve("b").toString()), offline::reason);
        assertEquals(new Placement.In(folder.resolve("a/orders-2")), directories.place("orders-2", true));
    }

    @Test
    void aDirectoryFailsOnce() throws IOException {
        make("a/orders-0");
        var directories = scan("a", "b");
        assertTrue(directories.fail(folder.resolve("a"), "Input/output error"));
        assertFalse(directories.fail(folder.resolve("a"), "and again"));
        assertEquals(List.of(folder.resolve("b")), directories.online());
        var offline = assertInstanceOf(Placement.Offline.class, directories.place("orders-0", false));
        assertTrue(offline.reason().contains("Input/output error"), offline::reason);
        assertTrue(directories.fail(folder.resolve("b"), "Input/output error"));
        assertInstanceOf(Placement.Offline.class, directories.place("orders-9", true));
    }
}
