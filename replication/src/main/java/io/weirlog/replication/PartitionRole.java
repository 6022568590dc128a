package io.weirlog.replication;

import io.weirlog.common.Offset;

/// What this broker is for a partition in one leader epoch: runs the effects of the machine that decides. On the
/// owner's
/// thread.
sealed interface PartitionRole permits LeaderRole, FollowerRole {
    /// The log was synced.
    void synced();

    /// Several times a second.
    void tick(long nowMillis);

    /// The metadata have changed within the same leader epoch.
    void changed(PartitionAssignment assignment);

    /// Another role follows, or none.
    void end(AppendResult.UnknownCause cause, String message);

    Offset highWatermark();
}
