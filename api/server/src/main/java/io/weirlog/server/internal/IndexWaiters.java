package io.weirlog.server.internal;

import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.core.MetadataEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// Those who wait until this node's metadata have come to an index.
public final class IndexWaiters implements MetadataListener {
    private final Executor executor;
    private final TreeMap<Long, List<CompletableFuture<Void>>> waiting = new TreeMap<>();
    private long index;

    /// @param executor completes them: the feed's thread must not be blocked
    public IndexWaiters(Executor executor) {
        this.executor = executor;
    }

    /// Completes once an image of at least `wanted` was published, or with a timeout after `wait`.
    CompletableFuture<Void> reached(long wanted, Duration wait) {
        var waiter = new CompletableFuture<Void>();
        synchronized (waiting) {
            if (index >= wanted) {
                return CompletableFuture.completedFuture(null);
            }
            waiting.computeIfAbsent(wanted, _ -> new ArrayList<>()).add(waiter);
        }
        return waiter.orTimeout(wait.toMillis(), TimeUnit.MILLISECONDS).whenComplete((_, failure) -> {
            if (failure != null) {
                forget(wanted);
            }
        });
    }

    /// A node that is cut off hears of nothing, while more and more wait.
    private void forget(long wanted) {
        synchronized (waiting) {
            waiting.computeIfPresent(wanted, (_, waiters) -> {
                waiters.removeIf(CompletableFuture::isDone);
                return waiters.isEmpty() ? null : waiters;
            });
        }
    }

    int waiting() {
        synchronized (waiting) {
            return waiting.values().stream().mapToInt(List::size).sum();
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
