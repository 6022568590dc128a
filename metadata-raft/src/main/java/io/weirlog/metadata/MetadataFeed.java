package io.weirlog.metadata;

/// The metadata as it changes.
public interface MetadataFeed {
    /// Calls `listener` with a snapshot first, soon and on the feed's own thread, then with all events after
    /// it.
    Subscription subscribe(MetadataListener listener);

    /// The newest image. It already includes a command whose reply has been received from this node's
    /// [MetadataClient]; listeners may hear of it a little later.
    MetadataImage image();

    /// Ends the calls of a listener; one may still be under way when `close` returns.
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
