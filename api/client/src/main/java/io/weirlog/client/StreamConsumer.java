package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The consumer over a `Consume` stream: everything happens on the thread that polls.
final class StreamConsumer extends ReadingConsumer {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final Problem MOVED = Problems.problem(
            Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NOT_LEADER, "the partition's leader has changed");

    private final ConsumeSession session;
    private final java.util.function.Consumer<Consumer> onClosed;
    /// Thrown by the next poll: this one had records to return.
    private @Nullable WeirlogException failure;
    /// Partitions that other brokers lead, and where those are; nobody has taken them over yet.
    private final Map<PartitionRef, Address> ledElsewhere = new LinkedHashMap<>();
    /// Partitions that other brokers would serve from closer by, and where those are.
    private final Map<PartitionRef, Address> preferred = new LinkedHashMap<>();

    /// @param broker whom to read from, asked anew for each stream
    /// @param onArrival told whenever a poll may find something, on any thread; must not block
    StreamConsumer(
            ConsumerOptions options,
            Admin admin,
            Connections connections,
            Supplier<Address> broker,
            Runnable onArrival,
            java.util.function.Consumer<Consumer> onClosed) {
        this(new ConsumeSession(options, connections, broker, onArrival), admin, options.maxPollRecords(), onClosed);
    }

    private StreamConsumer(
            ConsumeSession session, Admin admin, int recordsMax, java.util.function.Consumer<Consumer> onClosed) {
        super(new PartitionReader(session, admin, recordsMax));
        this.session = session;
        this.onClosed = onClosed;
    }

    /// The partitions that were found to be led by other brokers since this was asked before, and where those are.
    Map<PartitionRef, Address> takeLedElsewhere() {
        var taken = new LinkedHashMap<>(ledElsewhere);
        ledElsewhere.clear();
        return taken;
    }

    /// The same of partitions that had better be read elsewhere.
    Map<PartitionRef, Address> takePreferred() {
        var taken = new LinkedHashMap<>(preferred);
        preferred.clear();
        return taken;
    }

    /// Where it is in a partition, for another consumer to go on from.
    Optional<PartitionReading> handedOver(PartitionRef partition) {
        return use.alone(() -> session.reading(partition).map(PartitionReading::handedOver));
    }

    /// Goes on from where another consumer was: for the time before the first poll.
    void adopt(Collection<PartitionReading> handedOver) {
        session.adopt(handedOver);
    }

    /// Whether a stream has ended since this was asked before.
    boolean takeBroken() {
        return session.takeBroken();
    }

    /// Leaves a partition to another consumer.
    void giveAway(PartitionRef partition) {
        use.alone(() -> {
            session.reading(partition).ifPresent(reader::pause);
            return partition;
        });
    }

    /// Asks the broker again for a partition that was given away.
    ///
    /// @param position where the other consumer had come to, if it knew
    /// @param paused whether nothing of it is wanted now
    void takeBack(PartitionRef partition, Optional<PartitionReading> position, boolean paused) {
        use.alone(() -> {
            session.reading(partition).ifPresent(reading -> {
                if (reader.takeBack(reading, position, paused)) {
                    session.tryAgain(reading, MOVED);
                }
            });
            return partition;
        });
    }

    @Override
    public List<ConsumerRecord> poll(Duration timeout) {
        return use.alone(() -> {
            try {
                return poll(System.nanoTime()
                        + Checks.notNegative("timeout", timeout).toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw WeirlogException.local(
                        Status.Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "interrupted while polling");
            }
        });
    }

    private List<ConsumerRecord> poll(long deadlineNanos) throws InterruptedException {
        throwFailure();
        var records = new ArrayList<ConsumerRecord>();
        try {
            while (true) {
                reader.readInto(records);
                if (reader.isInBatch()) {
                    break;
                }
                session.replenish();
                var hasNews = !records.isEmpty() || !ledElsewhere.isEmpty() || !preferred.isEmpty();
                var message = session.next(hasNews ? 0 : deadlineNanos - System.nanoTime());
                if (message.isPresent()) {
                    handle(message.get());
                } else if (hasNews || deadlineNanos - System.nanoTime() <= 0) {
                    break;
                }
                use.checkOpen();
            }
        } catch (WeirlogException e) {
            failure = e;
        }
        if (records.isEmpty()) {
            throwFailure();
        }
        return records;
    }

    private void throwFailure() {
        var thrown = failure;
        failure = null;
        if (thrown != null) {
            throw thrown;
        }
    }

    private void handle(Framed<ConsumeResponse> framed) {
        var message = framed.message();
        if (message.hasBatch()) {
            reader.take(framed);
            return;
        }
        if (message.hasPreferred()) {
            var offer = message.getPreferred();
            session.reading(offer.getAssignment()).ifPresent(reading -> {
                reading.located();
                Address.tryParse(offer.getReplica().getAddress())
                        .ifPresent(address -> preferred.put(reading.partition(), address));
            });
        } else if (message.hasEndOfPartition()) {
            reader.endTold(message);
        } else {
            var problem = message.getProblem();
            session.reading(problem.getAssignment()).ifPresent(reading -> onProblem(reading, problem.getProblem()));
        }
        framed.close();
    }

    private void onProblem(PartitionReading reading, Problem problem) {
        var elsewhere = problem.getReason() == ErrorReason.ERROR_REASON_NOT_LEADER
                ? Address.tryParse(problem.getMetadataOrDefault("leader_address", ""))
                : Optional.<Address>empty();
        if (elsewhere.isPresent()) {
            // Its position may mean nothing: the broker could not look it up.
            reading.troubled(System.nanoTime());
            reading.complained();
            ledElsewhere.put(reading.partition(), elsewhere.get());
            return;
        }
        if (StreamLife.mayPass(problem, 1)) {
            session.tryAgain(reading, problem);
            return;
        }
        var failed = WeirlogException.of(problem);
        if (!PartitionReader.isLeftBehind(reading, failed)) {
            throw failed;
        }
    }

    @Override
    boolean hasToTell() {
        return failure != null;
    }

    @Override
    public void close() {
        use.end();
        session.interrupt();
        use.afterwards(
                () -> {
                    reader.drop();
                    // A poll that was under way may have opened another stream.
                    session.interrupt();
                },
                CLOSE_TIMEOUT);
        onClosed.accept(this);
    }
}
