package io.weirlog.log;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The disk, as far as the log needs one.
///
/// Syncing a file's bytes and syncing the names in a directory are separate calls, because a file system keeps them
/// apart: a new, renamed or deleted file is durable only after [#syncDirectory] of its directory.
///
/// Whatever opens a file, a directory too, throws [SystemLimitException] if no more may be open; nothing has happened
/// then.
public interface Storage {
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    ReadableFile openForRead(Path file) throws IOException;

    /// Opens the file for writing and makes it if it is not there.
    WritableFile openForWrite(Path file) throws IOException;

    /// Opens a small file of which a write may be lost without harm, and makes it if it is not there.
    default Note openNote(Path file) throws IOException {
        var opened = openForWrite(file);
        return new Note() {
            @Override
            public void write(long position, ByteBuffer source) throws IOException {
                opened.write(position, source);
            }

            @Override
            public void syncData() throws IOException {
                opened.syncData();
            }

            @Override
            public void close() throws IOException {
                opened.close();
            }
        };
    }

    boolean exists(Path file);

    /// @throws java.nio.file.NoSuchFileException if there is no such file
    long sizeBytes(Path file) throws IOException;

    /// The names of all entries of a directory, sorted.
    List<String> list(Path directory) throws IOException;

    void createDirectories(Path directory) throws IOException;

    /// Renames atomically; a file at `to` is replaced.
    void rename(Path from, Path to) throws IOException;

    /// Deletes a file or an empty directory; does nothing if it is not there.
    void delete(Path file) throws IOException;

    void syncDirectory(Path directory) throws IOException;

    /// Makes a small file durable that was written as a whole; many threads may do so at once.
    default void syncSmall(Path file, WritableFile written) throws IOException {
        written.syncData();
    }

    /// Makes a new directory durable: its own name, the names in it, and the bytes of some of its files; many threads
    /// may do so at once.
    default void syncNew(Path directory, List<String> files) throws IOException {
        for (var file : files) {
            try (var written = openForWrite(directory.resolve(file))) {
                written.syncData();
            }
        }
        syncDirectory(directory);
        syncDirectory(SmallFiles.directoryOf(directory));
    }

    /// One call that makes everything on the directory's file system durable, where that is cheaper than a call for
    /// each of many files; empty where there is none that tells of every failure. It tells of those since it was
    /// opened: so it has to be open before the first write that it is to cover.
    default Optional<FileSystemSync> fileSystemSync(Path directory) throws IOException {
        return Optional.empty();
    }

    /// Takes the lock that this file stands for, against every other process and this one; empty if it is taken.
    Optional<Closeable> lock(Path file) throws IOException;

    interface FileSystemSync extends Closeable {
        /// Makes all bytes, sizes and names durable that there were before the call. After an exception nothing is
        /// known of any of them, and no later call says anything about these.
        void sync() throws IOException;
    }

    /// Positional reads from any thread. An interrupted thread does not close the file for the others.
    interface ReadableFile extends Closeable {
        long sizeBytes() throws IOException;

        /// Fills the target's remaining bytes from `position` on.
        ///
        /// @throws java.io.EOFException if the file ends before
        void read(long position, ByteBuffer target) throws IOException;

        /// The first `sizeBytes` of the file as memory, until the arena is closed. Nobody may shorten the file
        /// meanwhile.
        MemorySegment map(Arena arena, long sizeBytes) throws IOException;

        /// Says that the file's name may go or become another's: it stays readable.
        default void keepOpen() throws IOException {}
    }

    /// One writer at a time. It need not stay open between two calls.
    interface Note extends Closeable {
        void write(long position, ByteBuffer source) throws IOException;

        /// Makes durable what was written since the call before, at best.
        void syncData() throws IOException;
    }

    /// One writer at a time; [#syncData] may be called by another thread meanwhile. After an exception nothing is
    /// known of the file's end.
    interface WritableFile extends Closeable {
        long sizeBytes() throws IOException;

        /// Writes the remaining bytes of the first `count` sources one after the other, from `position` on.
        void write(long position, ByteBuffer[] sources, int count) throws IOException;

        void write(long position, ByteBuffer source) throws IOException;

        /// Makes all bytes and the size durable.
        void syncData() throws IOException;

        /// Cuts what lies beyond `sizeBytes`.
        void truncate(long sizeBytes) throws IOException;

        /// The first `sizeBytes` of the file as writable memory until the arena is closed; extends the file by
        /// zeros.
        MemorySegment map(Arena arena, long sizeBytes) throws IOException;
    }
}
