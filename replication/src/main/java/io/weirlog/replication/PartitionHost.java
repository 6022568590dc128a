package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.Invariant;
import io.weirlog.common.Offset;
import io.weirlog.log.DiskFull;
import io.weirlog.log.LogPoisonedException;
import io.weirlog.log.OwnerThread;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SystemLimitException;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.ReplicaLag;
import io.weirlog.replication.core.StreamSession;
import io.weirlog.replication.link.FollowerStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One partition on this broker: its log, its role, and those who wait for it.
///
/// ```
/// log       assignment                  role
/// opening   any                         none; the newest assignment counts once the log is open
/// open      this broker leads           none until the epoch is begun durably (R4), then LeaderRole
/// open      another broker leads        FollowerRole
/// open      nobody leads                none
/// any       of the same leader epoch    the same as before, which is told of it
/// ```
///
/// Everything but [#view], [#offer] and the watch methods is for the owner thread.
final class PartitionHost {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionHost.class);
    private static final long WARNING_MILLIS = 1000;

    private final Shard shard;
    private final HostServices services;
    private final List<AppendCommand> turn = new ArrayList<>();
    private final WatermarkWatchers watchers = new WatermarkWatchers();
    /// Those who wait until the role is the assignment's.
    private final List<CompletableFuture<Void>> settling = new ArrayList<>();

    /// Of the assignments handed over so far. Written by the thread that hands them over.
    private volatile CompletableFuture<Void> settled = CompletableFuture.completedFuture(null);

    private volatile PartitionView view = new PartitionView.Opening();
    private @Nullable PartitionLog log;
    private LogSyncer.@Nullable Ticket syncTicket;
    private FlushPolicy flushes = new FlushPolicy(Offset.ZERO);

    private volatile PartitionAssignment assignment;
    private volatile Map<BrokerId, ReplicaLag> lags = Map.of();
    private @Nullable PartitionRole role;
    /// The epoch is being begun off this thread: nobody may touch the log.
    private boolean promoting;
    /// What could not be done because no file could be opened, until the next tick.
    private boolean roleIsMissing;

    private boolean syncIsMissing;
    /// It is out of service until its disk has room again.
    private boolean awaitsRoom;
    private long warnedMillis = Long.MIN_VALUE / 2;

    private Offset highWatermark = Offset.ZERO;
    private StreamSession lastSession;
    private @Nullable CompletableFuture<Void> quiet;

    private final Departure departure;
    /// Puts a new log in the place of one that is damaged, once this replica is not counted on any more.
    private @Nullable Runnable replacement;

    /// @param lastSession that no attempt of this replica to follow has the number of
    PartitionHost(PartitionAssignment assignment, Shard shard, HostServices services, StreamSession lastSession) {
        this.assignment = assignment;
        this.shard = shard;
        this.services = services;
        this.lastSession = lastSession;
        this.departure = new Departure(services.self());
    }

    String name() {
        return assignment.displayName();
    }

    PartitionAssignment assignment() {
        return assignment;
    }

    Shard shard() {
        return shard;
    }

    PartitionView view() {
        return view;
    }

    boolean isInSync() {
        return assignment.metadata().inSync().contains(services.self());
    }

    PartitionStatus status() {
        return PartitionStatus.of(assignment, view, lags);
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
        shard.executeFor(this, () -> {
            settling.add(signal);
            assign(next);
            signalIfSettled();
        });
    }

    private void signalIfSettled() {
        if (!promoting && (log != null || !(view instanceof PartitionView.Opening))) {
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

    // Roles.

    /// Takes over a log that is open and recovered. False if the partition has been released meanwhile: then the log
    /// stays the caller's.
    ///
    /// @param knownHighWatermark from the checkpoint, within the log: nothing below it is disputed
    boolean open(PartitionLog openLog, Offset knownHighWatermark) {
        if (view instanceof PartitionView.Closed) {
            return false;
        }
        Invariant.check(log == null, "%s is opened twice", name());
        log = openLog;
        syncTicket = services.syncer()
                .ticket(
                        openLog,
                        end -> shard.executeFor(this, () -> ifStill(openLog, this::synced)),
                        failure -> shard.executeFor(this, () -> ifStill(openLog, () -> syncFailed(failure))));
        flushes = new FlushPolicy(openLog.syncedOffset());
        // Of a log that is only opened anew it knows better itself.
        highWatermark =
                within(openLog, highWatermark.isBefore(knownHighWatermark) ? knownHighWatermark : highWatermark);
        // It may have changed while the log was being opened.
        openLog.reconfigure(assignment.logConfig());
        takeRole(openLog);
        signalIfSettled();
        return true;
    }

    private static Offset within(PartitionLog openLog, Offset offset) {
        var end = openLog.logEndOffset();
        return offset.isAfter(end) ? end : offset;
    }

    /// A log that was opened anew has nothing to do with what became of it before.
    private void ifStill(PartitionLog asked, Runnable task) {
        if (asked.equals(log)) {
            task.run();
        }
    }

    /// The metadata say something new of this partition; what is older than what is known is left out.
    private void assign(PartitionAssignment changed) {
        var known = assignment.metadata();
        if (changed.metadata().partitionEpoch() < known.partitionEpoch()) {
            return;
        }
        var sameTerm = changed.leaderEpoch().equals(known.leaderEpoch());
        var wasInSync = isInSync();
        assignment = changed;
        if (wasInSync && !isInSync()) {
            watchers.wakeAll(); // Whoever reads here has to go to the leader.
        }
        var openLog = log;
        if (openLog != null && !openLog.config().equals(changed.logConfig())) {
            openLog.reconfigure(changed.logConfig());
        }
        leaveIfFailed();
        if (openLog == null
                || promoting
                || view instanceof PartitionView.Failed
                || view instanceof PartitionView.Closed) {
            return;
        }
        if (sameTerm && role != null) {
            role.changed(changed);
        } else if (!sameTerm) {
            endRole(AppendResult.UnknownCause.LEADERSHIP_LOST, "another leader epoch began before the acknowledgement");
            takeRole(openLog);
        }
    }

    private void takeRole(PartitionLog openLog) {
        roleIsMissing = false;
        if (assignment.isLedBy(services.self())) {
            promote(openLog);
            return;
        }
        publish(new PartitionView.Following(assignment.leader(), assignment.leaderEpoch(), highWatermark, openLog));
        assignment.leader().ifPresent(leader -> {
            var follower =
                    FollowerRole.of(this, assignment, openLog, services.links().to(leader), highWatermark, lastSession);
            role = follower;
            follower.start();
        });
    }

    /// R4. Writing the epoch waits for the disk; a thousand partitions may have to at once.
    private void promote(PartitionLog openLog) {
        promoting = true;
        if (!(view instanceof PartitionView.Opening)) {
            publish(new PartitionView.Following(Optional.empty(), assignment.leaderEpoch(), highWatermark, openLog));
        }
        var promoted = assignment;
        services.blocking().execute(() -> {
            try {
                openLog.beginEpoch(promoted.leaderEpoch());
                if (promoted.logConfig().durability() == Durability.FSYNC
                        && openLog.logEndOffset().isAfter(openLog.logStartOffset())) {
                    // What recovery found may never have been synced, and leading it means calling it safe.
                    openLog.sync();
                }
                later(() -> promoted(promoted, openLog));
            } catch (SystemLimitException e) {
                later(() -> {
                    promoting = false;
                    limitReached(e);
                });
            } catch (IOException e) {
                later(() -> storageFailed(e));
            }
        });
    }

    private void later(Runnable task) {
        try {
            shard.executeFor(this, task);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: its shard has closed", name());
        }
    }

    private void promoted(PartitionAssignment promoted, PartitionLog openLog) {
        promoting = false;
        if (log == null || view instanceof PartitionView.Failed) {
            return; // Released meanwhile, or out of service.
        }
        if (!promoted.leaderEpoch().equals(assignment.leaderEpoch())) {
            takeRole(openLog);
            signalIfSettled();
            return;
        }
        var leader = new LeaderRole(this, assignment, openLog, highWatermark);
        role = leader;
        highWatermark = leader.highWatermark();
        view = new PartitionView.Leading(leader.epoch(), openLog.logEndOffset(), highWatermark, openLog);
        leader.start();
        publish(view);
        signalIfSettled();
    }

    private void endRole(AppendResult.UnknownCause cause, String message) {
        var ended = role;
        if (ended != null) {
            highWatermark = ended.highWatermark();
            if (ended instanceof FollowerRole follower) {
                lastSession = follower.session();
            }
            role = null;
            lags = Map.of();
            ended.end(cause, message);
        }
    }

    /// Stops serving: whoever waits is told that the outcome is unknown.
    void stop(String message) {
        endRole(AppendResult.UnknownCause.STORAGE_FAILED, message);
        publish(new PartitionView.Failed(message));
        turn.forEach(command -> command.refuse(refusal()));
        turn.clear();
        signalIfQuiet();
        signalIfSettled();
        leaveIfFailed();
    }

    /// The same for a log that is damaged: `replaced` is run once nobody counts on this replica any more, and is to
    /// end in [#open] or here again (L3).
    void stopUntilReplaced(String message, Runnable replaced) {
        replacement = replaced;
        stop(message);
    }

    /// Another partition has met a failure of the disk.
    void directoryFailed(Path folder) {
        awaitsRoom = false;
        var openLog = log;
        if (openLog != null
                && openLog.directory().startsWith(folder)
                && !(view instanceof PartitionView.Failed)
                && !(view instanceof PartitionView.Closed)) {
            promoting = false;
            stop("its data directory " + folder + " has failed");
        }
    }

    private void leaveIfFailed() {
        if (!(view instanceof PartitionView.Failed)) {
            return;
        }
        departure
                .ask(assignment, nowMillis())
                .ifPresent(proposal -> services.isrProposals()
                        .propose(
                                new IsrController.Change(assignment.id(), proposal),
                                outcome -> later(() -> departed(outcome))));
        var replaced = replacement;
        if (replaced != null && departure.isThrough(assignment)) {
            replacement = null;
            publish(new PartitionView.Opening());
            replaced.run();
        }
    }

    private void departed(IsrController.Outcome outcome) {
        departure.answered(outcome);
        leaveIfFailed();
    }

    // Appends.

    void collect(AppendCommand command) {
        turn.add(command);
    }

    boolean hasWaiters() {
        return role instanceof LeaderRole leader && leader.hasWaiters();
    }

    void expire(long nowNanos) {
        if (role instanceof LeaderRole leader) {
            leader.expire(nowNanos);
        }
        signalIfQuiet();
    }

    /// Writes all that the turn collected, at once.
    void endTurn() {
        var collected = List.copyOf(turn);
        turn.clear();
        if (role instanceof LeaderRole leader) {
            leader.append(collected);
        } else {
            collected.forEach(command -> command.refuse(refusal()));
        }
        signalIfQuiet();
    }

    private AppendRefusal refusal() {
        return switch (view) {
            case PartitionView.Opening() -> new AppendRefusal.NotLeader(Optional.empty(), assignment.leaderEpoch());
            case PartitionView.Leading leading -> throw new IllegalStateException("refused while leading " + leading);
            case PartitionView.Following following ->
                new AppendRefusal.NotLeader(following.leader(), following.epoch());
            case PartitionView.Failed(var message) -> new AppendRefusal.StorageFailed(message);
            case PartitionView.Closed() -> new AppendRefusal.ShuttingDown();
        };
    }

    // News for the role.

    /// Runs a task on the owner's thread if the role is still this one; `then` in any case.
    void whileIn(PartitionRole asked, Runnable task, Runnable then) {
        try {
            shard.executeFor(this, () -> {
                try {
                    if (asked.equals(role)) {
                        task.run();
                    }
                } finally {
                    then.run();
                }
            });
        } catch (RejectedExecutionException e) {
            then.run();
        }
    }

    void said(FollowerStream stream, FollowerMessage message) {
        if (role instanceof LeaderRole leader) {
            leader.said(stream, message);
            signalIfQuiet();
        } else if (message instanceof FollowerMessage.Open open) {
            stream.answer(assignment.id(), Refusals.notLeading(open, assignment.leaderEpoch()));
        }
    }

    void gone(FollowerStream stream) {
        if (role instanceof LeaderRole leader) {
            leader.gone(stream);
        }
    }

    void tick(long nowMillis) {
        leaveIfFailed();
        resumeIfThereIsRoom();
        makeUpFor();
        flushIfDue();
        if (role != null && assignment.metadata().replicas().size() > 1) {
            role.tick(nowMillis);
        }
    }

    private void makeUpFor() {
        var openLog = log;
        if (openLog == null || promoting || view instanceof PartitionView.Failed) {
            return;
        }
        if (roleIsMissing) {
            takeRole(openLog);
        }
        if (syncIsMissing) {
            syncIsMissing = false;
            requestSync();
        }
    }

    boolean hasRoomToFollow(PartitionLog followed) {
        return services.room().mayFollow(followed.directory());
    }

    /// Its disk is full, and nothing is broken: the replica leaves the in-sync set, and goes on once there is room.
    void outOfRoom(String message) {
        LOG.warn("{} is out of service: {}", name(), message);
        awaitsRoom = true;
        stop(message);
    }

    /// As what it is by then. If it was elected meanwhile no better one was left, and leading takes no room by itself.
    private void resumeIfThereIsRoom() {
        var openLog = log;
        if (!awaitsRoom || openLog == null || !(view instanceof PartitionView.Failed)) {
            return;
        }
        var needsNone = assignment.isLedBy(services.self()) && !openLog.isPoisoned();
        if (!openLog.mayBeReopened() || (!needsNone && !services.room().mayResume(openLog.directory()))) {
            return;
        }
        LOG.info("{} goes on: there is room on its disk", name());
        awaitsRoom = false;
        if (openLog.isPoisoned()) {
            log = null;
            syncTicket = null;
            publish(new PartitionView.Opening());
            services.reopening().accept(this, openLog);
        } else {
            takeRole(openLog);
        }
    }

    /// No file could be opened for what the role had to do, and nothing is broken: the role begins anew with a later
    /// tick.
    void limitReached(SystemLimitException limit) {
        if (log == null || view instanceof PartitionView.Failed) {
            return;
        }
        LOG.warn("{} tries again: {}", name(), limit.getMessage());
        endRole(AppendResult.UnknownCause.STORAGE_FAILED, "a file could not be opened: " + limit.getMessage());
        roleIsMissing = true;
        publish(new PartitionView.Following(Optional.empty(), assignment.leaderEpoch(), highWatermark, log));
        signalIfSettled();
    }

    /// A writer or the sync may try again, and nothing else has to be done.
    void warnOf(SystemLimitException limit) {
        if (nowMillis() - warnedMillis >= WARNING_MILLIS) {
            warnedMillis = nowMillis();
            LOG.warn("{}: {}", name(), limit.getMessage());
        }
    }

    private void syncFailed(IOException failure) {
        if (failure instanceof SystemLimitException limit) {
            LOG.warn("{} is synced a little later: {}", name(), limit.getMessage());
            syncIsMissing = true;
        } else {
            storageFailed(failure);
        }
    }

    private void synced() {
        if (role != null) {
            role.synced();
            signalIfQuiet();
        }
    }

    // For the role.

    BrokerId self() {
        return services.self();
    }

    ReplicationClock clock() {
        return services.clock();
    }

    long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(services.clock().nanoTime());
    }

    ReplicationStats stats() {
        return services.stats();
    }

    void publish(Map<BrokerId, ReplicaLag> newLags) {
        lags = newLags;
    }

    long lagMillisMax() {
        return services.lagMax().toMillis();
    }

    void requestSync() {
        var ticket = syncTicket;
        if (ticket != null) {
            services.syncer().request(ticket);
        }
    }

    /// Asks for the sync that nobody waits for. After each append, and with each tick.
    void flushIfDue() {
        var openLog = log;
        if (openLog != null && role != null && flushes.isDue(openLog.logEndOffset(), nowMillis(), openLog.config())) {
            requestSync();
        }
    }

    void propose(PartitionRole asks, IsrProposal proposal, Consumer<IsrController.Outcome> answer) {
        services.isrProposals()
                .propose(
                        new IsrController.Change(assignment.id(), proposal),
                        outcome -> whileIn(asks, () -> answer.accept(outcome), () -> {}));
    }

    /// Publishes a new high watermark.
    void announce(Offset newHighWatermark) {
        highWatermark = newHighWatermark;
        switch (view) {
            case PartitionView.Leading leading -> {
                Invariant.check(
                        !newHighWatermark.isBefore(leading.highWatermark()),
                        "R7: the high watermark of %s went back to %s",
                        name(),
                        newHighWatermark);
                view = leading.withHighWatermark(newHighWatermark);
            }
            case PartitionView.Following following -> view = following.withHighWatermark(newHighWatermark);
            case PartitionView.Opening opening -> {}
            case PartitionView.Failed failed -> {}
            case PartitionView.Closed closed -> {}
        }
    }

    void wakeReaders(Offset newHighWatermark) {
        watchers.advancedTo(newHighWatermark);
    }

    /// After a sync that failed nobody knows what is on the disk (L6), on a full one too; a write that found no room
    /// has only not been done.
    void storageFailed(IOException failure) {
        promoting = false;
        var failed = log;
        var hasStopped = view instanceof PartitionView.Failed;
        if (failed == null || (hasStopped && !awaitsRoom)) {
            return; // A sync that was under way met a log that had stopped before.
        }
        if (DiskFull.isCauseOf(failure) && !failed.hasSyncFailed()) {
            if (!hasStopped) {
                outOfRoom("its disk is full (" + failure.getMessage() + "): it goes on once there is room");
            }
            return;
        }
        awaitsRoom = false;
        LOG.error("{} takes no more writes: its log failed (L6)", name(), failure);
        stop("the log failed and takes no more writes until the node restarts: " + failure.getMessage());
        services.failures().failed(failed, failure);
    }

    /// The log has been cut: no note of its watermark may reach beyond its end.
    void logCut(PartitionLog cut) throws IOException {
        services.watermarks().cut(assignment.id(), cut);
    }

    // The log's upkeep.

    /// Deletes what is older or more than the topic keeps.
    void applyRetention() {
        var openLog = log;
        if (openLog == null || promoting || role == null) {
            return;
        }
        try {
            openLog.forgetIdleProducers(services.clock().wallMillis());
            var outcome = openLog.applyRetention(services.clock().wallMillis(), highWatermark);
            if (outcome.segments() > 0) {
                LOG.info(
                        "{}: retention deleted {} segments of {} bytes; the log begins at {} now",
                        name(),
                        outcome.segments(),
                        outcome.sizeBytes(),
                        openLog.logStartOffset());
            }
            if (role instanceof LeaderRole leader) {
                leader.logStartMayHaveMoved();
            }
        } catch (SystemLimitException e) {
            LOG.warn("{}: retention comes to it another time: {}", name(), e.getMessage());
        } catch (IOException e) {
            storageFailed(e);
        }
    }

    /// Deletes the records before an offset, or all below the high watermark, if this broker leads.
    DeletionResult deleteRecords(Optional<Offset> before) {
        try {
            return role instanceof LeaderRole leader
                    ? leader.deleteRecords(before)
                    : DeletionResult.withoutLeader(view);
        } catch (IOException e) {
            storageFailed(e);
            return new DeletionResult.StorageFailed("the log failed: " + e.getMessage());
        }
    }

    /// Does what compaction wants done to the log.
    void runForCleaner(OwnerThread.Step step) throws IOException {
        if (promoting) {
            throw new IOException(name() + " is about to change its role: its log is cleaned another time");
        }
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
        endRole(AppendResult.UnknownCause.SHUTTING_DOWN, "the partition was closed before the acknowledgement");
        promoting = false;
        publish(new PartitionView.Closed());
        signalIfQuiet();
        signalIfSettled();
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
}
