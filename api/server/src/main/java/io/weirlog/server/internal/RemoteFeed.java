package io.weirlog.server.internal;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.common.InvariantViolation;
import io.weirlog.internal.v1.ControllerServiceGrpc;
import io.weirlog.internal.v1.FollowMetadataRequest;
import io.weirlog.internal.v1.FollowMetadataResponse;
import io.weirlog.internal.v1.MetadataChanges;
import io.weirlog.internal.v1.SnapshotChunk;
import io.weirlog.metadata.LocalFeed;
import io.weirlog.metadata.MetadataFeed;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.codec.EventCodec;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.wire.Problems;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The metadata of a node that is no voter: follows a controller, and another one when that falls silent. Goes on from
/// where it is wherever that is possible.
public final class RemoteFeed implements MetadataFeed, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteFeed.class);
    private static final Duration SILENCE_MAX = FeedServer.HEARTBEAT_INTERVAL.multipliedBy(5);
    private static final Duration CHECK_INTERVAL = Duration.ofMillis(100);
    private static final Duration BACKOFF_MAX = Duration.ofSeconds(2);
    private static final long SNAPSHOT_BYTES_MAX = 1L << 30;

    private final NodeIdentity identity;
    private final Controllers controllers;
    private final NodeConnections connections;
    private final LocalFeed feed;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-follow").factory());

    /// The stream in use; what an earlier one still brings is ignored. Guarded by `this`.
    private @Nullable Following current;

    private MetadataState state;
    private int failures;
    private long notBeforeNanos = System.nanoTime();
    private boolean closed;

    /// @param feed where to publish; goes on from its image, and is closed with this
    public RemoteFeed(NodeIdentity identity, Controllers controllers, NodeConnections connections, LocalFeed feed) {
        this.identity = identity;
        this.controllers = controllers;
        this.connections = connections;
        this.feed = feed;
        this.state = feed.image().state();
        var _ = watch.scheduleWithFixedDelay(this::check, 0, CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public Subscription subscribe(MetadataListener listener) {
        return feed.subscribe(listener);
    }

    @Override
    public MetadataImage image() {
        return feed.image();
    }

    /// Connects if nothing is connected, and gives up a stream that has been silent for too long.
    private synchronized void check() {
        long now = System.nanoTime();
        var following = current;
        if (closed || (following == null && now - notBeforeNanos < 0)) {
            return;
        }
        if (following == null) {
            connect();
        } else if (now - following.heardNanos > SILENCE_MAX.toNanos()) {
            following.cancel("nothing was heard of it for " + SILENCE_MAX);
            failed(following, "it fell silent");
        }
    }

    private void connect() {
        var node = controllers.next();
        var address = controllers.address(node);
        var following = new Following(node);
        current = following;
        var request = FollowMetadataRequest.newBuilder().setCaller(identity.callerTo(node));
        if (state.index() > 0) {
            request.setKnownIndex(state.index());
        }
        connections.retryNow(address);
        ControllerServiceGrpc.newStub(connections.channel(address)).followMetadata(request.build(), following);
    }

    private synchronized void failed(Following following, String reason) {
        if (current == following && !closed) {
            current = null;
            failures++;
            long backoffMillis = Math.min(BACKOFF_MAX.toMillis(), 50L << Math.min(failures, 8));
            // So that followers do not all come back at the same time.
            backoffMillis = ThreadLocalRandom.current().nextLong(backoffMillis / 2, backoffMillis + 1);
            notBeforeNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(backoffMillis);
            LOG.info("following the metadata from node {} ended ({}); trying another one", following.node, reason);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (current != null) {
                current.cancel("the node stops");
            }
        }
        watch.shutdownNow();
        feed.close();
    }

    /// One stream from one controller.
    private final class Following implements ClientResponseObserver<FollowMetadataRequest, FollowMetadataResponse> {
        private final BrokerId node;
        private final ByteArrayOutputStream snapshot = new ByteArrayOutputStream();
        private final List<MetadataEvent> events = new ArrayList<>();
        private volatile long heardNanos = System.nanoTime();
        private volatile @Nullable ClientCallStreamObserver<FollowMetadataRequest> call;

        Following(BrokerId node) {
            this.node = node;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<FollowMetadataRequest> started) {
            call = started;
        }

        void cancel(String reason) {
            var open = call;
            if (open != null) {
                open.cancel(reason, null);
            }
        }

        @Override
        public void onNext(FollowMetadataResponse response) {
            heardNanos = System.nanoTime();
            synchronized (RemoteFeed.this) {
                if (current != this) {
                    return;
                }
                try {
                    switch (response.getPartCase()) {
                        case SNAPSHOT -> chunk(response.getSnapshot());
                        case CHANGES -> changes(response.getChanges());
                        case HEARTBEAT, PART_NOT_SET -> {}
                    }
                    failures = 0;
                } catch (MalformedRecordException | InvariantViolation e) {
                    LOG.error("node {} sent metadata that cannot be followed; all are asked for anew", node, e);
                    state = MetadataState.EMPTY;
                    cancel("the metadata cannot be followed");
                    failed(this, String.valueOf(e.getMessage()));
                }
            }
        }

        private void chunk(SnapshotChunk chunk) throws MalformedRecordException {
            if (chunk.getSizeBytes() > SNAPSHOT_BYTES_MAX
                    || snapshot.size() + chunk.getData().size() > chunk.getSizeBytes()) {
                throw new MalformedRecordException("a snapshot of a wrong size");
            }
            snapshot.writeBytes(chunk.getData().toByteArray());
            if (snapshot.size() == chunk.getSizeBytes()) {
                var received = SnapshotCodec.decode(snapshot.toByteArray());
                snapshot.reset();
                if (received.index() < feed.image().index()) {
                    throw new MalformedRecordException("a snapshot of " + received.index() + ", before "
                            + feed.image().index());
                }
                state = received;
                feed.reset(received);
            }
        }

        private void changes(MetadataChanges changes) throws MalformedRecordException {
            for (var record : changes.getEventsList()) {
                events.add(EventCodec.event(record));
            }
            if (changes.getComplete()) {
                var all = List.copyOf(events);
                events.clear();
                state = state.followed(changes.getIndex(), all);
                feed.publish(state, all);
            }
        }

        @Override
        public void onError(Throwable failure) {
            failed(this, Problems.fromThrowable(failure).getMessage());
        }

        @Override
        public void onCompleted() {
            failed(this, "it ended the stream");
        }
    }
}
