package io.weirlog.replication;

import io.weirlog.common.Durability;
import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.List;

/// The leader of one partition in one epoch: decides how far the log counts.
///
/// ```
/// event      durability   effects
/// Appended   page-cache   AcknowledgeLocal, AnnounceHighWatermark   the page cache is all that was promised
/// Appended   fsync        SyncLog                                   written is not yet safe
/// Synced     fsync        AcknowledgeLocal, AnnounceHighWatermark   if it is news
/// Synced     page-cache   none
/// ```
final class LeaderPartition {
    private final LeaderEpoch epoch;
    private final Durability durability;
    private Offset logEnd;
    /// As safe as promised in the leader's own log; never beyond the log end.
    private Offset localEnd;

    /// Takes over a log that ends at `logEnd`, all of which is as safe as promised.
    LeaderPartition(LeaderEpoch epoch, Durability durability, Offset logEnd) {
        this.epoch = epoch;
        this.durability = durability;
        this.logEnd = logEnd;
        this.localEnd = logEnd;
    }

    LeaderEpoch epoch() {
        return epoch;
    }

    Durability durability() {
        return durability;
    }

    /// Up to here the leader's own log is as safe as promised.
    Offset localEnd() {
        return localEnd;
    }

    /// The number of replicas that hold everything below the high watermark.
    int inSyncReplicas() {
        return 1;
    }

    List<PartitionEffect> step(PartitionEvent event) {
        return switch (event) {
            case PartitionEvent.Appended(var end) -> onAppended(end);
            case PartitionEvent.Synced(var end) -> durability == Durability.FSYNC ? onSafe(end) : List.of();
        };
    }

    private List<PartitionEffect> onAppended(Offset end) {
        Invariant.check(!end.isBefore(logEnd), "the log end went back from %s to %s", logEnd, end);
        logEnd = end;
        return switch (durability) {
            case FSYNC -> List.of(new PartitionEffect.SyncLog());
            case PAGE_CACHE -> onSafe(end);
        };
    }

    private List<PartitionEffect> onSafe(Offset end) {
        Invariant.check(!end.isAfter(logEnd), "R7: synced to %s past the log end %s", end, logEnd);
        if (!end.isAfter(localEnd)) {
            return List.of();
        }
        localEnd = end;
        // Alone in the in-sync set, the leader's own copy is the minimum over it (R7).
        return List.of(new PartitionEffect.AcknowledgeLocal(end), new PartitionEffect.AnnounceHighWatermark(end));
    }
}
