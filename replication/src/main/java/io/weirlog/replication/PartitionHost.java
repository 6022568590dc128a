package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.LogConfig;
import io.weirlog.log.LogPoisonedException;
import io.weirlog.log.OwnerThread;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ProducerAdmission;
import io.weirlog.log.ProducerVerdict;
import io.weirlog.replication.PendingAppends.Pending;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One partition on this broker: its log, its role, and those who wait for it. Runs the effects of the role.
///
/// Everything but [#view], [#offer] and the watch methods is for the owner thread.
final class PartitionHost {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionHost.class);
    private static final int PENDING_APPENDS_MAX = 100_000;

    /// Changed by the owner; its id and its topic never are.
    private volatile PartitionAssignment assignment;
    private final BrokerId self;
    private final Shard shard;
    private final LogSyncer syncer;
    private final ReplicationClock clock;
    /// Makes a log ready to be led off the owner thread, and calls [#prepared] on it.
    private final BiConsumer<PartitionAssignment, PartitionLog> preparer;
    private final LogSyncer.Ticket syncTicket;
    private final List<AppendCommand> turn = new ArrayList<>();
    private final PendingAppends awaitingLocal = new PendingAppends(PENDING_APPENDS_MAX);
    private final PendingAppends awaitingHighWatermark = new PendingAppends(PENDING_APPENDS_MAX);
    private final WatermarkWatchers watchers = new WatermarkWatchers();
    /// Those who wait until the role is the assignment's.
    private final List<CompletableFuture<Void>> settling = new ArrayList<>();
    /// Of the assignments handed over so far. Written by the thread that hands them over.
    private volatile CompletableFuture<Void> settled = CompletableFuture.completedFuture(null);
    private volatile PartitionView view = new PartitionView.Opening();
    private @Nullable PartitionLog log;
    private @Nullable LeaderPartition leader;
    private @Nullable CompletableFuture<Void> quiet;
    /// Came after the assignment.
    private @Nullable LogConfig changedConfig;
    /// Its log is being made ready to be led, or opened.
    private boolean preparing = true;

    PartitionHost(
            BrokerId self,
            PartitionAssignment assignment,
            Shard shard,
            LogSyncer syncer,
            ReplicationClock clock,
            BiConsumer<PartitionAssignment, PartitionLog> preparer) {
        this.self = self;
        this.assignment = assignment;
        this.preparer = preparer;
        this.shard = shard;
        this.syncer = syncer;
        this.clock = clock;
        this.syncTicket = new LogSyncer.Ticket(
                () -> requireLog().sync(),
                end -> shard.executeFor(this, () -> step(new PartitionEvent.Synced(end))),
                failure -> shard.executeFor(this, () -> storageFailed(failure)));
    }

    String name() {
        return assignment.displayName();
    }

    PartitionAssignment assignment() {
        return assignment;
    }

    PartitionView view() {
        return view;
    }

    WatermarkWatchers watchers() {
        return watchers;
    }

    /// Completes once the role is that of the latest assignment handed over, whatever came of it.
    CompletableFuture<Void> settled() {
        return settled;
    }

    /// Hands the next assignment to the owner.
    void hand(PartitionAssignment next) {
        var signal = new CompletableFuture<Void>();
        settled = settled.isDone() ? signal : CompletableFuture.allOf(settled, signal);
        shard.executeFor(this, () -> assigned(next, signal));
    }

    /// The metadata have given the partition another role, or said the same again.
    ///
    /// | leads now | the new epoch | the new leader | then                                                      |
    /// |-----------|---------------|----------------|-----------------------------------------------------------|
    /// | yes       | the same      | itself         | goes on                                                   |
    /// | yes       | higher        | any            | resigns: whoever waits is told LEADERSHIP_LOST            |
    /// | no        | higher        | itself         | begins the epoch in its log, then leads (R4)              |
    /// | no        | higher        | another        | says so                                                   |
    /// | any       | lower         |                | ignores it: events are in order, so it is an old snapshot |
    private void assigned(PartitionAssignment next, CompletableFuture<Void> signal) {
        settling.add(signal);
        var before = assignment;
        if (before.leaderEpoch().isAfter(next.leaderEpoch()) || view instanceof PartitionView.Closed) {
            signalIfSettled();
            return;
        }
        assignment = next;
        if (next.leaderEpoch().isAfter(before.leaderEpoch())) {
            resign(next);
        }
        takeRole();
    }

    private void resign(PartitionAssignment next) {
        if (leader == null) {
            return;
        }
        leader = null;
        publish(new PartitionView.NotLeading(next.leader(), next.leaderEpoch()));
        turn.forEach(command -> command.refuse(refusal()));
        turn.clear();
        abandon(
                AppendResult.UnknownCause.LEADERSHIP_LOST,
                "broker " + self + " does not lead the partition any more, since leader epoch " + next.leaderEpoch());
    }

    /// Begins to take the role of the assignment, unless something is under way after which that is looked at again.
    private void takeRole() {
        var openLog = log;
        if (!preparing && openLog != null && leader == null) {
            if (leads(assignment)) {
                preparing = true;
                preparer.accept(assignment, openLog);
            } else if (!(view instanceof PartitionView.Failed)) {
                publish(new PartitionView.NotLeading(assignment.leader(), assignment.leaderEpoch()));
            }
        }
        signalIfSettled();
    }

    private boolean leads(PartitionAssignment wanted) {
        return wanted.leader().equals(Optional.of(self));
    }

    /// Its log is in the epoch of `ready`, and as safe as its durability says. It leads unless it was assigned anew
    /// meanwhile.
    void prepared(PartitionAssignment ready) {
        preparing = false;
        var openLog = log;
        if (openLog != null && leads(assignment) && assignment.leaderEpoch().equals(ready.leaderEpoch())) {
            leader = new LeaderPartition(
                    assignment.leaderEpoch(), assignment.logConfig().durability(), openLog.logEndOffset());
            publish(new PartitionView.Leading(assignment.leaderEpoch(), openLog.logEndOffset(), openLog));
        }
        takeRole();
    }

    private void signalIfSettled() {
        if (!preparing) {
            settling.forEach(signal -> signal.complete(null));
            settling.clear();
        }
    }

    /// Any thread: hands an append to the owner, or refuses it at once.
    void offer(AppendCommand command) {
        if (!shard.offer(this, command)) {
            command.refuse(new AppendRefusal.Overloaded("appends waiting for a shard"));
        }
    }

    /// Takes over a log that is open and recovered, and begins to take its role. False if the partition has been
    /// released meanwhile: then the log stays the caller's.
    boolean open(PartitionLog openLog) {
        if (view instanceof PartitionView.Closed) {
            return false;
        }
        Invariant.check(log == null, "%s is opened twice", name());
        log = openLog;
        preparing = false;
        if (changedConfig != null) {
            openLog.reconfigure(changedConfig);
        }
        takeRole();
        return true;
    }

    /// Keeps the log in another way from now on, or as soon as it is open.
    void reconfigure(LogConfig config) {
        changedConfig = config;
        if (log != null) {
            log.reconfigure(config);
        }
    }

    /// Stops serving: whoever waits is told that the outcome is unknown.
    void stop(String message) {
        leader = null;
        preparing = false;
        publish(new PartitionView.Failed(message));
        signalIfSettled();
        turn.forEach(command -> command.refuse(refusal()));
        turn.clear();
        abandon(AppendResult.UnknownCause.STORAGE_FAILED, message);
    }

    void collect(AppendCommand command) {
        turn.add(command);
    }

    boolean hasWaiters() {
        return !awaitingLocal.isEmpty() || !awaitingHighWatermark.isEmpty();
    }

    void expire(long nowNanos) {
        awaitingLocal.expire(nowNanos);
        awaitingHighWatermark.expire(nowNanos);
        signalIfQuiet();
    }

    /// Writes all that the turn collected, at once.
    void endTurn() {
        var collected = List.copyOf(turn);
        turn.clear();
        var openLog = log;
        var role = leader;
        if (openLog == null || role == null) {
            collected.forEach(command -> command.refuse(refusal()));
            return;
        }
        var admitted = admit(collected, openLog.admission());
        if (!admitted.accepted().isEmpty() && !write(admitted.accepted(), openLog, role)) {
            admitted.repeated().forEach(repeated -> {
                repeated.command().batch().close();
                repeated.command().complete(failedWrite("the log failed"));
            });
            return;
        }
        admitted.repeated().forEach(repeated -> answerRepeated(repeated, openLog, role));
    }

    /// A batch that is in the log already, or will be once the turn's appends are written.
    private record Repeated(AppendCommand command, ProducerVerdict.Duplicate original) {}

    /// What to append, in this order, and what to answer like its first coming.
    private record Admitted(List<AppendCommand> accepted, List<Repeated> repeated) {}

    private AppendRefusal refusal() {
        return switch (view) {
            case PartitionView.Opening() -> new AppendRefusal.NotLeader(Optional.empty(), assignment.leaderEpoch());
            case PartitionView.Leading leading -> throw new IllegalStateException("refused while leading " + leading);
            case PartitionView.NotLeading(var leaderId, var epoch) -> new AppendRefusal.NotLeader(leaderId, epoch);
            case PartitionView.Failed(var message) -> new AppendRefusal.StorageFailed(message);
            case PartitionView.Closed() -> new AppendRefusal.ShuttingDown();
        };
    }

    /// Refuses what is too late, unexpected or too much, and what its producer may not send now (P1).
    private Admitted admit(List<AppendCommand> collected, ProducerAdmission admission) {
        var admitted = new Admitted(new ArrayList<>(collected.size()), new ArrayList<>());
        var nowNanos = clock.nanoTime();
        var full = awaitingLocal.isFull() || awaitingHighWatermark.isFull();
        for (var command : collected) {
            if (command.deadlineNanos() - nowNanos <= 0) {
                command.refuse(new AppendRefusal.TimedOut());
            } else if (assignment.replicas().size() > 1) {
                // Until records reach the other replicas, acknowledging them would promise copies that do not exist.
                command.refuse(new AppendRefusal.Unreplicated());
            } else if (full) {
                command.refuse(new AppendRefusal.Overloaded("appends waiting for an acknowledgement"));
            } else {
                admit(command, admission, admitted);
            }
        }
        return admitted;
    }

    /// A repeated batch is asked for its first offset, any other for the log's end.
    private static void admit(AppendCommand command, ProducerAdmission admission, Admitted admitted) {
        var end = admission.endOffset();
        var expected = command.expectedBaseOffset();
        var isUnexpected = expected.isPresent() && !expected.get().equals(end);
        switch (admission.look(command.batch().buffer())) {
            case ProducerVerdict.Accepted()
            when isUnexpected -> command.refuse(new AppendRefusal.UnexpectedOffset(expected.get(), end));
            case ProducerVerdict.Accepted() -> {
                admission.take(command.batch().buffer());
                admitted.accepted().add(command);
            }
            case ProducerVerdict.Duplicate original
            when isUnexpected && !expected.get().equals(original.baseOffset()) ->
                command.refuse(new AppendRefusal.UnexpectedOffset(expected.get(), end));
            case ProducerVerdict.Duplicate original -> admitted.repeated().add(new Repeated(command, original));
            case ProducerVerdict.OutOfOrder(var wanted, var found) ->
                command.refuse(new AppendRefusal.OutOfOrderSequence(wanted, found));
            case ProducerVerdict.Fenced(var current, var found) ->
                command.refuse(new AppendRefusal.ProducerFenced(current, found));
            case ProducerVerdict.OutsideTransaction(var start) ->
                command.refuse(new AppendRefusal.OutsideTransaction(start));
        }
    }

    /// Answers as the first one was or will be: once that is as safe as the acks ask for.
    private void answerRepeated(Repeated repeated, PartitionLog openLog, LeaderPartition role) {
        var command = repeated.command();
        var original = repeated.original();
        command.batch().close();
        var epoch = openLog.epochAt(original.baseOffset()).orElse(role.epoch());
        var end = original.lastOffset().plus(1);
        await(command, end, appended(command, original.baseOffset(), epoch, role, original.timestampMillis()));
        awaitingLocal.completeUpTo(role.localEnd());
        if (view instanceof PartitionView.Leading leading) {
            awaitingHighWatermark.completeUpTo(leading.highWatermark());
        }
    }

    /// False if that failed: then the partition has stopped.
    private boolean write(List<AppendCommand> accepted, PartitionLog openLog, LeaderPartition role) {
        var wallMillis = clock.wallMillis();
        List<ByteBuffer> batches = new ArrayList<>(accepted.size());
        accepted.forEach(command -> batches.add(command.batch().buffer()));
        var base = openLog.logEndOffset();
        try {
            openLog.append(batches, role.epoch(), wallMillis);
        } catch (IOException e) {
            // Part of it may have reached the disk, and recovery keeps whole batches.
            var message = "writing failed: " + e.getMessage();
            accepted.forEach(command -> {
                command.batch().close();
                command.complete(failedWrite(message));
            });
            storageFailed(e);
            return false;
        }
        for (var command : accepted) {
            command.batch().close();
            var end = base.plus(command.recordCount());
            await(command, end, appended(command, base, role.epoch(), role, wallMillis));
            base = end;
        }
        Invariant.check(
                base.equals(openLog.logEndOffset()),
                "%s: appended to %s, ends at %s",
                name(),
                base,
                openLog.logEndOffset());
        step(new PartitionEvent.Appended(base));
        return true;
    }

    private static AppendResult.Unknown failedWrite(String message) {
        return new AppendResult.Unknown(AppendResult.UnknownCause.STORAGE_FAILED, message);
    }

    private void await(AppendCommand command, Offset end, AppendResult.Appended success) {
        switch (command.acks()) {
            case NONE -> command.complete(success);
            case LEADER -> awaitingLocal.add(new Pending(command, end, success));
            case ALL -> awaitingHighWatermark.add(new Pending(command, end, success));
        }
    }

    private static AppendResult.Appended appended(
            AppendCommand command, Offset base, LeaderEpoch epoch, LeaderPartition role, long wallMillis) {
        var holders = switch (command.acks()) {
            case NONE -> 0;
            case LEADER -> 1;
            case ALL -> role.inSyncReplicas();
        };
        return new AppendResult.Appended(base, command.recordCount(), epoch, wallMillis, holders, role.durability());
    }

    private void step(PartitionEvent event) {
        var role = leader;
        if (role == null) {
            return;
        }
        for (var effect : role.step(event)) {
            switch (effect) {
                case PartitionEffect.SyncLog() -> syncer.request(syncTicket);
                case PartitionEffect.AcknowledgeLocal(var end) -> awaitingLocal.completeUpTo(end);
                case PartitionEffect.AnnounceHighWatermark(var end) -> announce(end);
            }
        }
        signalIfQuiet();
    }

    private void announce(Offset highWatermark) {
        if (view instanceof PartitionView.Leading leading) {
            Invariant.check(
                    !highWatermark.isBefore(leading.highWatermark()),
                    "R7: the high watermark of %s went back to %s",
                    name(),
                    highWatermark);
            // Readers first: an acknowledged record is readable.
            view = leading.withHighWatermark(highWatermark);
            awaitingHighWatermark.completeUpTo(highWatermark);
            watchers.advancedTo(highWatermark);
        }
    }

    private void storageFailed(IOException failure) {
        if (leader == null) {
            return; // It has already stopped: a sync that was under way met a closed log.
        }
        LOG.error("{} takes no more writes: its log failed (L6)", name(), failure);
        stop("the log failed and takes no more writes until the node restarts: " + failure.getMessage());
    }

    private void abandon(AppendResult.UnknownCause cause, String message) {
        awaitingLocal.drain(pending -> new AppendResult.Unknown(cause, message));
        awaitingHighWatermark.drain(pending -> new AppendResult.Unknown(cause, message));
        signalIfQuiet();
    }

    /// Deletes what is older or more than the topic keeps.
    void applyRetention() {
        if (log != null && view instanceof PartitionView.Leading leading) {
            try {
                log.forgetIdleProducers(clock.wallMillis());
                var outcome = log.applyRetention(clock.wallMillis(), leading.highWatermark());
                if (outcome.segments() > 0) {
                    LOG.info(
                            "{}: retention deleted {} segments of {} bytes; the log begins at {} now",
                            name(),
                            outcome.segments(),
                            outcome.sizeBytes(),
                            log.logStartOffset());
                }
            } catch (IOException e) {
                storageFailed(e);
            }
        }
    }

    /// Does what compaction wants done to the log.
    void runForCleaner(OwnerThread.Step step) throws IOException {
        try {
            step.run();
        } catch (LogPoisonedException e) {
            storageFailed(e);
            throw e;
        }
    }

    /// Ends the partition's service and gives its log away, to be closed or deleted off the owner thread.
    Optional<PartitionLog> release() {
        endTurn();
        leader = null;
        preparing = false;
        publish(new PartitionView.Closed());
        signalIfSettled();
        abandon(AppendResult.UnknownCause.SHUTTING_DOWN, "the partition was closed before the acknowledgement");
        var released = Optional.ofNullable(log);
        log = null;
        return released;
    }

    /// Completes `signal` as soon as nothing waits for an acknowledgement.
    void whenQuiet(CompletableFuture<Void> signal) {
        quiet = signal;
        signalIfQuiet();
    }

    private void signalIfQuiet() {
        if (quiet != null && !hasWaiters()) {
            quiet.complete(null);
        }
    }

    private void publish(PartitionView newView) {
        view = newView;
        watchers.wakeAll();
    }

    private PartitionLog requireLog() throws IOException {
        // Read by a sync thread: the leading view carries the log safely across.
        if (view instanceof PartitionView.Leading leading) {
            return leading.log();
        }
        throw new IOException("the partition is closed");
    }
}
