package io.weirlog.replication;

import io.weirlog.common.Durability;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SystemLimitException;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.StreamSession;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the role of a partition what its newest assignment says.
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
/// Everything but [#whileIn] is for the owner thread.
final class RoleKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(RoleKeeper.class);
    private static final long WARNING_MILLIS = 1000;

    private final PartitionHost host;
    private final HostServices services;
    private final ReplicaLog log;
    private final PublishedView published;
    private @Nullable PartitionRole role;
    private StreamSession lastSession;
    /// Stands for the epoch that is being begun off this thread: nobody may touch the log.
    private @Nullable Object promotion;
    /// No file could be opened for it, until the next tick.
    private boolean roleIsMissing;

    private long warnedMillis = Long.MIN_VALUE / 2;

    /// @param lastSession that no attempt of this replica to follow has the number of
    RoleKeeper(PartitionHost host, StreamSession lastSession) {
        this.host = host;
        this.services = host.services();
        this.log = host.log();
        this.published = host.published();
        this.lastSession = lastSession;
    }

    Optional<PartitionRole> current() {
        return Optional.ofNullable(role);
    }

    boolean hasRole() {
        return role != null;
    }

    Optional<LeaderRole> leader() {
        return role instanceof LeaderRole leader ? Optional.of(leader) : Optional.empty();
    }

    boolean isPromoting() {
        return promotion != null;
    }

    /// What comes of a promotion that is under way does not matter any more.
    void forgetPromotion() {
        promotion = null;
    }

    /// Ends this promotion; false if it was forgotten meanwhile, and there is nothing to end.
    private boolean ends(Object ended) {
        if (!ended.equals(promotion)) {
            return false;
        }
        promotion = null;
        return true;
    }

    // From one role to the next.

    /// The assignment has changed.
    void changed(PartitionAssignment known, PartitionAssignment changed, PartitionLog openLog) {
        var sameTerm = changed.leaderEpoch().equals(known.leaderEpoch());
        if (sameTerm && role != null) {
            role.changed(changed);
        } else if (!sameTerm) {
            end(AppendResult.UnknownCause.LEADERSHIP_LOST, "another leader epoch began before the acknowledgement");
            take(openLog);
        }
    }

    /// Begins the role that the assignment gives.
    void take(PartitionLog openLog) {
        roleIsMissing = false;
        var assignment = host.assignment();
        if (assignment.isLedBy(services.self())) {
            promote(assignment, openLog);
            return;
        }
        published.publish(new PartitionView.Following(
                assignment.leader(), assignment.leaderEpoch(), published.highWatermark(), openLog));
        assignment.leader().ifPresent(leader -> {
            var follower = FollowerRole.of(
                    host, assignment, openLog, services.links().to(leader), published.highWatermark(), lastSession);
            role = follower;
            follower.start();
        });
    }

    void takeIfMissing(PartitionLog openLog) {
        if (roleIsMissing) {
            take(openLog);
        }
    }

    /// R4. Writing the epoch waits for the disk; a thousand partitions may have to at once.
    private void promote(PartitionAssignment promoted, PartitionLog openLog) {
        var begun = new Object();
        promotion = begun;
        if (!(published.current() instanceof PartitionView.Opening)) {
            published.publish(new PartitionView.Following(
                    Optional.empty(), promoted.leaderEpoch(), published.highWatermark(), openLog));
        }
        services.blocking().execute(() -> {
            try {
                openLog.beginEpoch(promoted.leaderEpoch());
                if (promoted.logConfig().durability() == Durability.FSYNC
                        && openLog.logEndOffset().isAfter(openLog.logStartOffset())) {
                    // What recovery found may never have been synced, and leading it means calling it safe.
                    openLog.sync();
                }
                host.later(() -> {
                    if (ends(begun)) {
                        promoted(promoted, openLog);
                    }
                });
            } catch (SystemLimitException e) {
                host.later(() -> {
                    if (ends(begun)) {
                        limitReached(e);
                    }
                });
            } catch (IOException e) {
                host.later(() -> host.outages().storageFailed(e));
            }
        });
    }

    private void promoted(PartitionAssignment promoted, PartitionLog openLog) {
        if (!log.isOpen() || published.isFailed()) {
            return; // Released meanwhile, or out of service.
        }
        var assignment = host.assignment();
        if (!promoted.leaderEpoch().equals(assignment.leaderEpoch())) {
            take(openLog);
            host.signalIfSettled();
            return;
        }
        var leader = new LeaderRole(host, assignment, openLog, published.highWatermark());
        role = leader;
        published.know(leader.highWatermark());
        published.prepare(
                new PartitionView.Leading(leader.epoch(), openLog.logEndOffset(), leader.highWatermark(), openLog));
        leader.start();
        published.wakeAll();
        host.signalIfSettled();
    }

    /// Ends the role, if there is one: whoever waits is told that the outcome is unknown.
    void end(AppendResult.UnknownCause cause, String message) {
        var ended = role;
        if (ended != null) {
            published.know(ended.highWatermark());
            if (ended instanceof FollowerRole follower) {
                lastSession = follower.session();
            }
            role = null;
            published.lags(Map.of());
            ended.end(cause, message);
        }
    }

    // For the role.

    /// Runs a task on the owner's thread if the role is still this one; `then` in any case.
    void whileIn(PartitionRole asked, Runnable task, Runnable then) {
        try {
            host.shard().executeFor(host, () -> {
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

    void propose(PartitionRole asks, IsrProposal proposal, Consumer<IsrController.Outcome> answer) {
        services.isrProposals()
                .propose(
                        new IsrController.Change(host.assignment().id(), proposal),
                        outcome -> whileIn(asks, () -> answer.accept(outcome), () -> {}));
    }

    /// No file could be opened for what the role had to do, and nothing is broken: the role begins anew with a later
    /// tick.
    void limitReached(SystemLimitException limit) {
        var openLog = log.current();
        if (openLog.isEmpty() || published.isFailed()) {
            return;
        }
        LOG.warn("{} tries again: {}", host.name(), limit.getMessage());
        end(AppendResult.UnknownCause.STORAGE_FAILED, "a file could not be opened: " + limit.getMessage());
        roleIsMissing = true;
        published.publish(new PartitionView.Following(
                Optional.empty(), host.assignment().leaderEpoch(), published.highWatermark(), openLog.get()));
        host.signalIfSettled();
    }

    /// A writer may try again, and nothing else has to be done.
    void warnOf(SystemLimitException limit) {
        var nowMillis = services.nowMillis();
        if (nowMillis - warnedMillis >= WARNING_MILLIS) {
            warnedMillis = nowMillis;
            LOG.warn("{}: {}", host.name(), limit.getMessage());
        }
    }
}
