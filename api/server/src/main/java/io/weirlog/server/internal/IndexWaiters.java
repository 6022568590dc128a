package io.weirlog.server.internal;

import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.core.MetadataEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/// Those who wait until this node's metadata have come to an index.
public final class IndexWaiters implements MetadataListener {
    private final Executor executor;
    private final TreeMap<Long, List<CompletableFuture<Void>>> waiting = new TreeMap<>();
    private long index;

    /// @param executor completes them: the feed's thread must not be blocked
    public IndexWaiters(Executor executor) {
        this.executor = executor;
    }

    /// Completes once an image of at least `wanted` was published. Has no end of its own.
    CompletableFuture<Void> reached(long wanted) {
        synchronized (waiting) {
            if (index >= wanted) {
                return CompletableFuture.completedFuture(null);
            }
            var waiter = new CompletableFuture<Void>();
            waiting.computeIfAbsent(wanted, _ -> new ArrayList<>()).add(waiter);
            return waiter;
        }
    }

    @Override
    public void onSnapshot(MetadataImage image) {
        advance(image.index());
    }

    @Override
    public void onEvents(MetadataImage image, List<MetadataEvent> events) {
        advance(image.index());
    }

    private void advance(long to) {
        var reached = new ArrayList<CompletableFuture<Void>>();
        synchronized (waiting) {
            index = to;
            var head = waiting.headMap(to, true);
            head.values().forEach(reached::addAll);
            head.clear();
        }
        if (!reached.isEmpty()) {
            executor.execute(() -> reached.forEach(waiter -> waiter.complete(null)));
        }
    }
}
