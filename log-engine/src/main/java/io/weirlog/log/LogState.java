package io.weirlog.log;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What owner, syncing thread and readers of one log share.
final class LogState {
    private final PartitionIdentity identity;
    private final AtomicReference<@Nullable Throwable> firstFailure = new AtomicReference<>();
    private volatile boolean syncFailed;

    /// Written by the owner only.
    private volatile LogView view;
    private volatile boolean closed;

    LogState(PartitionIdentity identity, LogView view) {
        this.identity = identity;
        this.view = view;
    }

    LogView view() {
        return view;
    }

    void publish(LogView next) {
        view = next;
    }

    /// Remembers the first failure of a write or sync: from now on nothing is written or synced (L6).
    LogPoisonedException poison(Throwable failure) {
        firstFailure.compareAndSet(null, failure);
        return poisoned(failure);
    }

    /// The same for a sync: besides, nobody knows what is on the disk from then on.
    LogPoisonedException poisonBySync(Throwable failure) {
        syncFailed = true;
        return poison(failure);
    }

    boolean hasSyncFailed() {
        return syncFailed;
    }

    /// As [#poison], for a step that changes nothing before it has opened all its files: where no file could be opened
    /// the
    /// log is as it was.
    IOException failed(IOException failure) {
        return failure instanceof SystemLimitException ? failure : poison(failure);
    }

    boolean isPoisoned() {
        return firstFailure.get() != null;
    }

    void checkWritable() throws LogPoisonedException {
        var failure = firstFailure.get();
        if (failure != null) {
            throw poisoned(failure);
        }
        checkOpen();
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the log of " + identity + " is closed");
        }
    }

    /// False if it was closed before.
    boolean close() {
        if (closed) {
            return false;
        }
        closed = true;
        return true;
    }

    private LogPoisonedException poisoned(Throwable failure) {
        return new LogPoisonedException(
                "the log of " + identity + " takes no writes since one failed: " + failure, failure);
    }
}
