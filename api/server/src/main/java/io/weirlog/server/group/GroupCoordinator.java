package io.weirlog.server.group;

import com.google.common.util.concurrent.MoreExecutors;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.PartitionLog;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.replication.Acks;
import io.weirlog.replication.AppendCommand;
import io.weirlog.replication.AppendResult;
import io.weirlog.replication.PartitionView;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.group.core.GroupConfig;
import io.weirlog.server.group.core.GroupEvent;
import io.weirlog.server.group.core.GroupMachine;
import io.weirlog.server.group.core.GroupReply;
import io.weirlog.server.group.core.GroupRequest;
import io.weirlog.server.group.core.HeldAnswers;
import io.weirlog.server.group.core.Now;
import io.weirlog.server.group.core.Outcome;
import io.weirlog.server.group.core.Ticket;
import io.weirlog.server.group.core.Topics;
import io.weirlog.wire.Payload;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the groups of one partition of `__offsets` while this broker leads it in one leader epoch: loads the machine
/// from
/// the log, appends what it decides, and gives an answer when what it rests on is committed in this epoch (G2).
///
/// | From | Event | To |
/// |---|---|---|
/// | waiting | the partition can be read as its leader in this epoch | loading |
/// | loading | all records are replayed | active |
/// | any | an append failed or is unknown, the epoch is over, the machine contradicts itself | ended |
///
/// Whoever is answered with nothing asks again: an ended coordinator is followed by another one, here or elsewhere.
/// Everything happens on one sequential executor.
final class GroupCoordinator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCoordinator.class);

    /// Requests that wait for their answers, long polls among them.
    private static final int REQUESTS_MAX = 50_000;

    private static final long APPEND_WAIT_MILLIS_MAX = 10_000;
    private static final long OPEN_CHECK_MILLIS = 20;

    private final TopicPartition partition;
    private final LeaderEpoch epoch;
    private final Surroundings surroundings;
    private final Runnable onEnd;
    private final Executor sequential;
    private final AtomicInteger requests = new AtomicInteger();
    private final Map<Ticket, CompletableFuture<Optional<GroupReply>>> waiting = new HashMap<>();
    private final GroupMachine machine;
    private @Nullable HeldAnswers held;
    private @Nullable ScheduledFuture<?> timer;
    private Topics topics = Topics.NONE;
    private Offset end = Offset.ZERO;
    private long nextTicket;
    private boolean active;
    private volatile boolean ended;

    /// What all coordinators have in common.
    ///
    /// @param decompressedBytesMax of one batch
    record Surroundings(
            Partitions partitions,
            GroupConfig config,
            ReplicationClock clock,
            Executor executor,
            ScheduledExecutorService timers,
            int decompressedBytesMax) {}

    /// @param onEnd called once, on any thread, when this coordinator has ended
    GroupCoordinator(TopicPartition partition, LeaderEpoch epoch, Surroundings surroundings, Runnable onEnd) {
        this.partition = partition;
        this.epoch = epoch;
        this.surroundings = surroundings;
        this.onEnd = onEnd;
        this.sequential = MoreExecutors.newSequentialExecutor(surroundings.executor());
        this.machine = new GroupMachine(surroundings.config());
    }

    LeaderEpoch epoch() {
        return epoch;
    }

    /// Any thread.
    boolean hasEnded() {
        return ended;
    }

    void begin(Topics known) {
        inTurn(() -> {
            topics = known;
            loadWhenLeading();
        });
    }

    /// Any thread.
    void topicsChanged(Topics now) {
        inTurn(() -> {
            topics = now;
            if (active) {
                step(new GroupEvent.TopicsChanged(now(), now));
            }
        });
    }

    /// Any thread. Completes with nothing if the answer will never be known here.
    CompletableFuture<Optional<GroupReply>> ask(GroupRequest request) {
        var answer = new CompletableFuture<Optional<GroupReply>>();
        if (requests.incrementAndGet() > REQUESTS_MAX) {
            requests.decrementAndGet();
            return CompletableFuture.completedFuture(Optional.of(GroupRefusals.tooManyRequests(REQUESTS_MAX)));
        }
        sequential.execute(() -> {
            if (ended) {
                complete(answer, Optional.empty());
            } else if (!active) {
                complete(answer, Optional.of(GroupRefusals.loading()));
            } else {
                var ticket = new Ticket(nextTicket++);
                waiting.put(ticket, answer);
                step(new GroupEvent.Requested(now(), ticket, request));
            }
        });
        return answer;
    }

    private void complete(CompletableFuture<Optional<GroupReply>> answer, Optional<GroupReply> reply) {
        requests.decrementAndGet();
        answer.complete(reply);
    }

    // Loading.

    private void loadWhenLeading() {
        var view = surroundings.partitions().view(partition);
        switch (view.orElseGet(PartitionView.Opening::new)) {
            case PartitionView.Leading leading when leading.epoch().equals(epoch) -> load(leading);
            case PartitionView.Leading leading
            when leading.epoch().isAfter(epoch) -> end("epoch " + leading.epoch() + " has begun");
            case PartitionView.Leading _, PartitionView.Following _, PartitionView.Opening _ ->
                timer = after(OPEN_CHECK_MILLIS, this::loadWhenLeading);
            case PartitionView.Failed(var message) -> end(message);
            case PartitionView.Closed() -> end("the partition is closed");
        }
    }

    private void load(PartitionView.Leading leading) {
        var log = leading.log();
        long beginNanos = surroundings.clock().nanoTime();
        end = log.logEndOffset();
        try {
            GroupLog.read(log, end, surroundings.decompressedBytesMax(), machine::replay);
        } catch (IOException | MalformedBatchException | InvariantViolation e) {
            LOG.error("the groups of {} cannot be loaded", partition, e);
            end("its groups cannot be loaded: " + e.getMessage());
            return;
        }
        LOG.info(
                "the groups of {} are loaded up to offset {} in epoch {}, after {} ms",
                partition,
                end,
                epoch,
                TimeUnit.NANOSECONDS.toMillis(surroundings.clock().nanoTime() - beginNanos));
        held = new HeldAnswers(epoch, end);
        active = true;
        watchLoaded(log);
        step(new GroupEvent.TopicsChanged(now(), topics));
        step(new GroupEvent.Loaded(now()));
    }

    /// Answers rest on what was loaded, too: that has to be committed in this epoch first.
    private void watchLoaded(PartitionLog log) {
        if (end.equals(Offset.ZERO)) {
            return;
        }
        var last = new Offset(end.value() - 1);
        surroundings
                .partitions()
                .watch(
                        partition,
                        last,
                        () -> inTurn(() -> {
                            switch (surroundings.partitions().view(partition).orElseGet(PartitionView.Closed::new)) {
                                case PartitionView.Leading leading
                                when leading.epoch().equals(epoch) && leading.log() == log -> {
                                    committed(leading.highWatermark());
                                    if (!leading.highWatermark().isAfter(last)) {
                                        watchLoaded(log);
                                    }
                                }
                                case PartitionView.Leading _,
                                        PartitionView.Following _,
                                        PartitionView.Opening _,
                                        PartitionView.Failed _,
                                        PartitionView.Closed _ -> end("it leads the partition no longer");
                            }
                        }));
    }

    // Deciding.

    private void step(GroupEvent event) {
        if (ended) {
            return;
        }
        try {
            carryOut(machine.step(event));
            scheduleTick();
        } catch (InvariantViolation e) {
            LOG.error("the groups of {} contradict themselves", partition, e);
            end(String.valueOf(e.getMessage()));
        }
    }

    private void carryOut(Outcome outcome) {
        var answers = held;
        if (answers == null) {
            return;
        }
        if (!outcome.records().isEmpty()) {
            append(outcome, answers);
        }
        tell(answers.hold(outcome.answers()));
    }

    private void append(Outcome outcome, HeldAnswers answers) {
        var count = outcome.records().size();
        var expected = end;
        end = new Offset(end.value() + count);
        answers.appended(end);
        var clock = surroundings.clock();
        var batch = GroupLog.encode(outcome.records(), clock.wallMillis());
        surroundings
                .partitions()
                .append(
                        partition,
                        new AppendCommand(
                                Payload.of(batch),
                                count,
                                Acks.ALL,
                                Optional.of(expected),
                                Optional.of(epoch),
                                clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(APPEND_WAIT_MILLIS_MAX),
                                result -> inTurn(() -> appended(result))));
    }

    private void appended(AppendResult result) {
        switch (result) {
            case AppendResult.Appended appended ->
                committed(new Offset(appended.baseOffset().value() + appended.recordCount()));
            case AppendResult.Repeated _ -> throw new IllegalStateException("it names no producer");
            case AppendResult.NotAppended(var refusal) -> end("an append was refused: " + refusal);
            case AppendResult.Unknown(var cause, var message) -> end("an append is unknown: " + cause + ", " + message);
        }
    }

    private void committed(Offset highWatermark) {
        var answers = held;
        if (answers != null && !ended) {
            tell(answers.committed(epoch, highWatermark));
        }
    }

    private void tell(List<Outcome.Answer> answers) {
        for (var answer : answers) {
            var asked = waiting.remove(answer.ticket());
            if (asked != null) {
                complete(asked, Optional.of(answer.reply()));
            }
        }
    }

    private void scheduleTick() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        var next = machine.nextTickMillis();
        if (!ended && next.isPresent()) {
            timer = after(
                    Math.max(1, next.getAsLong() - now().monotonicMillis()), () -> step(new GroupEvent.Tick(now())));
        }
    }

    private @Nullable ScheduledFuture<?> after(long millis, Runnable action) {
        try {
            return surroundings.timers().schedule(() -> inTurn(action), millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            end("the node stops");
            return null;
        }
    }

    private Now now() {
        var clock = surroundings.clock();
        return new Now(TimeUnit.NANOSECONDS.toMillis(clock.nanoTime()), clock.wallMillis());
    }

    private void inTurn(Runnable action) {
        sequential.execute(() -> {
            if (!ended) {
                action.run();
            }
        });
    }

    // The end.

    private void end(String why) {
        if (ended) {
            return;
        }
        ended = true;
        active = false;
        LOG.info("the coordinator of {} in epoch {} ends: {}", partition, epoch, why);
        if (timer != null) {
            timer.cancel(false);
        }
        var open = List.copyOf(waiting.values());
        waiting.clear();
        open.forEach(answer -> complete(answer, Optional.empty()));
        onEnd.run();
    }

    @Override
    public void close() {
        sequential.execute(() -> end("it leads the partition no longer"));
    }
}
