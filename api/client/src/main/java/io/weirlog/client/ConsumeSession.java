package io.weirlog.client;

import com.google.protobuf.Duration;
import io.grpc.Status;
import io.weirlog.v1.Assigned;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Pause;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Resume;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A consumer's stream through all its lives: opens it, and opens it again where reading stopped when it breaks. Only
/// [#interrupt] may come from another thread than the consumer's.
final class ConsumeSession {
    private static final Logger LOG = LoggerFactory.getLogger(ConsumeSession.class);
    /// How often to look whether the broker has fallen silent while nothing arrives.
    private static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /// A broker may always be silent for so long, or for the request timeout if that is shorter.
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int SILENT_HEARTBEATS_MAX = 3;

    private final ConsumerOptions options;
    private final Connections connections;
    private final Supplier<Address> broker;
    private final Runnable onArrival;
    private final DataPlane dataPlane = new DataPlane(BufferSource.HEAP);
    private final CreditWindow credit;
    private final Map<PartitionRef, PartitionReading> readings = new LinkedHashMap<>();
    private final Map<Integer, PartitionReading> byAssignment = new HashMap<>();
    private final Map<PartitionReading, Long> resumeAtNanos = new HashMap<>();
    private volatile @Nullable ConsumeStream stream;
    private volatile boolean interrupted;
    private int losses;
    private boolean broken;
    private long lostSinceNanos;
    private long openAgainNanos = System.nanoTime();
    private long silenceNanosMax;
    private long tookNanos;

    /// @param broker whom to read from, asked anew for each stream
    /// @param onArrival told of each event of a stream, on any thread; must not block
    ConsumeSession(ConsumerOptions options, Connections connections, Supplier<Address> broker, Runnable onArrival) {
        this.options = options;
        this.connections = connections;
        this.broker = broker;
        this.onArrival = onArrival;
        this.credit = new CreditWindow(options.bufferRecords(), options.bufferBytes());
    }

    /// Goes on from there, in place of where the options say: for the time before the first stream.
    void adopt(Collection<PartitionReading> handedOver) {
        handedOver.forEach(reading -> readings.put(reading.partition(), reading));
    }

    Collection<PartitionReading> readings() {
        return readings.values();
    }

    Optional<PartitionReading> reading(PartitionRef partition) {
        return Optional.ofNullable(readings.get(partition));
    }

    Optional<PartitionReading> reading(int assignment) {
        return Optional.ofNullable(byAssignment.get(assignment));
    }

