package io.weirlog.client;

import io.weirlog.v1.ConsumeResponse;
import io.weirlog.wire.Framed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The group consumer over a `Consume` stream: everything but the answers to commits happens on the thread that
/// polls.
///
/// A change of the assignment is told only while a poll has no records to return: what it returns next time counts
/// as dealt with by then, and can be committed before partitions are let go.
final class StreamGroupConsumer extends ReadingConsumer implements GroupConsumer {
    private static final Logger LOG = LoggerFactory.getLogger(StreamGroupConsumer.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final GroupOptions options;
    private final GroupSession session;
    private final GroupAssignments assignments;
    private final GroupResets resets;
    private final GroupCommitter committer;
    private final java.util.function.Consumer<Consumer> onClosed;
    /// Thrown by the next poll: this one had records to return.
    private @Nullable WeirlogException failure;

    private boolean polling;

    StreamGroupConsumer(
            GroupOptions options, Admin admin, UnaryCalls calls, java.util.function.Consumer<Consumer> onClosed) {
        this(options, new GroupSession(options, calls), admin, calls, onClosed);
    }

    private StreamGroupConsumer(
            GroupOptions options,
            GroupSession session,
            Admin admin,
            UnaryCalls calls,
            java.util.function.Consumer<Consumer> onClosed) {
        super(new PartitionReader(session, admin, options.maxPollRecords()));
        this.options = options;
        this.session = session;
        this.assignments = session.assignments();
        this.resets = new GroupResets(options, session, reader);
        this.committer = new GroupCommitter(
                options, session, calls.connections().config().requestTimeout());
        this.onClosed = onClosed;
    }

    @Override
    public List<ConsumerRecord> poll(Duration wait) {
        return use.alone(() -> {
            if (polling) {
                throw new IllegalStateException("a rebalance listener must not poll");
            }
            polling = true;
            try {
                return poll(
                        System.nanoTime() + Checks.notNegative("timeout", wait).toNanos());
            } catch (InterruptedException e) {
                throw GroupCommitter.interrupted();
            } finally {
                polling = false;
            }
        });
    }

    private List<ConsumerRecord> poll(long deadlineNanos) throws InterruptedException {
        throwFailure();
        committer.commitIfDue();
        var records = new ArrayList<ConsumerRecord>();
        try {
            while (true) {
                if (assignments.hasChange()) {
                    if (!records.isEmpty()) {
                        break;
                    }
                    tellChanges();
                }
                reader.readInto(records);
                if (reader.isInBatch()) {
                    break;
                }
                session.replenish();
                var message = session.next(records.isEmpty() ? deadlineNanos - System.nanoTime() : 0);
                if (message.isPresent()) {
                    handle(message.get());
                } else if (!assignments.hasChange() && (!records.isEmpty() || deadlineNanos - System.nanoTime() <= 0)) {
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
        if (thrown != null) {
            // Who is fenced stays so.
            failure = thrown instanceof MemberFencedException ? thrown : null;
            tellChanges();
            throw thrown;
        }
    }

    private void handle(Framed<ConsumeResponse> framed) {
        var message = framed.message();
        if (message.hasBatch()) {
            reader.take(framed);
            return;
        }
        framed.close();
        if (message.hasEndOfPartition()) {
            reader.endTold(message);
        } else {
            var problem = message.getProblem();
            session.reading(problem.getAssignment())
                    .ifPresent(reading -> resets.onProblem(reading, problem.getProblem()));
        }
    }

    private void tellChanges() {
        for (var change = assignments.nextChange(); change.isPresent(); change = assignments.nextChange()) {
            var what = change.get();
            if (what instanceof GroupAssignments.Gained) {
                options.listener().onAssigned(this, what.partitions());
            } else if (what instanceof GroupAssignments.Lost) {
                reader.drop();
                options.listener().onLost(this, what.partitions());
            } else if (what instanceof GroupAssignments.ToLetGo going) {
                letGo(going);
            }
        }
    }

    private void letGo(GroupAssignments.ToLetGo going) {
        going.partitions().forEach(partition -> assignments.reading(partition).ifPresent(reader::drop));
        try {
            if (!going.partitions().isEmpty()) {
                options.listener().onRevoked(this, going.partitions());
            }
            committer.beforeLettingGo(going.partitions(), going.untilNanos());
        } finally {
            session.letGo(going.assignments());
        }
    }

    @Override
    public void commit() {
        committer.await(commitAsync());
    }

    @Override
    public void commit(Map<PartitionRef, GroupPosition> offsets) {
        committer.await(commitAsync(offsets));
    }

    @Override
    public CompletableFuture<Void> commitAsync() {
        return use.alone(() -> unlessFenced(committer::reached));
    }

    @Override
    public CompletableFuture<Void> commitAsync(Map<PartitionRef, GroupPosition> offsets) {
        return use.alone(() -> unlessFenced(() -> committer.positions(offsets)));
    }

    /// Nothing is left to commit by then: without this, that would look like success.
    private CompletableFuture<Void> unlessFenced(Supplier<CompletableFuture<Void>> commit) {
        return failure instanceof MemberFencedException fenced ? CompletableFuture.failedFuture(fenced) : commit.get();
    }

    @Override
    public Optional<String> memberId() {
        return use.alone(session::memberId);
    }

    @Override
    boolean hasToTell() {
        return failure != null || assignments.hasChange();
    }

    /// Lets the consumer commit nothing by itself any more.
    void abandon() {
        committer.abandon();
    }

    @Override
    public void close() {
        use.end();
        session.stopWaiting();
        use.afterwards(this::leave, CLOSE_TIMEOUT);
        session.interrupt();
        onClosed.accept(this);
    }

    private void leave() {
        reader.drop();
        polling = true;
        try {
            session.leaveWithin(CLOSE_TIMEOUT);
            tellChanges();
        } catch (RuntimeException e) {
            LOG.warn("group {} is left all the same: {}", options.groupId(), e.toString());
        }
    }
}
