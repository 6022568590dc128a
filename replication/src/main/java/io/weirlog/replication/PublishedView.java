package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.common.Offset;
import io.weirlog.replication.core.ReplicaLag;
import java.util.Map;
import java.util.function.BooleanSupplier;

/// What a partition shows of itself to other threads, and those who wait for it to change.
///
/// Any thread may look and watch; the rest is for the owner thread.
final class PublishedView {
    private final String name;
    private final WatermarkWatchers watchers = new WatermarkWatchers();
    private volatile PartitionView view = new PartitionView.Opening();
    private volatile Map<BrokerId, ReplicaLag> lags = Map.of();
    /// Of the owner. It outlives roles, and views that do not show it.
    private Offset highWatermark = Offset.ZERO;

    PublishedView(String name) {
        this.name = name;
    }

    // Any thread.

    PartitionView current() {
        return view;
    }

    boolean isFailed() {
        return view instanceof PartitionView.Failed;
    }

    boolean isClosed() {
        return view instanceof PartitionView.Closed;
    }

    Map<BrokerId, ReplicaLag> lags() {
        return lags;
    }

    /// Wakes once the high watermark passes `at` or the role ends, at once if nothing is to be waited for here.
    ///
    /// @param inSync whether those who read from a follower may wait here for more
    Partitions.Watch watch(Offset at, Runnable wake, BooleanSupplier inSync) {
        var watch = watchers.add(at, wake);
        boolean waits = switch (view) {
            case PartitionView.Leading leading -> !leading.highWatermark().isAfter(at);
            case PartitionView.Following following -> !following.highWatermark().isAfter(at) && inSync.getAsBoolean();
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> false;
        };
        if (!waits) {
            watchers.wake(watch);
        }
        return () -> watchers.cancel(watch);
    }

    // The owner.

    Offset highWatermark() {
        return highWatermark;
    }

    /// What the next views begin with; the one that is shown stays as it is.
    void know(Offset newHighWatermark) {
        highWatermark = newHighWatermark;
    }

    /// Shows it from now on and wakes whoever waits.
    void publish(PartitionView newView) {
        view = newView;
        watchers.wakeAll();
    }

    /// Shows it and wakes nobody yet.
    void prepare(PartitionView newView) {
        view = newView;
    }

    void wakeAll() {
        watchers.wakeAll();
    }

    void lags(Map<BrokerId, ReplicaLag> newLags) {
        lags = newLags;
    }

    /// Publishes a new high watermark. Readers are woken by [#wakeReaders], which may come later.
    void announce(Offset newHighWatermark) {
        highWatermark = newHighWatermark;
        switch (view) {
            case PartitionView.Leading leading -> {
                Invariant.check(
                        !newHighWatermark.isBefore(leading.highWatermark()),
                        "R7: the high watermark of %s went back to %s",
                        name,
                        newHighWatermark);
                view = leading.withHighWatermark(newHighWatermark);
            }
            case PartitionView.Following following -> view = following.withHighWatermark(newHighWatermark);
            case PartitionView.Opening opening -> {}
            case PartitionView.Failed failed -> {}
            case PartitionView.Closed closed -> {}
        }
    }

    void wakeReaders(Offset newHighWatermark) {
        watchers.advancedTo(newHighWatermark);
    }
}
