package io.weirlog.server.internal;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.internal.v1.BrokerStanding;
import io.weirlog.internal.v1.BrokerWish;
import io.weirlog.internal.v1.ControllerServiceGrpc;
import io.weirlog.internal.v1.HeartbeatRequest;
import io.weirlog.internal.v1.HeartbeatResponse;
import io.weirlog.internal.v1.NotActive;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This broker's word to the active controller that it lives, and the controller's word what it may do.
///
/// ```
/// registered, fenced --SERVE: caught up--> in service --DRAIN: leaderships moved--> may stop --STOP--> fenced
/// ```
public final class BrokerLife implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerLife.class);
    /// Between two looks at what nothing announces: silence, and another controller's becoming active.
    private static final long LOOK_MILLIS = 50;
    private static final long SILENCE_MILLIS_MIN = 500;
    private static final long SILENCE_MILLIS_MAX = 1_500;
    /// A broker that stops does not wait for controllers that are not there.
    private static final long GIVE_UP_MILLIS = 1_000;
    private static final long BACKOFF_MILLIS_MIN = 20;
    private static final long BACKOFF_MILLIS_MAX = 250;

    private final NodeIdentity identity;
    private final Controllers controllers;
    private final NodeConnections connections;
    private final BrokerEpoch epoch;
    private final UUID incarnation;
    private final LongSupplier metadataIndex;
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-life").factory());

    private BrokerWish wish = BrokerWish.BROKER_WISH_SERVE;
    private Optional<BrokerStanding> standing = Optional.empty();
    private @Nullable Life current;
    private Optional<BrokerId> hint = Optional.empty();
    private long nextConnectMillis = nowMillis();
    private long backoffMillis = BACKOFF_MILLIS_MIN;
    private long answeredMillis = nowMillis();
    private boolean closed;

    /// @param metadataIndex up to which this broker has followed the metadata and taken its roles
    public BrokerLife(
            NodeIdentity identity,
            Controllers controllers,
            NodeConnections connections,
            BrokerEpoch epoch,
            UUID incarnation,
            LongSupplier metadataIndex) {
        this.identity = identity;
        this.controllers = controllers;
        this.connections = connections;
        this.epoch = epoch;
        this.incarnation = incarnation;
        this.metadataIndex = metadataIndex;
        var _ = timer.scheduleWithFixedDelay(this::check, 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    public BrokerEpoch epoch() {
        return epoch;
    }

    /// Completes with the cause if this life of the broker is over; the node must then stop.
    public CompletableFuture<Throwable> failure() {
        return failure.copy();
    }

    /// Whether the broker was in service when a controller last answered.
    public synchronized boolean inService() {
        return standing.filter(now -> !now.getFenced()).isPresent();
    }

    /// Waits until the broker is in service; false if the time was not enough.
    public boolean awaitInService(Duration timeout) throws InterruptedException {
        return await(now -> !now.getFenced(), timeout, timeout);
    }

    /// Asks for this broker's leaderships to be moved, and waits until those that can be have been.
    ///
    /// @return false if the time was not enough, or no controller answers
    public boolean drain(Duration timeout) throws InterruptedException {
        wish(BrokerWish.BROKER_WISH_DRAIN);
        return await(BrokerStanding::getMayStop, timeout, Duration.ofMillis(GIVE_UP_MILLIS));
    }

    /// Says that this broker has stopped serving, and waits until it is out of service.
    public boolean stopped(Duration timeout) throws InterruptedException {
        wish(BrokerWish.BROKER_WISH_STOP);
        return await(BrokerStanding::getFenced, timeout, Duration.ofMillis(GIVE_UP_MILLIS));
    }

    private synchronized void wish(BrokerWish next) {
        wish = next;
        // What was said before was no answer to this.
        standing = Optional.empty();
        if (current != null) {
            current.nextBeatMillis = nowMillis();
            checkIn(0);
        }
    }

    /// Heartbeats and new connections are not late by a look.
    private synchronized void checkIn(long millis) {
        if (!closed) {
            var _ = timer.schedule(this::check, millis, TimeUnit.MILLISECONDS);
        }
    }

    /// @param silenceMax gives up earlier, after no controller has answered for so long
    private synchronized boolean await(Predicate<BrokerStanding> condition, Duration timeout, Duration silenceMax)
            throws InterruptedException {
        long begun = nowMillis();
        while (standing.filter(condition).isEmpty()) {
            long now = nowMillis();
            long left = Math.min(
                    begun + timeout.toMillis() - now, Math.max(begun, answeredMillis) + silenceMax.toMillis() - now);
            if (left <= 0 || failure.isDone() || closed) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    private synchronized void check() {
        long now = nowMillis();
        var life = current;
        if (closed || failure.isDone()) {
            return;
        }
        if (life == null) {
            if (now >= nextConnectMillis) {
                connect(now);
            }
        } else if (controllers.isVoter()
                && controllers
                        .active()
                        .filter(active -> !active.equals(life.node))
                        .isPresent()) {
            // The quorum knows sooner than a silent connection tells, and the new one waits for a moment only.
            life.cancel("another controller is active");
            broken(life, "another one is active");
        } else if (now - life.heardMillis > life.silenceMillisMax) {
            life.cancel("the controller is silent");
            broken(life, "it is silent");
        } else if (now >= life.nextBeatMillis) {
            life.beat(now);
        }
    }

    private void connect(long now) {
        var node = hint.orElseGet(controllers::candidate);
        hint = Optional.empty();
        var life = new Life(node, now);
        current = life;
        try {
            connections.retryNow(controllers.address(node));
            ControllerServiceGrpc.newStub(connections.channel(controllers.address(node)))
                    .heartbeat(life);
            life.beat(now);
        } catch (IllegalStateException e) {
            broken(life, String.valueOf(e.getMessage()));
        }
    }

    private synchronized void broken(Life life, String reason) {
        if (current == life) {
            current = null;
            controllers.failed(life.node);
            connectIn(ThreadLocalRandom.current().nextLong(backoffMillis / 2, backoffMillis + 1));
            LOG.debug("the heartbeats to node {} ended: {}", life.node, reason);
        }
    }

    private void connectIn(long millis) {
        nextConnectMillis = nowMillis() + millis;
        backoffMillis = Math.min(BACKOFF_MILLIS_MAX, backoffMillis * 2);
        checkIn(millis);
    }

    private static long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (current != null) {
                current.cancel("the node stops");
            }
            notifyAll();
        }
        timer.shutdownNow();
    }

    /// One stream to one controller. Its fields are guarded by the broker's life.
    private final class Life implements ClientResponseObserver<HeartbeatRequest, HeartbeatResponse> {
        private final BrokerId node;
        private long heardMillis;
        private long nextBeatMillis;
        private long silenceMillisMax = SILENCE_MILLIS_MAX;
        private @Nullable ClientCallStreamObserver<HeartbeatRequest> call;

        Life(BrokerId node, long now) {
            this.node = node;
            this.heardMillis = now;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<HeartbeatRequest> started) {
            call = started;
        }

        void beat(long now) {
            var open = call;
            // Until the answer says when; an answer that is lost is made up for by silence.
            nextBeatMillis = now + SILENCE_MILLIS_MAX;
            if (open != null) {
                open.onNext(HeartbeatRequest.newBuilder()
                        .setCaller(identity.callerTo(node))
                        .setBrokerEpoch(epoch.value())
                        .setIncarnation(UnsafeByteOperations.unsafeWrap(new TopicId(incarnation).toBytes()))
                        .setMetadataIndex(metadataIndex.getAsLong())
                        .setWish(wish)
                        .build());
            }
        }

        void cancel(String reason) {
            var open = call;
            if (open != null) {
                open.cancel(reason, null);
            }
        }

        @Override
        public void onNext(HeartbeatResponse response) {
            synchronized (BrokerLife.this) {
                if (current != this) {
                    return;
                }
                switch (response.getAnswerCase()) {
                    case STANDING -> stands(response.getStanding());
                    case NOT_ACTIVE -> elsewhere(response.getNotActive());
                    case LIFE_OVER -> {
                        failure.completeAsync(() ->
                                new IllegalStateException(response.getLifeOver().getMessage()));
                        BrokerLife.this.notifyAll();
                    }
                    case ANSWER_NOT_SET -> {}
                }
            }
        }

        private void stands(BrokerStanding now) {
            heardMillis = nowMillis();
            answeredMillis = heardMillis;
            int interval = Math.max(1, now.getNextHeartbeatMillis());
            nextBeatMillis = heardMillis + interval;
            checkIn(interval);
            // Two and a half heartbeats: before a controller that takes over at once has lost its patience.
            silenceMillisMax = Math.clamp(interval * 5L / 2, SILENCE_MILLIS_MIN, SILENCE_MILLIS_MAX);
            backoffMillis = BACKOFF_MILLIS_MIN;
            if (standing.isPresent() && standing.get().getFenced() != now.getFenced()) {
                LOG.info("this broker is {}", now.getFenced() ? "out of service" : "in service");
            }
            standing = Optional.of(now);
            BrokerLife.this.notifyAll();
        }

        private void elsewhere(NotActive notActive) {
            current = null;
            controllers.failed(node);
            if (notActive.hasActiveNodeId() && notActive.getActiveNodeId() >= 0) {
                var active = new BrokerId(notActive.getActiveNodeId());
                controllers.tell(Optional.of(active));
                hint = controllers.known(active);
            }
            connectIn(hint.isPresent() ? 0 : backoffMillis);
            cancel("another controller is active");
        }

        @Override
        public void onError(Throwable problem) {
            broken(this, Problems.fromThrowable(problem).getMessage());
        }

        @Override
        public void onCompleted() {
            broken(this, "it ended the stream");
        }
    }
}
