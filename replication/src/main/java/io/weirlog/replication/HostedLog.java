package io.weirlog.replication;

import io.weirlog.common.Offset;
import io.weirlog.log.CleanableLog;
import io.weirlog.log.PartitionLog;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// A partition's log as the cleaner works on it: beside the owner thread, which does only what changes the log.
final class HostedLog implements CleanableLog {
    private final PartitionHost host;
    private final Shard shard;
    private final PartitionLog log;

    HostedLog(PartitionHost host, Shard shard, PartitionLog log) {
        this.host = host;
        this.shard = shard;
        this.log = log;
    }

    @Override
    public String name() {
        return host.name();
    }

    @Override
    public PartitionLog log() {
        return log;
    }

    /// What is below the high watermark is never truncated, on a leader as on a follower.
    @Override
    public Optional<Offset> cleanPointMax() {
        return switch (host.view()) {
            case PartitionView.Leading leading -> Optional.of(leading.highWatermark());
            case PartitionView.Following following -> Optional.of(following.highWatermark());
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> Optional.empty();
        };
    }

    @Override
    public void run(Step step) throws IOException, InterruptedException {
        var done = new CompletableFuture<@Nullable Void>();
        try {
            shard.executeFor(host, () -> runByOwner(step, done));
        } catch (RejectedExecutionException e) {
            throw new IOException("the owner of " + name() + " is closing", e);
        }
        try {
            done.get();
        } catch (ExecutionException e) {
            throw new IOException("the owner of " + name() + " could not do a step of its compaction", e.getCause());
        }
    }

    private void runByOwner(Step step, CompletableFuture<@Nullable Void> done) {
        try {
            host.runForCleaner(step);
            done.complete(null);
        } catch (IOException e) {
            done.completeExceptionally(e);
        } catch (RuntimeException e) {
            done.completeExceptionally(e);
            throw e;
        }
    }
}
