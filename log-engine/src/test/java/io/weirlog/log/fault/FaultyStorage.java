package io.weirlog.log.fault;

import io.weirlog.log.Storage;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A disk in memory that knows what is durable apart from what was written.
///
/// A file's bytes are durable once they were synced, a name once its directory was; [#recoverAs] gives the disk as
/// it would be after a crash at this moment. [#faults] makes calls fail, fills the disk up or crashes it. The root
/// directories are always there.
///
/// Stores through a mapping count as written at once but are no boundaries by themselves.
public final class FaultyStorage implements Storage {
    private final Arena memory = Arena.ofAuto();
    private final Faults faults;
    private final Node.Directory root;
    private final List<Change.OfNames> pendingNames = new ArrayList<>();
    private final Set<Node> locked = new HashSet<>();
    private long nextChange;

    public FaultyStorage(long seed) {
        this(seed, new Node.Directory());
    }

    private FaultyStorage(long seed, Node.Directory root) {
        this.faults = new Faults(seed);
        this.root = root;
    }

    public Faults faults() {
        return faults;
    }

    /// The disk after a crash at this moment; this one stays as it is. Equal seeds give equal disks.
    public synchronized FaultyStorage recoverAs(LossMode mode, long seed) {
        var result = new FaultyStorage(seed, new Node.Directory());
        new CrashedDisk(root, pendingNames, mode, seed, nextChange).copyTo(result.root, result.memory);
        return result;
    }

    /// Flips one bit of a file, in the cache and at rest; bits count from the least significant of the first byte.
    public synchronized void flipBit(Path file, long bit) throws IOException {
        file(file).flip(bit);
    }

    /// What a file holds.
    public synchronized byte[] content(Path file) throws IOException {
        return file(file).content();
    }

    @Override
    public synchronized ReadableFile openForRead(Path file) throws IOException {
        faults.beforeOpen(file);
        faults.before(Operation.READ);
        return new Reader(file, file(file));
    }

    @Override
    public synchronized WritableFile openForWrite(Path file) throws IOException {
        faults.beforeOpen(file);
        faults.checkAlive();
        var directory = directoryOf(file);
        var name = nameOf(file);
        if (!directory.entries().containsKey(name)) {
            faults.before(Operation.CREATE);
            var created = new Node.File(memory, new byte[0]);
            directory.entries().put(name, created);
            pendingNames.add(new Change.Link(nextChange++, directory, name, created));
        }
        return new Writer(file(file));
    }

    @Override
    public synchronized boolean exists(Path file) {
        faults.checkAlive();
        return find(file).isPresent();
    }

    @Override
    public synchronized long sizeBytes(Path file) throws IOException {
        faults.checkAlive();
        return file(file).sizeBytes();
    }

    @Override
    public synchronized List<String> list(Path directory) throws IOException {
        faults.beforeOpen(directory);
        faults.before(Operation.READ);
        return List.copyOf(directory(directory).entries().keySet());
    }

    @Override
    public synchronized void createDirectories(Path directory) throws IOException {
        faults.checkAlive();
        var parent = directory.getParent();
        if (parent == null || find(directory).isPresent()) {
            directory(directory);
            return;
        }
        createDirectories(parent);
        faults.before(Operation.CREATE_DIRECTORY);
        var created = new Node.Directory();
        directory(parent).entries().put(nameOf(directory), created);
        pendingNames.add(new Change.Link(nextChange++, directory(parent), nameOf(directory), created));
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        faults.before(Operation.RENAME);
        var node = find(from).orElseThrow(() -> new NoSuchFileException(from.toString()));
        directoryOf(from).entries().remove(nameOf(from));
        directoryOf(to).entries().put(nameOf(to), node);
        pendingNames.add(
                new Change.Move(nextChange++, directoryOf(from), nameOf(from), directoryOf(to), nameOf(to), node));
    }

    @Override
    public synchronized void delete(Path file) throws IOException {
        faults.before(Operation.DELETE);
        var node = find(file);
        if (node.isEmpty()) {
            return;
        }
        if (node.get() instanceof Node.Directory directory
                && !directory.entries().isEmpty()) {
            throw new DirectoryNotEmptyException(file.toString());
        }
        directoryOf(file).entries().remove(nameOf(file));
        pendingNames.add(new Change.Unlink(nextChange++, directoryOf(file), nameOf(file)));
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        faults.beforeOpen(directory);
        faults.before(Operation.SYNC_DIRECTORY);
        var synced = directory(directory);
        pendingNames.removeIf(change -> {
            if (change.touches(synced)) {
                CrashedDisk.apply(change, Node.Directory::durable);
                return true;
            }
            return false;
        });
    }

    @Override
    public Optional<FileSystemSync> fileSystemSync(Path directory) {
        return Optional.of(new WholeDisk());
    }

    private synchronized void syncEverything() throws IOException {
        if (faults.mustFail(Operation.SYNC_FILE_SYSTEM)) {
            root.forEachFile(Node.File::giveUp);
            throw Faults.inputOutputError();
        }
        root.forEachFile(Node.File::sync);
        pendingNames.forEach(change -> CrashedDisk.apply(change, Node.Directory::durable));
        pendingNames.clear();
    }

