package io.weirlog.metadata.controller;

import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.core.MetadataEvent;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The latest changes of the metadata, kept for those who follow them. One bounded store serves all followers, each
/// of whom only remembers how far it is: a slow one costs nothing, and gets a snapshot once what it needs is gone.
///
/// Used by one thread at a time.
public final class RecentChanges {
    private final int eventsMax;
    /// By the index of the log entry.
    private final TreeMap<Long, List<MetadataEvent>> changes = new TreeMap<>();
    private int events;
    /// Everything after it is in `changes`.
    private long keptAfter;
    private MetadataImage newest = MetadataImage.EMPTY;

    /// What a follower needs next.
    public sealed interface Next {
        /// It has everything.
        record Nothing() implements Next {}

        /// @param image the metadata, whatever the follower had
        record Snapshot(MetadataImage image) implements Next {}

        /// The entry of the log after those that the follower has; it may have changed nothing.
        record Change(long index, List<MetadataEvent> events) implements Next {}
    }

    /// @param eventsMax events kept at most
    public RecentChanges(int eventsMax) {
        this.eventsMax = eventsMax;
    }

    /// The newest image is `image`, whatever was before.
    public void reset(MetadataImage image) {
        changes.clear();
        events = 0;
        keptAfter = image.index();
        newest = image;
    }

    /// `led` led from the newest image to `image`.
    public void add(MetadataImage image, List<MetadataEvent> led) {
        changes.put(image.index(), List.copyOf(led));
        // An entry that changed nothing takes its place too.
        events += weight(led);
        newest = image;
        while (events > eventsMax) {
            var oldest = changes.pollFirstEntry();
            events -= weight(oldest.getValue());
            keptAfter = oldest.getKey();
        }
    }

    private static int weight(List<MetadataEvent> led) {
        return Math.max(1, led.size());
    }

    public long newestIndex() {
        return newest.index();
    }

    /// For a follower that has everything up to `known`.
    public Next next(long known) {
        // A controller that is behind its follower has nothing for it until it has caught up.
        if (known >= newest.index()) {
            return new Next.Nothing();
        }
        if (known < keptAfter) {
            return new Next.Snapshot(newest);
        }
        Map.Entry<Long, List<MetadataEvent>> change = changes.higherEntry(known);
        return new Next.Change(change.getKey(), change.getValue());
    }
}