    /// The next batch, end or problem of a partition; whoever gets it closes it. Empty if there was none in time.
    ///
    /// @throws WeirlogException if a broker refuses for good, or none was reached for the request timeout
    Optional<Framed<ConsumeResponse>> next(long timeoutNanos) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + timeoutNanos;
        while (!interrupted) {
            var remainingNanos = deadlineNanos - System.nanoTime();
            var current = stream;
            if (current == null) {
                if (!open(remainingNanos)) {
                    return Optional.empty();
                }
                continue;
            }
            resumeDue();
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
                if (isForReader(current, arrived.message())) {
                    return Optional.of(arrived.message());
                }
                arrived.message().close();
            }
        }
        return Optional.empty();
    }

    /// Handles what concerns the stream as a whole.
    private boolean isForReader(ConsumeStream current, Framed<ConsumeResponse> framed) {
        var message = framed.message();
        return switch (message.getResponseCase()) {
            case BATCH, END_OF_PARTITION, PROBLEM, PREFERRED -> true;
            case INITIAL -> {
                losses = 0;
                connections.reached(current.address());
                var heartbeatNanos = nanos(message.getInitial().getHeartbeatInterval());
                silenceNanosMax = heartbeatNanos == 0
                        ? Long.MAX_VALUE
                        : Math.max(shortestSilenceNanos(), SILENT_HEARTBEATS_MAX * heartbeatNanos);
                yield false;
            }
            case ASSIGNED -> {
                assigned(current, message.getAssigned());
                yield false;
            }
            case DRAINING -> {
                LOG.info("{} is going to stop: reading on elsewhere", current.address());
                connections.avoid(current.address());
                current.close("the broker is draining");
                stream = null;
                broken = true;
                yield false;
            }
            // Groups are not used here, and a later broker may say what this client does not know.
            case REVOKING, COMMITTED, LAG, HEARTBEAT, RESPONSE_NOT_SET -> false;
        };
    }

    private void assigned(ConsumeStream current, Assigned assigned) {
        for (var partition : assigned.getPartitionsList()) {
            var ref = new PartitionRef(partition.getTopic(), partition.getPartition());
            var known = readings.get(ref);
            if (known != null) {
                known.reassigned(partition.getAssignment());
            } else {
                known = new PartitionReading(
                        ref, partition.getTopicId(), partition.getAssignment(), partition.getStartOffset());
                readings.put(ref, known);
            }
            byAssignment.put(partition.getAssignment(), known);
        }
        var paused = readings.values().stream()
                .filter(PartitionReading::isPaused)
                .map(PartitionReading::assignment)
                .toList();
        if (!paused.isEmpty()) {
            current.send(ConsumeRequest.newBuilder().setPause(Pause.newBuilder().addAllAssignments(paused)));
        }
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
        var config = connections.config();
        var address = broker.get();
        var opened = new ConsumeStream(address, connections.channel(address), onArrival);
        byAssignment.clear();
        resumeAtNanos.clear();
        silenceNanosMax = shortestSilenceNanos();
        tookNanos = System.nanoTime();
        opened.open(dataPlane, Subscription.initial(options, readings.values(), credit.open(), config.clientId()));
        stream = opened;
        return true;
    }

    private void breakIfSilent(ConsumeStream current) {
        var quietNanos = System.nanoTime() - Math.max(tookNanos, current.heardNanos());
        if (quietNanos > silenceNanosMax) {
            current.close("silent for too long");
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
        stream = null;
        broken = true;
        LOG.debug("lost {}: {}", current.address(), problem.getMessage());
        if (RetryPolicy.isConnectionLoss(problem)) {
            connections.unreachable(current.address(), current.channel());
        }
        var nowNanos = System.nanoTime();
        if (losses++ == 0) {
            lostSinceNanos = nowNanos;
        }
        var jitter = ThreadLocalRandom.current().nextDouble();
        openAgainNanos = nowNanos + TimeUnit.MILLISECONDS.toNanos(RetryPolicy.DEFAULT.delayMillis(losses, jitter));
        var givesUp = nowNanos - lostSinceNanos
                >= connections.config().requestTimeout().toNanos();
        if (givesUp || !mayPass(problem, losses)) {
            losses = 0;
            throw WeirlogException.of(problem);
        }
    }

    /// Whether reading may work again without anybody doing something about it.
    static boolean mayPass(Problem problem, int attempts) {
        return !UnaryCalls.isAnswer(problem)
                && RetryPolicy.DEFAULT.repeatable(problem, attempts, Long.MAX_VALUE, 0) instanceof RetryPolicy.Retry;
    }

    /// Asks the broker to try again with a partition that is in passing trouble, after a while.
    ///
    /// @throws WeirlogException if it has been in trouble for the request timeout
    void tryAgain(PartitionReading reading, Problem problem) {
        var nowNanos = System.nanoTime();
        var attempts = reading.troubled(nowNanos);
        var decision = RetryPolicy.DEFAULT.repeatable(
                problem, attempts, Long.MAX_VALUE, ThreadLocalRandom.current().nextDouble());
        var delayMillis = decision instanceof RetryPolicy.Retry retry ? retry.delayMillis() : 0;
        resumeAtNanos.put(reading, nowNanos + TimeUnit.MILLISECONDS.toNanos(delayMillis));
        if (reading.troubledNanos(nowNanos)
                >= connections.config().requestTimeout().toNanos()) {
            reading.complained();
            throw WeirlogException.of(problem);
        }
    }

    private void resumeDue() {
        if (resumeAtNanos.isEmpty()) {
            return;
        }
        var nowNanos = System.nanoTime();
        var due = resumeAtNanos.entrySet().stream()
                .filter(entry -> nowNanos - entry.getValue() >= 0)
                .map(Map.Entry::getKey)
                .toList();
        for (var reading : due) {
            resumeAtNanos.remove(reading);
            if (!reading.isPaused()) {
                send(ConsumeRequest.newBuilder()
                        .setResume(Resume.newBuilder().addAllAssignments(List.of(reading.assignment()))));
            }
        }
    }

    /// Sends over the stream if there is one; another one begins with the readings as they are by then.
    void send(ConsumeRequest.Builder request) {
        var current = stream;
        if (current != null) {
            current.send(request);
        }
    }

    /// Whether a stream has ended since this was asked before.
    boolean takeBroken() {
        var was = broken;
        broken = false;
        return was;
    }

    /// Says that a batch message is dealt with.
    void done(int records, int bytes) {
        credit.done(records, bytes);
    }

    void replenish() {
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

    private static long nanos(Duration duration) {
        return TimeUnit.SECONDS.toNanos(duration.getSeconds()) + duration.getNanos();
    }
}
