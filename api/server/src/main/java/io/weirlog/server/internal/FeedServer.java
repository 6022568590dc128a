package io.weirlog.server.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.internal.v1.FeedHeartbeat;
import io.weirlog.internal.v1.FollowMetadataResponse;
import io.weirlog.internal.v1.MetadataChanges;
import io.weirlog.internal.v1.SnapshotChunk;
import io.weirlog.metadata.MetadataFeed;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.codec.EventCodec;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.controller.RecentChanges;
import io.weirlog.metadata.controller.RecentChanges.Next;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.server.ServerProblems;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends the metadata to nodes that follow them. Each follower is sent what it needs next whenever its transport has
/// room, so a slow one holds nothing but its own snapshot.
public final class FeedServer implements MetadataListener, AutoCloseable {
    static final Duration HEARTBEAT_INTERVAL = Duration.ofMillis(500);

    private static final Logger LOG = LoggerFactory.getLogger(FeedServer.class);
    private static final int EVENTS_KEPT_MAX = 50_000;
    private static final int FOLLOWERS_MAX = 2_000;
    private static final int CHUNK_BYTES_MAX = 256 * 1024;
    private static final int EVENTS_A_MESSAGE_MAX = 500;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-feed").factory());
    /// Held for moments: by the feed that adds and the thread that sends.
    private final ReentrantLock lock = new ReentrantLock();

    private final RecentChanges recent = new RecentChanges(EVENTS_KEPT_MAX);
    private final AtomicBoolean due = new AtomicBoolean();
    private final Set<Follower> followers = ConcurrentHashMap.newKeySet();
    private final MetadataFeed.Subscription subscription;

    /// One who follows; used by the sending thread.
    private static final class Follower {
        final ServerCallStreamObserver<FollowMetadataResponse> call;
        /// Parts of what was taken from [RecentChanges] and is not sent yet.
        final Deque<FollowMetadataResponse> parts = new ArrayDeque<>();
        long known;
        boolean spoke;

        Follower(ServerCallStreamObserver<FollowMetadataResponse> call, long known) {
            this.call = call;
            this.known = known;
        }
    }

    public FeedServer(MetadataFeed feed) {
        var millis = HEARTBEAT_INTERVAL.toMillis();
        var _ = thread.scheduleAtFixedRate(this::heartbeat, millis, millis, TimeUnit.MILLISECONDS);
        subscription = feed.subscribe(this);
    }

    /// @param known the follower has the metadata up to there; 0 for nothing
    void follow(long known, ServerCallStreamObserver<FollowMetadataResponse> call) {
        if (followers.size() >= FOLLOWERS_MAX) {
            call.onError(Problems.toStatus(ServerProblems.overloaded("followers of the metadata")));
            return;
        }
        var follower = new Follower(call, known);
        call.setOnCancelHandler(() -> followers.remove(follower));
        call.setOnReadyHandler(() -> execute(() -> send(follower)));
        followers.add(follower);
        execute(() -> send(follower));
    }

    @Override
    public void onSnapshot(MetadataImage image) {
        update(() -> recent.reset(image));
    }

    @Override
    public void onEvents(MetadataImage image, List<MetadataEvent> events) {
        update(() -> recent.add(image, events));
    }

    private void update(Runnable change) {
        lock.lock();
        try {
            change.run();
        } finally {
            lock.unlock();
        }
        if (due.compareAndSet(false, true)) {
            execute(() -> {
                due.set(false);
                followers.forEach(this::send);
            });
        }
    }

    private void send(Follower follower) {
        try {
            while (follower.call.isReady() && !follower.call.isCancelled()) {
                if (follower.parts.isEmpty() && !take(follower)) {
                    return;
                }
                follower.spoke = true;
                follower.call.onNext(follower.parts.remove());
            }
        } catch (RuntimeException e) {
            LOG.debug("a follower of the metadata went away", e);
            followers.remove(follower);
        }
    }

    /// Takes what the follower needs next; false if it has everything.
    private boolean take(Follower follower) {
        Next next;
        lock.lock();
        try {
            next = recent.next(follower.known);
        } finally {
            lock.unlock();
        }
        return switch (next) {
            case Next.Nothing() -> false;
            case Next.Snapshot(var image) -> {
                take(follower, image);
                yield true;
            }
            case Next.Change(var index, var events) -> {
                take(follower, index, events);
                yield true;
            }
        };
    }

    private static void take(Follower follower, MetadataImage image) {
        var bytes = UnsafeByteOperations.unsafeWrap(
                SnapshotCodec.encode(image.state().withoutRequests()));
        for (int from = 0; from < bytes.size(); from += CHUNK_BYTES_MAX) {
            ByteString data = bytes.substring(from, Math.min(bytes.size(), from + CHUNK_BYTES_MAX));
            follower.parts.add(FollowMetadataResponse.newBuilder()
                    .setSnapshot(SnapshotChunk.newBuilder()
                            .setIndex(image.index())
                            .setSizeBytes(bytes.size())
                            .setData(data))
                    .build());
        }
        follower.known = image.index();
    }

    private static void take(Follower follower, long index, List<MetadataEvent> events) {
        int from = 0;
        do {
            int to = Math.min(events.size(), from + EVENTS_A_MESSAGE_MAX);
            var changes = MetadataChanges.newBuilder().setIndex(index).setComplete(to == events.size());
            events.subList(from, to).forEach(event -> changes.addEvents(EventCodec.record(event)));
            follower.parts.add(
                    FollowMetadataResponse.newBuilder().setChanges(changes).build());
            from = to;
        } while (from < events.size());
        follower.known = index;
    }

    /// Sends everyone to another controller: this one hears of nothing any more.
    public void end() {
        subscription.close();
        execute(() -> {
            followers.forEach(follower -> refuse(follower.call));
            followers.clear();
        });
    }

    static void refuse(StreamObserver<FollowMetadataResponse> call) {
        try {
            call.onError(Problems.toStatus(ServerProblems.retryable(Problems.problem(
                    Status.Code.UNAVAILABLE,
                    ErrorReason.ERROR_REASON_METADATA_UNAVAILABLE,
                    "this node is not one of the controllers: follow another one"))));
        } catch (IllegalStateException alreadyEnded) {
            LOG.debug("a follower of the metadata had gone");
        }
    }

    private void heartbeat() {
        for (var follower : followers) {
            if (!follower.spoke && follower.call.isReady()) {
                var heartbeat = FeedHeartbeat.newBuilder().setIndex(follower.known);
                follower.parts.add(FollowMetadataResponse.newBuilder()
                        .setHeartbeat(heartbeat)
                        .build());
                send(follower);
            }
            follower.spoke = false;
        }
    }

    private void execute(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("the feed is closed");
        }
    }

    @Override
    public void close() {
        subscription.close();
        thread.shutdownNow();
    }
}
