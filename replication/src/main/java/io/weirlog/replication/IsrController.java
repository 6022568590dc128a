package io.weirlog.replication;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.core.IsrProposal;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// The controller, as far as leaders have to do with it.
public interface IsrController {
    /// Changes in one request, at most.
    int CHANGES_MAX = 1_000;

    /// Nobody decides: every outcome is unknown. For brokers whose partitions have one replica each.
    IsrController NONE = changes -> CompletableFuture.completedFuture(
            changes.stream().map(change -> (Outcome) new Outcome.Unknown()).toList());

    /// Asks for changes of in-sync sets, each decided by itself. Completes normally, with one outcome for each change
    /// in their order.
    CompletableFuture<List<Outcome>> alter(List<Change> changes);

    record Change(TopicPartition partition, IsrProposal proposal) {}

    sealed interface Outcome {
        /// @param leaderEpoch in which the partition is now
        record Altered(LeaderEpoch leaderEpoch, long partitionEpoch) implements Outcome {}

        /// @param overtaken whether the partition has changed since
        record Refused(boolean overtaken) implements Outcome {}

        /// It may have been granted, or may still be.
        record Unknown() implements Outcome {}
    }
}
