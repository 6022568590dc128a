package io.weirlog.replication;

import io.weirlog.log.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The storage of logs that many threads make or promote at once: names and small files, which take several syncs for
/// each log, are made durable together ([SyncGroup]). Everything else goes to the storage as it is, and so does
/// what an owner's thread does: it must not wait for others.
final class GroupedSyncs implements Storage, Closeable {
    /// A thread whose work it is to wait for the disk.
    static final class Waiting extends Thread {
        private static final AtomicInteger NUMBERS = new AtomicInteger();

        Waiting(Runnable task) {
            super(task, "weirlog-logs-" + NUMBERS.getAndIncrement());
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(GroupedSyncs.class);

    private final Storage storage;
    /// By data directory, of those that have it.
    private final Map<Path, SyncGroup> groups = new HashMap<>();

    /// Opens what the data directories have of shared syncs, before their first log is opened.
    GroupedSyncs(Storage storage, List<Path> folders, SyncConfig config) {
        this.storage = storage;
        for (var folder : config.shared() ? folders : List.<Path>of()) {
            try {
                storage.fileSystemSync(folder).ifPresent(sync -> groups.put(folder, new SyncGroup(sync)));
            } catch (IOException e) {
                LOG.warn("{}: each small file is synced by itself", folder, e);
            }
        }
    }

    @Override
    public void syncSmall(Path file, WritableFile written) throws IOException {
        sync(file, written::syncData);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        sync(directory, () -> storage.syncDirectory(directory));
    }

    @Override
    public void syncNew(Path directory, List<String> files) throws IOException {
        sync(directory, () -> storage.syncNew(directory, files));
    }

    private void sync(Path path, SyncGroup.Single single) throws IOException {
        if (!(Thread.currentThread() instanceof Waiting)) {
            single.sync();
            return;
        }
        for (var group : groups.entrySet()) {
            if (path.startsWith(group.getKey())) {
                group.getValue().sync(single);
                return;
            }
        }
        single.sync();
    }

    @Override
    public ReadableFile openForRead(Path file) throws IOException {
        return storage.openForRead(file);
    }

    @Override
    public WritableFile openForWrite(Path file) throws IOException {
        return storage.openForWrite(file);
    }

    @Override
    public Note openNote(Path file) throws IOException {
        return storage.openNote(file);
    }

    @Override
    public boolean exists(Path file) {
        return storage.exists(file);
    }

    @Override
    public long sizeBytes(Path file) throws IOException {
        return storage.sizeBytes(file);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return storage.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        storage.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        storage.rename(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
        storage.delete(file);
    }

    @Override
    public Optional<FileSystemSync> fileSystemSync(Path directory) throws IOException {
        return storage.fileSystemSync(directory);
    }

    @Override
    public Optional<Closeable> lock(Path file) throws IOException {
        return storage.lock(file);
    }

    @Override
    public void close() {
        groups.forEach((folder, group) -> {
            try {
                group.close();
            } catch (IOException e) {
                LOG.warn("{} was left open", folder, e);
            }
        });
    }
}