    @Override
    public synchronized Optional<Closeable> lock(Path file) throws IOException {
        openForWrite(file).close();
        var node = file(file);
        return locked.add(node) ? Optional.of(() -> unlock(node)) : Optional.empty();
    }

    private synchronized void unlock(Node node) {
        locked.remove(node);
    }

    private Optional<Node> find(Path path) {
        Node node = root;
        for (var name : path.toAbsolutePath()) {
            if (!(node instanceof Node.Directory directory)) {
                return Optional.empty();
            }
            var next = directory.entries().get(name.toString());
            if (next == null) {
                return Optional.empty();
            }
            node = next;
        }
        return Optional.of(node);
    }

    private Node.File file(Path path) throws IOException {
        if (find(path).orElse(null) instanceof Node.File file) {
            return file;
        }
        throw new NoSuchFileException(path.toString());
    }

    private Node.Directory directory(Path path) throws IOException {
        if (find(path).orElse(null) instanceof Node.Directory directory) {
            return directory;
        }
        throw new NoSuchFileException(path.toString());
    }

    private Node.Directory directoryOf(Path path) throws IOException {
        var parent = path.toAbsolutePath().getParent();
        return parent == null ? root : directory(parent);
    }

    private static String nameOf(Path path) {
        return String.valueOf(path.getFileName());
    }

    private final class WholeDisk implements FileSystemSync {
        @Override
        public void sync() throws IOException {
            syncEverything();
        }

        @Override
        public void close() {}
    }

    private final class Reader implements ReadableFile {
        private final Path path;
        private final Node.File file;
        private boolean closed;

        Reader(Path path, Node.File file) {
            this.path = path;
            this.file = file;
            faults.opened();
        }

        @Override
        public long sizeBytes() {
            synchronized (FaultyStorage.this) {
                faults.checkAlive();
                return file.sizeBytes();
            }
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            synchronized (FaultyStorage.this) {
                faults.before(Operation.READ);
                if (position + target.remaining() > file.sizeBytes()) {
                    throw new EOFException(path + " ends before byte " + (position + target.remaining()));
                }
                file.read(position, target);
            }
        }

        @Override
        public MemorySegment map(Arena arena, long sizeBytes) throws IOException {
            synchronized (FaultyStorage.this) {
                faults.before(Operation.READ);
                return file.map(arena, sizeBytes, false);
            }
        }

        @Override
        public void close() {
            synchronized (FaultyStorage.this) {
                if (!closed) {
                    closed = true;
                    faults.closed();
                }
            }
        }
    }

    private final class Writer implements WritableFile {
        private final Node.File file;
        private boolean closed;

        Writer(Node.File file) {
            this.file = file;
            faults.opened();
        }

        @Override
        public long sizeBytes() {
            synchronized (FaultyStorage.this) {
                faults.checkAlive();
                return file.sizeBytes();
            }
        }

        @Override
        public void write(long position, ByteBuffer[] sources, int count) throws IOException {
            var bytes = 0;
            for (var i = 0; i < count; i++) {
                bytes += sources[i].remaining();
            }
            var together = ByteBuffer.allocate(bytes);
            for (var i = 0; i < count; i++) {
                together.put(sources[i]);
            }
            write(position, together.flip());
        }

        @Override
        public void write(long position, ByteBuffer source) throws IOException {
            synchronized (FaultyStorage.this) {
                var failing = faults.mustFail(Operation.WRITE);
                var count = failing ? faults.part(source.remaining()) : source.remaining();
                var growth = Math.max(0, position + count - file.sizeBytes());
                var fitting = (int) (count - growth + faults.takeRoom(growth));
                file.write(nextChange++, position, source.slice(source.position(), fitting));
                source.position(source.position() + fitting);
                if (failing) {
                    throw Faults.inputOutputError();
                }
                if (fitting < count) {
                    throw Faults.noSpace();
                }
            }
        }

        @Override
        public void syncData() throws IOException {
            synchronized (FaultyStorage.this) {
                if (faults.mustFail(Operation.SYNC)) {
                    file.giveUp();
                    throw Faults.inputOutputError();
                }
                file.sync();
            }
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            synchronized (FaultyStorage.this) {
                faults.before(Operation.TRUNCATE);
                if (sizeBytes < file.sizeBytes()) {
                    file.resize(nextChange++, sizeBytes);
                }
            }
        }

        @Override
        public MemorySegment map(Arena arena, long sizeBytes) throws IOException {
            synchronized (FaultyStorage.this) {
                faults.checkAlive();
                if (sizeBytes > file.sizeBytes()) {
                    faults.before(Operation.EXTEND);
                    var growth = sizeBytes - file.sizeBytes();
                    if (faults.takeRoom(growth) < growth) {
                        throw Faults.noSpace();
                    }
                    file.resize(nextChange++, sizeBytes);
                }
                return file.map(arena, sizeBytes, true);
            }
        }

        @Override
        public void close() {
            synchronized (FaultyStorage.this) {
                if (!closed) {
                    closed = true;
                    faults.closed();
                }
            }
        }
    }
}
