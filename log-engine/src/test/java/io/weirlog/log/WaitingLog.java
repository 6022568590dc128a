package io.weirlog.log;

import io.weirlog.common.Offset;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A log that waits for a shared sync, and what came of it.
final class WaitingLog implements SharedSync.Waiter {
    private final PartitionLog log;
    private @Nullable Offset end;
    private @Nullable IOException failure;

    WaitingLog(PartitionLog log) {
        this.log = log;
    }

    @Override
    public PartitionLog log() {
        return log;
    }

    @Override
    public void synced(Offset end) {
        checkNotTold();
        this.end = end;
    }

    @Override
    public void failed(IOException failure) {
        checkNotTold();
        this.failure = failure;
    }

    private void checkNotTold() {
        if (end != null || failure != null) {
            throw new AssertionError("told twice");
        }
    }

    boolean isTold() {
        return end != null || failure != null;
    }

    /// @throws IOException what the sync failed with
    Offset end() throws IOException {
        if (failure != null) {
            throw failure;
        }
        return Objects.requireNonNull(end, "not told yet");
    }
}
