package io.weirlog.client;

import com.google.protobuf.Duration;
import io.grpc.Status;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.Draining;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A consumer's stream through all its lives: opens it, and opens it again when it breaks or falls silent. Only
/// [#interrupt] and [#send] may come from another thread than the consumer's.
final class StreamLife {
    private static final Logger LOG = LoggerFactory.getLogger(StreamLife.class);
    /// How often to look whether the broker has fallen silent while nothing arrives.
    private static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /// A broker may always be silent for so long, or for the request timeout if that is shorter.
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int SILENT_HEARTBEATS_MAX = 3;

    private final Connections connections;
    private final Supplier<Address> broker;
    private final Owner owner;
    private final DataPlane dataPlane = new DataPlane(new ReceiveBuffers());
    private volatile @Nullable ConsumeStream stream;
    private volatile boolean interrupted;
    private int losses;
    private long lostSinceNanos;
    private long openAgainNanos = System.nanoTime();
    private long silenceNanosMax;
    private long tookNanos;

    /// Whose stream it is; told everything on the thread that calls [#next].
    interface Owner {
        /// How a new stream's messages come.
        ConsumeStream.Inbox inbox();

        /// What a new stream begins with.
        ConsumeInitial initial();

        /// Called when the broker is going to stop.
        ///
        /// @return whether to leave it at once; else the owner does ([#leave]) before the grace is over
        default boolean leavesAtOnce(Draining draining) {
            return true;
        }

        /// Whether a message is for the caller of [#next]; else it is dealt with.
        boolean isForCaller(ConsumeResponse message);

        /// Called now and then while the stream is waited for.
        void tick();

        /// The stream is over. The next one begins anew.
        void ended();

        /// Whether another stream may go on after a problem that ended one and will not pass by itself.
        default boolean outlives(Problem problem) {
            return false;
        }

        /// Whether the caller of [#next] had better look now.
        default boolean hasNews() {
            return false;
        }
    }

    /// @param broker whom to read from, asked anew for each stream
    StreamLife(Connections connections, Supplier<Address> broker, Owner owner) {
        this.connections = connections;
        this.broker = broker;
        this.owner = owner;
    }

