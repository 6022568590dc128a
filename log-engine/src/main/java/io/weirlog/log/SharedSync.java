package io.weirlog.log;

import io.weirlog.common.Offset;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Makes many logs of one file system durable with one call to the disk.
///
/// After a failure, which poisons every log that the call was to cover (L6), it is broken: a log that was not among
/// them may have lost bytes too, and no later call would tell. Syncs of single files still do.
public final class SharedSync implements Closeable {
    private final Storage.FileSystemSync fileSystem;
    private volatile boolean broken;

    private SharedSync(Storage.FileSystemSync fileSystem) {
        this.fileSystem = fileSystem;
    }

    /// One log that is to be made durable. Told of the outcome exactly once.
    public interface Waiter {
        PartitionLog log();

        /// @param end everything before this offset is durable, at least what was in the log before the sync began
        void synced(Offset end);

        void failed(IOException failure);
    }

    private record Begun(Waiter waiter, LogSyncer syncer, LogSyncer.Covered covered) {}

    /// For the logs below a directory, before the first of them is opened; empty if each has to be synced by itself.
    public static Optional<SharedSync> open(Storage storage, Path directory) throws IOException {
        return storage.fileSystemSync(directory).map(SharedSync::new);
    }

    /// Whether it can be used.
    public boolean isUsable() {
        return !broken;
    }

    /// Covers what was appended before the call to all the waiters' logs, and perhaps more. One call at a time.
    public void sync(List<? extends Waiter> waiters) {
        var begun = new ArrayList<Begun>(waiters.size());
        for (var waiter : waiters) {
            begin(waiter, begun);
        }
        if (begun.isEmpty()) {
            return;
        }
        try {
            if (broken) {
                throw new IOException("the file system has failed before");
            }
            fileSystem.sync();
        } catch (IOException e) {
            broken = true;
            begun.forEach(one -> one.waiter().failed(one.syncer().failShared(e)));
            return;
        }
        begun.forEach(SharedSync::end);
    }

    /// One that has failed, or been closed meanwhile, fails alone.
    private static void begin(Waiter waiter, List<Begun> begun) {
        var log = waiter.log();
        try {
            var covered = log.syncer().beginShared();
            if (covered.isPresent()) {
                begun.add(new Begun(waiter, log.syncer(), covered.get()));
            } else {
                waiter.synced(log.syncedOffset());
            }
        } catch (IOException e) {
            waiter.failed(e);
        } catch (IllegalStateException e) {
            waiter.failed(new IOException(e));
        }
    }

    private static void end(Begun begun) {
        try {
            begun.waiter().synced(begun.syncer().endShared(begun.covered()));
        } catch (IOException e) {
            begun.waiter().failed(e);
        } catch (IllegalStateException e) {
            begun.waiter().failed(new IOException(e));
        }
    }

    @Override
    public void close() throws IOException {
        fileSystem.close();
    }
}
