package io.weirlog.metadata;

import io.weirlog.metadata.core.MetadataEvent;
import java.util.List;

/// Told of every change of the metadata, in the order of the log and by one thread. A call must not block: it
/// delays all other listeners. A listener that falls too far behind gets a fresh snapshot in place of the
/// events it missed.
public interface MetadataListener {
    /// The whole state: the first call after a subscription, and again whenever events in between were not
    /// kept.
    void onSnapshot(MetadataImage image);

    /// `events` led from the last image told to `image`. There are none where a log entry changed nothing: then
    /// only the index moved.
    void onEvents(MetadataImage image, List<MetadataEvent> events);
}
