package io.weirlog.metadata.core;

import io.weirlog.common.LeaderEpoch;

/// What became of one [IsrChange].
public sealed interface IsrResult {
    /// The in-sync set is the one wanted.
    ///
    /// @param leaderEpoch rises if a draining leader has handed over to a replica that joined
    record Altered(LeaderEpoch leaderEpoch, long partitionEpoch) implements IsrResult {}

    /// Nothing was changed: the leader has to follow the metadata and think again.
    record Refused(Reason reason) implements IsrResult {}

    /// Why an in-sync set was not changed.
    enum Reason {
        UNKNOWN_PARTITION,
        NOT_LEADER,
        STALE_LEADER_EPOCH,
        STALE_PARTITION_EPOCH,
        /// The set names a broker twice, or one that is no replica; or who asks leaves it, and others with it, or
        /// nobody in it.
        INVALID_IN_SYNC_SET,
        /// A member is out of service or has restarted, or one is to join that is about to stop (R8).
        INELIGIBLE_REPLICA
    }
}