    /// The next message for the caller, who closes it. Empty if there was none in time.
    ///
    /// @throws WeirlogException if a broker refuses for good, or none was reached for the request timeout
    Optional<Framed<ConsumeResponse>> next(long timeoutNanos) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + timeoutNanos;
        while (!interrupted && !owner.hasNews()) {
            var remainingNanos = deadlineNanos - System.nanoTime();
            var current = stream;
            if (current == null) {
                if (!open(remainingNanos)) {
                    return Optional.empty();
                }
                continue;
            }
            owner.tick();
            var event = current.take(Math.min(remainingNanos, CHECK_NANOS));
            if (event.isEmpty()) {
                breakIfSilent(current);
                if (remainingNanos <= 0) {
                    return Optional.empty();
                }
            } else if (event.get() instanceof ConsumeStream.Ended ended) {
                if (!interrupted) {
                    lost(current, ended.problem());
                }
            } else if (event.get() instanceof ConsumeStream.Arrived arrived) {
                tookNanos = System.nanoTime();
                if (isForCaller(current, arrived.message().message())) {
                    return Optional.of(arrived.message());
                }
                arrived.message().close();
            }
        }
        return Optional.empty();
    }

    private boolean isForCaller(ConsumeStream current, ConsumeResponse message) {
        if (message.hasInitial()) {
            losses = 0;
            connections.reached(current.address());
            var heartbeatNanos = nanos(message.getInitial().getHeartbeatInterval());
            silenceNanosMax = heartbeatNanos == 0
                    ? Long.MAX_VALUE
                    : Math.max(shortestSilenceNanos(), SILENT_HEARTBEATS_MAX * heartbeatNanos);
        } else if (message.hasDraining()) {
            LOG.info("{} is going to stop: reading on elsewhere", current.address());
            // Behind the same address there may be others, but not at the end of this connection.
            connections.unreachable(current.address(), current.channel());
            if (owner.leavesAtOnce(message.getDraining())) {
                over(current, "the broker is draining");
                delayNext(System.nanoTime());
            }
            return false;
        }
        return owner.isForCaller(message);
    }

    /// Ends the stream; the next [#next] opens another one.
    void leave() {
        var current = stream;
        if (current != null) {
            current.finish();
            stream = null;
            owner.ended();
        }
    }

    private void over(ConsumeStream current, String why) {
        current.close(why);
        stream = null;
        owner.ended();
    }

    /// False if it is too early to try again and will still be when `remainingNanos` have passed.
    private boolean open(long remainingNanos) throws InterruptedException {
        var delayNanos = openAgainNanos - System.nanoTime();
        if (delayNanos > 0) {
            connections.pause(TimeUnit.NANOSECONDS.toMillis(Math.max(0, Math.min(delayNanos, remainingNanos))));
            if (delayNanos > remainingNanos) {
                return false;
            }
        }
        var address = broker.get();
        var opened = new ConsumeStream(address, connections.channel(address), owner.inbox());
        silenceNanosMax = shortestSilenceNanos();
        tookNanos = System.nanoTime();
        opened.open(dataPlane, owner.initial());
        stream = opened;
        return true;
    }

    private void breakIfSilent(ConsumeStream current) {
        var quietNanos = System.nanoTime() - Math.max(tookNanos, current.heardNanos());
        if (quietNanos > silenceNanosMax) {
            lost(
                    current,
                    Problems.problem(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.ERROR_REASON_UNSPECIFIED,
                            current.address() + " was silent for " + TimeUnit.NANOSECONDS.toMillis(quietNanos)
                                    + " ms"));
        }
    }

    private long shortestSilenceNanos() {
        return Math.min(SILENCE_NANOS, connections.config().requestTimeout().toNanos());
    }

    private void lost(ConsumeStream current, Problem problem) {
        LOG.debug("lost {}: {}", current.address(), problem.getMessage());
        over(current, "it broke");
        if (RetryPolicy.isConnectionLoss(problem)) {
            connections.unreachable(current.address(), current.channel());
        }
        var nowNanos = System.nanoTime();
        delayNext(nowNanos);
        var givesUp = nowNanos - lostSinceNanos
                >= connections.config().requestTimeout().toNanos();
        if (givesUp || !(mayPass(problem, losses) || owner.outlives(problem))) {
            losses = 0;
            throw WeirlogException.of(problem);
        }
    }

    /// The next stream waits a little longer each time, until a broker has answered.
    private void delayNext(long nowNanos) {
        if (losses++ == 0) {
            lostSinceNanos = nowNanos;
        }
        var jitter = ThreadLocalRandom.current().nextDouble();
        openAgainNanos = nowNanos + TimeUnit.MILLISECONDS.toNanos(RetryPolicy.DEFAULT.delayMillis(losses, jitter));
    }

    /// Whether reading may work again without anybody doing something about it.
    static boolean mayPass(Problem problem, int attempts) {
        return !UnaryCalls.isAnswer(problem)
                && RetryPolicy.DEFAULT.repeatable(problem, attempts, Long.MAX_VALUE, 0) instanceof RetryPolicy.Retry;
    }

    /// Sends over the stream if there is one; another one begins anew.
    void send(ConsumeRequest.Builder request) {
        var current = stream;
        if (current != null) {
            current.send(request);
        }
    }

    /// Gives back what was taken from a credit, if that is worth a message.
    void replenish(CreditWindow credit) {
        var current = stream;
        if (current != null) {
            credit.replenish(!current.hasArrived())
                    .ifPresent(more -> current.send(ConsumeRequest.newBuilder().setCredit(more)));
        }
    }

    /// Ends the stream and every [#next] from now on.
    void interrupt() {
        interrupted = true;
        var current = stream;
        if (current != null) {
            current.close("the consumer is closed");
        }
    }

    static long nanos(Duration duration) {
        return TimeUnit.SECONDS.toNanos(duration.getSeconds()) + duration.getNanos();
    }
}
