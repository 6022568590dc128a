package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Pause;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Resume;
import io.weirlog.v1.Seek;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The consumer over a `Consume` stream: everything happens on the thread that polls.
final class StreamConsumer implements Consumer {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final Problem MOVED = Problems.problem(
            Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NOT_LEADER, "the partition's leader has changed");

    private final ConsumerOptions options;
    private final Admin admin;
    private final ConsumeSession session;
    private final java.util.function.Consumer<Consumer> onClosed;
    private final SingleUser use = new SingleUser("consumer");
    /// The batch that is being returned; what arrived after it waits in the session.
    private @Nullable BatchCursor cursor;
    /// Thrown by the next poll: this one had records to return.
    private @Nullable WeirlogException failure;
    private long lastSeekId;
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
        this.options = options;
        this.admin = admin;
        this.session = new ConsumeSession(options, connections, broker, onArrival);
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
            session.reading(partition).ifPresent(reading -> {
                dropCursorOf(reading);
                reading.pause();
                session.send(
                        ConsumeRequest.newBuilder().setPause(Pause.newBuilder().addAssignments(reading.assignment())));
            });
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
                position.ifPresent(reached -> {
                    seekTo(reading, reached.position());
                    reading.sought(reached.position(), lastSeekId);
                    reading.broughtBack(reached);
                });
                if (!paused) {
                    reading.resume(position.isPresent() ? lastSeekId : 0);
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
                readCursor(records);
                if (cursor != null || failure != null) {
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

    private void readCursor(List<ConsumerRecord> records) {
        var current = cursor;
        if (current == null) {
            return;
        }
        try {
            if (current.readInto(records, options.maxPollRecords())) {
                dropCursor();
            }
        } catch (MalformedBatchException e) {
            var reading = current.reading();
            dropCursor();
            reading.unreadable();
            failure = corrupt(reading, e);
        }
    }

    private static WeirlogException corrupt(PartitionReading reading, MalformedBatchException cause) {
        return WeirlogException.of(Problems.problem(
                Status.Code.DATA_LOSS,
                ErrorReason.ERROR_REASON_BATCH_CORRUPT,
                "the batch of " + reading.partition() + " at offset " + reading.position() + " is damaged ("
                        + cause.getMessage() + "): seek the same offset to read it again, or a later one to skip it",
                Map.of("offset", Long.toString(reading.position()))));
    }

    private void dropCursor() {
        var current = cursor;
        if (current != null) {
            session.done(current.recordsTaken(), current.bytesTaken());
            current.close();
            cursor = null;
        }
    }

    private void handle(Framed<ConsumeResponse> framed) {
        var message = framed.message();
        if (message.hasBatch()) {
            var batch = message.getBatch();
            var reading = session.reading(batch.getAssignment());
            if (reading.isPresent() && reading.get().accepts(batch)) {
                cursor = new BatchCursor(reading.get(), framed);
                return;
            }
            reading.ifPresent(PartitionReading::discarded);
            session.done(batch.getRecordCount(), framed.payload().length());
        } else if (message.hasPreferred()) {
            var offer = message.getPreferred();
            session.reading(offer.getAssignment()).ifPresent(reading -> {
                reading.located();
                Address.tryParse(offer.getReplica().getAddress())
                        .ifPresent(address -> preferred.put(reading.partition(), address));
            });
        } else if (message.hasEndOfPartition()) {
            var end = message.getEndOfPartition();
            session.reading(end.getAssignment()).ifPresent(reading -> reading.endTold(end.getNextOffset()));
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
        if (ConsumeSession.mayPass(problem, 1)) {
            session.tryAgain(reading, problem);
            return;
        }
        var failed = WeirlogException.of(problem);
        var isLeftBehind = failed instanceof OffsetOutOfRangeException outOfRange
                && reading.hasSought()
                && outOfRange.offset() != reading.position();
        if (!isLeftBehind) {
            throw failed;
        }
    }

    @Override
    public Set<PartitionRef> assignment() {
        return use.alone(() -> partitions(reading -> true));
    }

    @Override
    public Set<PartitionRef> paused() {
        return use.alone(() -> partitions(PartitionReading::isPaused));
    }

    private Set<PartitionRef> partitions(Predicate<PartitionReading> which) {
        return session.readings().stream()
                .filter(which)
                .map(PartitionReading::partition)
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public OptionalLong position(PartitionRef partition) {
        return use.alone(() -> session.reading(partition)
                .filter(reading -> !reading.isStartUnknown())
                .map(reading -> OptionalLong.of(reading.position()))
                .orElse(OptionalLong.empty()));
    }

    @Override
    public void seek(PartitionRef partition, StartAt position) {
        use.alone(() -> {
            var reading = assigned(partition);
            var target = position instanceof StartAt.AtOffset at ? at.offset() : lookUp(partition, position);
            dropCursorOf(reading);
            seekTo(reading, target);
            reading.sought(target, lastSeekId);
            return partition;
        });
    }

    private void seekTo(PartitionReading reading, long target) {
        session.send(ConsumeRequest.newBuilder()
                .setSeek(Seek.newBuilder()
                        .setSeekId(++lastSeekId)
                        .setAssignment(reading.assignment())
                        .setPosition(ToProto.start(StartAt.offset(target)))));
    }

    /// Asked apart from the stream, so that the position is known before anything arrives from there.
    private long lookUp(PartitionRef partition, StartAt position) {
        var offset = admin.listOffsets(List.of(partition), position).get(0).offset();
        return offset.orElseGet(() -> admin.listOffsets(List.of(partition), StartAt.latest())
                .get(0)
                .offset()
                .orElseThrow());
    }

    @Override
    public void pause(Collection<PartitionRef> partitions) {
        use.alone(() -> {
            for (var partition : partitions) {
                var reading = assigned(partition);
                dropCursorOf(reading);
                reading.pause();
                session.send(
                        ConsumeRequest.newBuilder().setPause(Pause.newBuilder().addAssignments(reading.assignment())));
            }
            return partitions;
        });
    }

    @Override
    public void resume(Collection<PartitionRef> partitions) {
        use.alone(() -> {
            for (var partition : partitions) {
                var reading = assigned(partition);
                if (reading.isPaused()) {
                    // What was sent before and while it was paused was thrown away.
                    seekTo(reading, reading.position());
                    reading.resume(lastSeekId);
                    session.send(ConsumeRequest.newBuilder()
                            .setResume(Resume.newBuilder().addAssignments(reading.assignment())));
                }
            }
            return partitions;
        });
    }

    private void dropCursorOf(PartitionReading reading) {
        if (cursor != null && cursor.reading().equals(reading)) {
            dropCursor();
        }
    }

    private PartitionReading assigned(PartitionRef partition) {
        return session.reading(partition)
                .orElseThrow(() -> new IllegalStateException(
                        partition + " is not assigned to this consumer: poll until assignment() has it"));
    }

    @Override
    public boolean caughtUp() {
        return use.alone(() -> {
            var active = session.readings().stream()
                    .filter(reading -> !reading.isPaused())
                    .toList();
            return cursor == null
                    && failure == null
                    && !session.readings().isEmpty()
                    && active.stream().allMatch(PartitionReading::isAtEnd);
        });
    }

    @Override
    public boolean caughtUp(PartitionRef partition) {
        return use.alone(() ->
                session.reading(partition).filter(PartitionReading::isAtEnd).isPresent());
    }

    @Override
    public void close() {
        use.end();
        session.interrupt();
        use.afterwards(
                () -> {
                    dropCursor();
                    // A poll that was under way may have opened another stream.
                    session.interrupt();
                },
                CLOSE_TIMEOUT);
        onClosed.accept(this);
    }
}
