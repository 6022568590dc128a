package io.weirlog.replication;

import io.weirlog.common.Offset;
import io.weirlog.log.LogPoisonedException;
import io.weirlog.log.OwnerThread;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SystemLimitException;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.StreamSession;
import io.weirlog.replication.link.FollowerStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One partition on this broker: takes what comes for it, turn by turn, to its log and its role, and tells those who
/// wait for it to settle or to be quiet.
///
/// Its log is in [ReplicaLog], its role in [RoleKeeper], what its disk does to it in [Outages], and what others see of
/// it in [PublishedView].
///
/// For any thread: [#assignment], [#view], [#isInSync], [#status], [#settled], [#watch], [#offer] and [#later]. For the
/// one thread that hands assignments over: [#hand]. Everything else is for the owner thread.
final class PartitionHost {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionHost.class);

    private final Shard shard;
    private final HostServices services;
    private final PublishedView published;
    private final ReplicaLog log;
    private final RoleKeeper roles;
    private final Outages outages;

    private volatile PartitionAssignment assignment;
    /// Those who wait until the role is the assignment's.
    private final List<CompletableFuture<Void>> settling = new ArrayList<>();

    /// Of the assignments handed over so far. Written by the thread that hands them over.
    private volatile CompletableFuture<Void> settled = CompletableFuture.completedFuture(null);

    private final List<AppendCommand> turn = new ArrayList<>();
    private @Nullable CompletableFuture<Void> quiet;

    /// @param lastSession that no attempt of this replica to follow has the number of
    PartitionHost(PartitionAssignment assignment, Shard shard, HostServices services, StreamSession lastSession) {
        this.assignment = assignment;
        this.shard = shard;
        this.services = services;
        this.published = new PublishedView(assignment.displayName());
        this.log = new ReplicaLog(this, services.syncer());
        this.roles = new RoleKeeper(this, lastSession);
        this.outages = new Outages(this);
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

    HostServices services() {
        return services;
    }

    PublishedView published() {
        return published;
    }

    ReplicaLog log() {
        return log;
    }

    RoleKeeper roles() {
        return roles;
    }

    Outages outages() {
        return outages;
    }

    // Any thread.

    PartitionView view() {
        return published.current();
    }

    boolean isInSync() {
        return assignment.metadata().inSync().contains(services.self());
    }

    PartitionStatus status() {
        return PartitionStatus.of(assignment, published.current(), published.lags());
    }

    /// See [Partitions#watch].
    Partitions.Watch watch(Offset at, Runnable wake) {
        return published.watch(at, wake, this::isInSync);
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

    /// Hands an append to the owner, or refuses it at once.
    void offer(AppendCommand command) {
        if (!shard.offer(this, command)) {
            command.refuse(new AppendRefusal.Overloaded("appends waiting for a shard"));
        }
    }

    /// Hands a task to the owner, unless that has ended.
    void later(Runnable task) {
        try {
            shard.executeFor(this, task);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: its shard has closed", name());
        }
    }

    // From the beginning to the end.

    /// Takes over a log that is open and recovered. False if the partition has been released meanwhile: then the log
    /// stays the caller's.
    ///
    /// @param knownHighWatermark from the checkpoint, within the log: nothing below it is disputed
    boolean open(PartitionLog openLog, Offset knownHighWatermark) {
        if (published.isClosed()) {
            return false;
        }
        log.open(openLog);
        // Of a log that is only opened anew it knows better itself.
        var highWatermark = published.highWatermark();
        published.know(
                within(openLog, highWatermark.isBefore(knownHighWatermark) ? knownHighWatermark : highWatermark));
        // It may have changed while the log was being opened.
        openLog.reconfigure(assignment.logConfig());
        roles.take(openLog);
        signalIfSettled();
        return true;
    }

    private static Offset within(PartitionLog openLog, Offset offset) {
        var end = openLog.logEndOffset();
        return offset.isAfter(end) ? end : offset;
    }

    /// The metadata say something new of this partition; what is older than what is known is left out.
    private void assign(PartitionAssignment changed) {
        var known = assignment;
        if (changed.metadata().partitionEpoch() < known.metadata().partitionEpoch()) {
            return;
        }
        var wasInSync = isInSync();
        assignment = changed;
        if (wasInSync && !isInSync()) {
            published.wakeAll(); // Whoever reads here has to go to the leader.
        }
        log.reconfigure(changed.logConfig());
        outages.leaveIfFailed();
        if (!roles.isPromoting() && !published.isFailed() && !published.isClosed()) {
            log.current().ifPresent(openLog -> roles.changed(known, changed, openLog));
        }
    }

    void signalIfSettled() {
        if (!roles.isPromoting() && (log.isOpen() || !(published.current() instanceof PartitionView.Opening))) {
            settling.forEach(signal -> signal.complete(null));
            settling.clear();
        }
    }

    /// Stops serving: whoever waits is told that the outcome is unknown.
    void stop(String message) {
        roles.end(AppendResult.UnknownCause.STORAGE_FAILED, message);
        published.publish(new PartitionView.Failed(message));
        turn.forEach(command -> command.refuse(refusal()));
        turn.clear();
        signalIfQuiet();
        signalIfSettled();
        outages.leaveIfFailed();
    }

    /// Ends the partition's service and gives its log away, to be closed or deleted off the owner thread.
    Optional<PartitionLog> release() {
        endTurn();
        roles.end(AppendResult.UnknownCause.SHUTTING_DOWN, "the partition was closed before the acknowledgement");
        roles.forgetPromotion();
        published.publish(new PartitionView.Closed());
        signalIfQuiet();
        signalIfSettled();
        return log.letGo();
    }

    // Appends.

    void collect(AppendCommand command) {
        turn.add(command);
    }

    boolean hasWaiters() {
        return roles.leader().map(LeaderRole::hasWaiters).orElse(false);
    }

    void expire(long nowNanos) {
        roles.leader().ifPresent(leader -> leader.expire(nowNanos));
        signalIfQuiet();
    }

    /// Writes all that the turn collected, at once.
    void endTurn() {
        var collected = List.copyOf(turn);
        turn.clear();
        roles.leader()
                .ifPresentOrElse(
                        leader -> leader.append(collected),
                        () -> collected.forEach(command -> command.refuse(refusal())));
        signalIfQuiet();
    }

    private AppendRefusal refusal() {
        return switch (published.current()) {
            case PartitionView.Opening() -> new AppendRefusal.NotLeader(Optional.empty(), assignment.leaderEpoch());
            case PartitionView.Leading leading -> throw new IllegalStateException("refused while leading " + leading);
            case PartitionView.Following following ->
                new AppendRefusal.NotLeader(following.leader(), following.epoch());
            case PartitionView.Failed(var message) -> new AppendRefusal.StorageFailed(message);
            case PartitionView.Closed() -> new AppendRefusal.ShuttingDown();
        };
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

    // News for the role.

    void said(FollowerStream stream, FollowerMessage message) {
        var leader = roles.leader();
        if (leader.isPresent()) {
            leader.get().said(stream, message);
            signalIfQuiet();
        } else if (message instanceof FollowerMessage.Open open) {
            stream.answer(assignment.id(), Refusals.notLeading(open, assignment.leaderEpoch()));
        }
    }

    void gone(FollowerStream stream) {
        roles.leader().ifPresent(leader -> leader.gone(stream));
    }

    void tick(long nowMillis) {
        outages.tick();
        makeUpFor();
        flushIfDue();
        if (assignment.metadata().replicas().size() > 1) {
            roles.current().ifPresent(role -> role.tick(nowMillis));
        }
    }

    /// Tries again what no file could be opened for.
    private void makeUpFor() {
        var openLog = log.current();
        if (openLog.isEmpty() || roles.isPromoting() || published.isFailed()) {
            return;
        }
        roles.takeIfMissing(openLog.get());
        log.syncIfMissing();
    }

    void synced() {
        roles.current().ifPresent(role -> {
            role.synced();
            signalIfQuiet();
        });
    }

    // The log's upkeep.

    /// Asks for the sync that nobody waits for, if it is time. After each append, and with each tick.
    void flushIfDue() {
        if (roles.hasRole()) {
            log.flushIfDue(services.nowMillis());
        }
    }

    /// Deletes what is older or more than the topic keeps.
    void applyRetention() {
        var current = log.current();
        if (current.isEmpty() || roles.isPromoting() || !roles.hasRole()) {
            return;
        }
        var openLog = current.get();
        try {
            openLog.forgetIdleProducers(services.clock().wallMillis());
            var outcome = openLog.applyRetention(services.clock().wallMillis(), published.highWatermark());
            if (outcome.segments() > 0) {
                LOG.info(
                        "{}: retention deleted {} segments of {} bytes; the log begins at {} now",
                        name(),
                        outcome.segments(),
                        outcome.sizeBytes(),
                        openLog.logStartOffset());
            }
            roles.leader().ifPresent(LeaderRole::logStartMayHaveMoved);
        } catch (SystemLimitException e) {
            LOG.warn("{}: retention comes to it another time: {}", name(), e.getMessage());
        } catch (IOException e) {
            outages.storageFailed(e);
        }
    }

    /// Deletes the records before an offset, or all below the high watermark, if this broker leads.
    DeletionResult deleteRecords(Optional<Offset> before) {
        try {
            var leader = roles.leader();
            return leader.isPresent() ? leader.get().deleteRecords(before) : DeletionResult.withoutLeader(view());
        } catch (IOException e) {
            outages.storageFailed(e);
            return new DeletionResult.StorageFailed("the log failed: " + e.getMessage());
        }
    }

    /// Does what compaction wants done to the log.
    void runForCleaner(OwnerThread.Step step) throws IOException {
        if (roles.isPromoting()) {
            throw new IOException(name() + " is about to change its role: its log is cleaned another time");
        }
        try {
            step.run();
        } catch (LogPoisonedException e) {
            outages.storageFailed(e);
            throw e;
        }
    }
}
