package io.weirlog.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file that is opened again when its channel was closed under the hands of whoever uses it: by the interrupt of
/// another user, or because too many were open ([OpenChannels]). For an interrupted thread the call ends before its
/// interrupt takes effect.
///
/// A failed write may be told to nobody when the channel is closed before the sync that would have met it. So this is
/// for files that are read, and for those in which a lost write does no harm.
final class ReopenedChannel implements Closeable {
    private final OpenChannels all;
    private final Path file;
    private final Set<OpenOption> options;
    private volatile @Nullable FileChannel channel;
    private volatile boolean used;
    private boolean keptOpen;
    private boolean closed;

    interface Use<T extends @Nullable Object> {
        T apply(FileChannel channel) throws IOException;
    }

    private ReopenedChannel(OpenChannels all, Path file, Set<OpenOption> options) {
        this.all = all;
        this.file = file;
        this.options = options;
    }

    static ReopenedChannel open(OpenChannels all, Path file, OpenOption... options) throws IOException {
        var opened = new ReopenedChannel(all, file, Set.of(options));
        opened.channel();
        return opened;
    }

    /// May be called several times for one use: it must begin anew each time.
    <T extends @Nullable Object> T with(Use<T> use) throws IOException {
        var interrupted = false;
        try {
            while (true) {
                var current = channel();
                try {
                    return use.apply(current);
                } catch (ClosedByInterruptException e) {
                    interrupted = Thread.interrupted();
                } catch (ClosedChannelException e) {
                    // By another user's interrupt, or as one too many.
                    checkOpen(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private FileChannel channel() throws IOException {
        if (!used) {
            used = true;
        }
        var current = channel;
        return current != null && current.isOpen() ? current : reopen();
    }

    private FileChannel reopen() throws IOException {
        FileChannel opened;
        boolean counts;
        synchronized (this) {
            var current = channel;
            if (current != null && current.isOpen()) {
                return current; // Another user has opened it for all.
            }
            checkOpen(new ClosedChannelException());
            try {
                opened = FileChannel.open(file, options);
            } catch (IOException e) {
                throw SystemLimitException.orSame(file, e);
            }
            channel = opened;
            counts = !keptOpen;
        }
        if (counts) {
            all.opened(this);
        }
        return opened;
    }

    private synchronized void checkOpen(ClosedChannelException otherwise) throws ClosedChannelException {
        if (closed) {
            throw otherwise;
        }
    }

    /// Whether it was since the last time that this was asked.
    boolean wasUsed() {
        var was = used;
        used = false;
        return was;
    }

    /// Closed until it is used again.
    synchronized void closeForNow() throws IOException {
        var current = channel;
        if (!keptOpen && current != null) {
            channel = null;
            current.close();
        }
    }

    /// From now on it is closed by [#close] only: its name may go.
    void keepOpen() throws IOException {
        synchronized (this) {
            keptOpen = true;
        }
        all.closed(this);
        channel();
    }

    @Override
    public void close() throws IOException {
        all.closed(this);
        synchronized (this) {
            closed = true;
            var current = channel;
            if (current != null) {
                current.close();
            }
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
