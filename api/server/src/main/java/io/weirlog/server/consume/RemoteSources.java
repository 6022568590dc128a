package io.weirlog.server.consume;

import io.grpc.Context;
import io.weirlog.common.BrokerId;
import io.weirlog.replication.Partitions;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Isolation;
import io.weirlog.v1.Problem;
import io.weirlog.wire.DataPlane;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/// Where a consumer stream reads the partitions that other brokers lead: one [ConsumeLink] for each of these.
///
/// When a partition gets another leader, or a link breaks, its cursor rests for a moment and then looks for the leader
/// again: the client sees no more than a pause. Used on the stream's sequential executor only.
final class RemoteSources implements AutoCloseable {
    private static final long LOOK_MILLIS = 500;
    private static final long NOTHING_YET = -1;

    private final Means means;
    private final Reader reader;
    private final Listener listener;
    private final Map<BrokerId, ConsumeLink> links = new HashMap<>();
    private final List<Cursor> resting = new ArrayList<>();
    private long lookedAtIndex = NOTHING_YET;
    private boolean looking;
    private boolean closed;

    /// What all streams have in common.
    record Means(Relay relay, TopicLookup topics, Partitions partitions, DataPlane methods) {}

    /// The client's stream.
    ///
    /// @param context of its call: streams opened in it end with it
    record Reader(Isolation isolation, Context context, Executor sequential) {}

    /// Whose cursors are read.
    interface Listener {
        /// The cursor may have something to deliver, or is to be routed again.
        void awaken(Cursor cursor);

        /// The cursor cannot go on.
        void halt(Cursor cursor, Problem problem);

        /// There is something to tell other leaders.
        void pump();
    }

    RemoteSources(Means means, Reader reader, Listener listener) {
        this.means = means;
        this.reader = reader;
        this.listener = listener;
    }

    Context context() {
        return reader.context();
    }

    Isolation isolation() {
        return reader.isolation();
    }

    void execute(Runnable task) {
        reader.sequential().execute(task);
    }

    /// The other broker from which the cursor is to be read; empty if this one is to try.
    Optional<BrokerId> elsewhere(Cursor cursor) {
        var leader = means.topics().ledElsewhere(cursor.id);
        return cursor.fromFollower && !cursor.notFromHere && means.partitions().isInSync(cursor.id)
                ? Optional.empty()
                : leader;
    }

    /// Begins to read the cursor from there.
    void attach(Cursor cursor, BrokerId leader) {
        var link = links.computeIfAbsent(leader, id -> new ConsumeLink(means, this, id));
        cursor.remote = link.join(cursor);
        lookLater();
    }

    /// The cursor finds nobody to read from: it tries again in a moment.
    void rest(Cursor cursor) {
        cursor.resting = true;
        if (resting.isEmpty()) {
            later(this::rested, Routes.BACKOFF_MILLIS);
        }
        resting.add(cursor);
    }

    private void rested() {
        var cursors = List.copyOf(resting);
        resting.clear();
        for (var cursor : cursors) {
            cursor.resting = false;
            listener.awaken(cursor);
        }
    }

    /// Tells the leaders what has changed.
    ///
    /// @param bytesWanted what the client may be sent now
    void flush(long bytesWanted) {
        List.copyOf(links.values()).forEach(link -> link.flush(bytesWanted));
    }

    void arrived(Cursor cursor) {
        listener.awaken(cursor);
    }

    void news() {
        listener.pump();
    }

    void lost(ConsumeLink link, List<RemoteReading> readings, Problem problem) {
        links.remove(link.leader(), link);
        for (var reading : readings) {
            var cursor = reading.cursor;
            cursor.release();
            if (problem.getReason() == ErrorReason.ERROR_REASON_OVERLOADED) {
                listener.halt(cursor, problem);
            } else {
                rest(cursor);
            }
        }
    }

    private void lookLater() {
        if (!looking) {
            looking = true;
            later(this::look, LOOK_MILLIS);
        }
    }

    /// Leaves leaders that are none any more, or say nothing: they would not tell.
    private void look() {
        looking = false;
        List.copyOf(links.values()).stream()
                .filter(ConsumeLink::isSilent)
                .forEach(link -> link.stop("it says nothing"));
        var index = means.topics().image().index();
        if (index != lookedAtIndex) {
            lookedAtIndex = index;
            List.copyOf(links.values()).forEach(link -> link.readings().forEach(this::follow));
        }
        if (!links.isEmpty()) {
            lookLater();
        }
    }

    private void follow(RemoteReading reading) {
        var cursor = reading.cursor;
        if (means.topics().ledElsewhere(cursor.id).equals(Optional.of(reading.leader()))) {
            return;
        }
        if (reading.hasArrived()) {
            // That is delivered first: the cursor goes on behind it.
            lookedAtIndex = NOTHING_YET;
        } else {
            cursor.release();
            listener.awaken(cursor);
        }
    }

    private void later(Runnable task, long millis) {
        if (closed) {
            return;
        }
        try {
            var _ = means.relay()
                    .timers()
                    .schedule(
                            () -> execute(() -> {
                                if (!closed) {
                                    task.run();
                                }
                            }),
                            millis,
                            TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The node is stopping: the stream is told so, too.
            closed = true;
        }
    }

    @Override
    public void close() {
        closed = true;
        List.copyOf(links.values()).forEach(link -> link.stop("the client's stream has ended"));
    }
}
