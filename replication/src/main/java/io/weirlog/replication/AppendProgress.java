package io.weirlog.replication;

import java.util.function.Consumer;

/// A completion of an [AppendCommand] that wants to know how the append gets on. On the owner's thread; must not block.
public interface AppendProgress extends Consumer<AppendResult> {
    /// The batch is in the log, and its result comes once it is as safe as was asked for.
    ///
    /// @param begunNanos on [ReplicationClock#nanoTime]: when the write began that it was part of
    /// @param writtenNanos when that was done
    void written(long begunNanos, long writtenNanos);
}
