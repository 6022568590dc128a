package io.weirlog.log.fault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.log.FileStorage;
import io.weirlog.log.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultyStorageTest {
    private static final Path FOLDER = Path.of("/d");
    private static final Path FILE = FOLDER.resolve("f");
    private static final int SEEDS = 300;

    private final FaultyStorage storage = new FaultyStorage(1);

    FaultyStorageTest() throws IOException {
        storage.createDirectories(FOLDER);
        storage.syncDirectory(Path.of("/"));
    }

    private static void write(Storage disk, Path file, long position, String text) throws IOException {
        try (var out = disk.openForWrite(file)) {
            out.write(position, ByteBuffer.wrap(text.getBytes(UTF_8)));
        }
    }

    private static void sync(Storage disk, Path file) throws IOException {
        try (var out = disk.openForWrite(file)) {
            out.syncData();
        }
    }

    private static String read(FaultyStorage disk, Path file) throws IOException {
        return disk.exists(file) ? new String(disk.content(file), UTF_8) : "-";
    }

    /// All that a file can be after a crash.
    private Set<String> outcomes(LossMode mode) throws IOException {
        var found = new HashSet<String>();
        for (var seed = 0; seed < SEEDS; seed++) {
            found.add(read(storage.recoverAs(mode, seed), FILE));
        }
        return found;
    }

    @Test
    void bytesAreDurableOnceSyncedAndNamesOnceTheirDirectoryIs() throws IOException {
        write(storage, FILE, 0, "one");
        assertEquals(Set.of("-"), outcomes(LossMode.ALL_LOST));
        storage.syncDirectory(FOLDER);
        assertEquals(Set.of(""), outcomes(LossMode.ALL_LOST));
        sync(storage, FILE);
        write(storage, FILE, 3, "two");
        assertEquals(Set.of("one"), outcomes(LossMode.ALL_LOST));
        assertEquals(Set.of("onetwo"), outcomes(LossMode.ALL_KEPT));
        assertEquals(Set.of("one", "onet", "onetw", "onetwo"), outcomes(LossMode.PREFIX_KEPT));
        assertTrue(outcomes(LossMode.GARBAGE_TAIL).contains("onet\0\0"));
        assertTrue(outcomes(LossMode.GARBAGE_TAIL).stream().allMatch(text -> text.startsWith("one")));
    }

    @Test
    void sectorsAndSizesAreTornApart() throws IOException {
        write(storage, FILE, 0, "a".repeat(1024));
        storage.syncDirectory(FOLDER);
        sync(storage, FILE);
        write(storage, FILE, 0, "b".repeat(1024));
        var a = "a".repeat(512);
        var b = "b".repeat(512);
        assertEquals(Set.of(a + a, a + b, b + a, b + b), outcomes(LossMode.TORN));
        assertEquals(Set.of(a + a, b + a, b + b), outcomes(LossMode.PREFIX_KEPT));
    }

    @Test
    void aRenameIsAtomicAndDurableOnceTheDirectoryIs() throws IOException {
        write(storage, FILE, 0, "old");
        sync(storage, FILE);
        storage.syncDirectory(FOLDER);
        var temporary = FOLDER.resolve("t");
        write(storage, temporary, 0, "new");
        sync(storage, temporary);
        storage.rename(temporary, FILE);
        assertEquals(Set.of("old"), outcomes(LossMode.ALL_LOST));
        assertEquals(Set.of("old", "new"), outcomes(LossMode.PREFIX_KEPT));
        assertEquals(Set.of("old", "new"), outcomes(LossMode.TORN));
        storage.syncDirectory(FOLDER);
        assertEquals(Set.of("new"), outcomes(LossMode.ALL_LOST));
        storage.delete(FILE);
        assertFalse(storage.exists(FILE));
        assertEquals(Set.of("new"), outcomes(LossMode.ALL_LOST));
        assertEquals(Set.of("-"), outcomes(LossMode.ALL_KEPT));
    }

    @Test
    void aMappingIsThePartOfTheFileThatItMaps() throws IOException {
        var arena = Arena.ofConfined();
        try (var out = storage.openForWrite(FILE)) {
            var mapping = out.map(arena, 8);
            storage.syncDirectory(FOLDER);
            mapping.set(ValueLayout.JAVA_BYTE, 1, (byte) 'x');
            assertEquals("\0x\0\0\0\0\0\0", read(storage, FILE));
            assertEquals(Set.of(""), outcomes(LossMode.ALL_LOST));
            out.syncData();
            assertEquals(Set.of("\0x\0\0\0\0\0\0"), outcomes(LossMode.ALL_LOST));
            mapping.set(ValueLayout.JAVA_BYTE, 2, (byte) 'y');
            assertEquals(Set.of("\0x\0\0\0\0\0\0", "\0xy\0\0\0\0\0"), outcomes(LossMode.TORN));
            arena.close();
            assertThrows(IllegalStateException.class, () -> mapping.get(ValueLayout.JAVA_BYTE, 0));
        }
    }

    /// fsyncgate: the second sync succeeds and makes nothing durable.
    @Test
    void aFailedSyncLosesWhatItShouldHaveWritten() throws IOException {
        write(storage, FILE, 0, "one");
        storage.syncDirectory(FOLDER);
        sync(storage, FILE);
        write(storage, FILE, 3, "two");
        storage.faults().failNth(Operation.SYNC, 1);
        assertThrows(IOException.class, () -> sync(storage, FILE));
        sync(storage, FILE);
        assertEquals("onetwo", read(storage, FILE));
        assertEquals(Set.of("one"), outcomes(LossMode.ALL_KEPT));
    }

    @Test
    void callsFailWhenTold() throws IOException {
        storage.faults().failNth(Operation.WRITE, 2);
        write(storage, FILE, 0, "one");
        assertThrows(IOException.class, () -> write(storage, FILE, 3, "two"));
        assertTrue("onetwo".startsWith(read(storage, FILE)));
        write(storage, FILE, 3, "two");
        storage.faults().limitGrowth(1);
        assertThrows(IOException.class, () -> write(storage, FILE, 3, "three"));
        assertEquals("onethre", read(storage, FILE));
        assertThrows(IOException.class, () -> write(storage, FILE, 6, "threes"));
        storage.flipBit(FILE, 1);
        assertEquals("mnethrt", read(storage, FILE));
        assertEquals(5, storage.faults().calls(Operation.WRITE));
    }

    @Test
    void nothingWorksAfterTheCrash() throws IOException {
        write(storage, FILE, 0, "one");
        storage.faults().crashAt(storage.faults().boundaries() + 1);
        try (var out = storage.openForWrite(FILE)) {
            out.write(3, ByteBuffer.wrap(new byte[1]));
            assertThrows(CrashException.class, out::syncData);
        }
        assertTrue(storage.faults().hasCrashed());
        assertThrows(CrashException.class, () -> storage.exists(FILE));
        assertThrows(CrashException.class, () -> storage.openForRead(FILE));
        assertEquals(Set.of("one\0"), outcomes(LossMode.ALL_KEPT));
    }

    /// The same calls to this disk and to a real one.
    @Test
    void itDoesWhatARealDiskDoes(@TempDir Path real) throws IOException {
        var files = new FileStorage();
        for (var disk : List.of(storage, files)) {
            var folder = (disk == files ? real : FOLDER).resolve("a/b");
            disk.createDirectories(folder);
            var file = folder.resolve("f");
            assertThrows(NoSuchFileException.class, () -> disk.openForRead(file));
            assertThrows(NoSuchFileException.class, () -> disk.sizeBytes(file));
            disk.delete(file);
            try (var out = disk.openForWrite(file)) {
                var sources = new ByteBuffer[] {ByteBuffer.wrap(new byte[] {1, 2}), ByteBuffer.wrap(new byte[] {3})};
                out.write(1, sources, 2);
                assertFalse(sources[1].hasRemaining());
                out.truncate(3);
                out.truncate(9);
                assertEquals(3, out.sizeBytes());
                try (var arena = Arena.ofConfined()) {
                    assertEquals(5, out.map(arena, 5).byteSize());
                }
            }
            disk.rename(file, folder.resolve("g"));
            assertEquals(List.of("g"), disk.list(folder));
            try (var in = disk.openForRead(folder.resolve("g"));
                    var arena = Arena.ofConfined()) {
                var bytes = ByteBuffer.allocate(5);
                in.read(0, bytes);
                assertArrayEquals(new byte[] {0, 1, 2, 0, 0}, bytes.array());
                assertThrows(EOFException.class, () -> in.read(1, ByteBuffer.allocate(5)));
                var mapped = in.map(arena, 3);
                assertEquals(2, mapped.get(ValueLayout.JAVA_BYTE, 2));
                assertThrows(RuntimeException.class, () -> mapped.set(ValueLayout.JAVA_BYTE, 0, (byte) 1), "read-only");
            }
            var lock = disk.lock(folder.resolve("lock")).orElseThrow();
            assertTrue(disk.lock(folder.resolve("lock")).isEmpty());
            lock.close();
            disk.lock(folder.resolve("lock")).orElseThrow().close();
            disk.delete(folder.resolve("lock"));
            assertThrows(IOException.class, () -> disk.delete(folder));
            disk.delete(folder.resolve("g"));
            disk.delete(folder);
            assertFalse(disk.exists(folder));
        }
    }
}
