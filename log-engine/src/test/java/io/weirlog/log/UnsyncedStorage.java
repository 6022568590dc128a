package io.weirlog.log;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// The real file system without waiting for the device, which random tests have no use for; counts what would have
/// been synced, and can be told to fail.
final class UnsyncedStorage implements Storage {
    private final FileStorage files = new FileStorage();
    final AtomicInteger fileSyncs = new AtomicInteger();
    final AtomicInteger directorySyncs = new AtomicInteger();
    final AtomicInteger writes = new AtomicInteger();
    /// How many more changes of the disk there will be before every one fails, as if the process had died.
    final AtomicInteger changesLeft = new AtomicInteger(Integer.MAX_VALUE);
    volatile boolean failWrites;
    volatile boolean failSyncs;

    @Override
    public ReadableFile openForRead(Path file) throws IOException {
        return files.openForRead(file);
    }

    @Override
    public WritableFile openForWrite(Path file) throws IOException {
        countChange();
        return new Writer(files.openForWrite(file));
    }

    @Override
    public boolean exists(Path file) {
        return files.exists(file);
    }

    @Override
    public long sizeBytes(Path file) throws IOException {
        return files.sizeBytes(file);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return files.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        files.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        countChange();
        files.rename(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
        countChange();
        files.delete(file);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        failIf(failSyncs);
        countChange();
        directorySyncs.incrementAndGet();
    }

    @Override
    public Optional<Closeable> lock(Path file) throws IOException {
        return files.lock(file);
    }

    private void countChange() throws IOException {
        failIf(changesLeft.getAndUpdate(left -> Math.max(0, left - 1)) == 0);
    }

    private static void failIf(boolean failing) throws IOException {
        if (failing) {
            throw new IOException("Input/output error");
        }
    }

    private final class Writer implements WritableFile {
        private final WritableFile file;

        Writer(WritableFile file) {
            this.file = file;
        }

        @Override
        public long sizeBytes() throws IOException {
            return file.sizeBytes();
        }

        @Override
        public void write(long position, ByteBuffer[] sources, int count) throws IOException {
            failIf(failWrites);
            countChange();
            writes.incrementAndGet();
            file.write(position, sources, count);
        }

        @Override
        public void write(long position, ByteBuffer source) throws IOException {
            failIf(failWrites);
            countChange();
            file.write(position, source);
        }

        @Override
        public void syncData() throws IOException {
            failIf(failSyncs);
            countChange();
            fileSyncs.incrementAndGet();
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            countChange();
            file.truncate(sizeBytes);
        }

        @Override
        public MemorySegment map(Arena arena, long sizeBytes) throws IOException {
            return file.map(arena, sizeBytes);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
