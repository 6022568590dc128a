package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a group's consumer commits, and when: because its user asks, because it is time, or because partitions go.
/// For one thread at a time.
final class GroupCommitter {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommitter.class);

    private final GroupOptions options;
    private final GroupSession session;
    private final GroupAssignments assignments;
    private final Duration timeout;
    private long autoCommitNanos = System.nanoTime();
    private boolean abandoned;
    /// A commit has failed since positions were last taken.
    private volatile boolean failed;

    /// @param timeout how long a commit is waited for
    GroupCommitter(GroupOptions options, GroupSession session, Duration timeout) {
        this.options = options;
        this.session = session;
        this.assignments = session.assignments();
        this.timeout = timeout;
    }

    /// Commits by itself nothing any more.
    void abandon() {
        abandoned = true;
    }

    private boolean isAutomatic() {
        return options.autoCommitInterval().isPresent() && !abandoned;
    }

    /// Begins to commit what polls have returned, if it is time.
    void commitIfDue() {
        if (!isAutomatic() || assignments.hasLost()) {
            return;
        }
        var nowNanos = System.nanoTime();
        if (nowNanos - autoCommitNanos
                >= options.autoCommitInterval().orElseThrow().toNanos()) {
            autoCommitNanos = nowNanos;
            var unused = reached().whenComplete((nothing, failure) -> {
                if (failure != null) {
                    LOG.warn("not committed for group {}: {}", options.groupId(), failure.getMessage());
                }
            });
        }
    }

    /// Commits what polls have returned.
    CompletableFuture<Void> reached() {
        if (assignments.hasLost()) {
            return CompletableFuture.failedFuture(WeirlogException.of(GroupCommits.notOwned("partitions were lost")));
        }
        return commit(uncommitted(partition -> true));
    }

    private List<CommitPosition> uncommitted(Predicate<PartitionRef> partitions) {
        if (failed) {
            failed = false;
            assignments.forgetCommits();
        }
        return assignments.takeUncommitted(partitions);
    }

    private CompletableFuture<Void> commit(List<CommitPosition> positions) {
        return session.commits().commit(positions).whenComplete((nothing, failure) -> {
            if (failure != null) {
                failed = true;
            }
        });
    }

    CompletableFuture<Void> positions(Map<PartitionRef, GroupPosition> offsets) {
        var positions = new ArrayList<CommitPosition>();
        for (var entry : offsets.entrySet()) {
            var reading = assignments.reading(entry.getKey());
            if (reading.isEmpty()) {
                return CompletableFuture.failedFuture(WeirlogException.of(
                        GroupCommits.notOwned(entry.getKey() + " is not assigned to this consumer")));
            }
            var position = CommitPosition.newBuilder()
                    .setAssignment(reading.get().assignment())
                    .setNextOffset(entry.getValue().nextOffset())
                    .setNote(entry.getValue().note());
            if (entry.getValue().nextOffset() == reading.get().position()) {
                reading.get().lastLeaderEpoch().ifPresent(position::setLastLeaderEpoch);
            }
            positions.add(position.build());
        }
        assignments.forgetCommits();
        return commit(positions);
    }

    void await(CompletableFuture<Void> commit) {
        await(commit, timeout.toNanos());
    }

    private static void await(CompletableFuture<Void> commit, long nanos) {
        try {
            commit.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof WeirlogException known
                    ? WeirlogException.of(known.problem())
                    : WeirlogException.of("a commit failed", e);
        } catch (TimeoutException e) {
            throw WeirlogException.local(
                    Status.Code.DEADLINE_EXCEEDED,
                    ErrorReason.ERROR_REASON_TIMED_OUT,
                    "the commit was not answered in time; it may have been made: commit again");
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    static WeirlogException interrupted() {
        Thread.currentThread().interrupt();
        return WeirlogException.of(
                Problems.problem(Status.Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "interrupted"));
    }

    /// Sees to it that what is to be committed of these partitions is, as far as that can be before they go.
    void beforeLettingGo(Set<PartitionRef> partitions, long untilNanos) {
        try {
            if (isAutomatic()) {
                await(commit(uncommitted(partitions::contains)), remaining(untilNanos));
            }
            await(session.commits().settled(), remaining(untilNanos));
        } catch (WeirlogException e) {
            LOG.warn("{} were let go without a commit: {}", partitions, e.getMessage());
        }
    }

    private long remaining(long untilNanos) {
        return Math.min(timeout.toNanos(), untilNanos - System.nanoTime());
    }
}
