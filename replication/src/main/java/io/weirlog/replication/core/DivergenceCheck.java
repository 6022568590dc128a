package io.weirlog.replication.core;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.Optional;

/// How a leader answers a follower that wants to follow: whether the follower's log is a prefix of its own, and if not,
/// from where to look (R5).
///
/// | follower's log | answer |
/// |---|---|
/// | ends before the leader's begins | start over: what lies between is gone |
/// | has no epoch, thus no record, and ends between two of the leader's batches | follow |
/// | has no epoch and ends within one of the leader's batches | start over with that batch |
/// | has no epoch and ends beyond the leader's | start over |
/// | is of epochs that the leader no longer knows | start over: the leader cannot vouch for any of it |
/// | its last epoch is the leader's too, and ends there no later | follow |
/// | anything else | diverged: the leader's last epoch that is not after the follower's, and where it ends |
sealed interface DivergenceCheck {
    record Prefix() implements DivergenceCheck {}

    record Diverged(LeaderEpoch epoch, Offset end) implements DivergenceCheck {}

    record StartOver(Offset start) implements DivergenceCheck {}

    static DivergenceCheck of(LogOutline leader, Optional<LeaderEpoch> lastEpoch, Offset logEnd) {
        var first = leader.batchAt(leader.start());
        if (logEnd.isBefore(first)) {
            return new StartOver(first);
        }
        if (lastEpoch.isEmpty()) {
            return ofEmpty(leader, first, logEnd);
        }
        if (leader.earliestEpoch()
                .map(earliest -> earliest.isAfter(lastEpoch.get()))
                .orElse(true)) {
            return new StartOver(first);
        }
        var end = leader.endOfEpoch(lastEpoch.get());
        return end.epoch().equals(lastEpoch.get()) && !logEnd.isAfter(end.endOffset())
                ? new Prefix()
                : new Diverged(end.epoch(), end.endOffset());
    }

    /// Records that were deleted within a batch, at the follower or here, may have left its end within one.
    private static DivergenceCheck ofEmpty(LogOutline leader, Offset first, Offset logEnd) {
        if (logEnd.isAfter(leader.end())) {
            return new StartOver(first);
        }
        var batch = logEnd.isBefore(leader.start()) ? first : leader.batchAt(logEnd);
        return batch.equals(logEnd) ? new Prefix() : new StartOver(batch);
    }
}
