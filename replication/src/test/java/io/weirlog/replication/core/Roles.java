package io.weirlog.replication.core;

import io.weirlog.common.Offset;

/// Makes the roles of replicas. Tests that put a known bug back override what they break.
public class Roles {
    public LeaderPartition leader(
            LeaderPartition.Terms terms,
            PartitionMetadata metadata,
            LogOutline log,
            Offset knownHighWatermark,
            long nowMillis) {
        return new LeaderPartition(terms, metadata, log, knownHighWatermark, nowMillis);
    }

    public FollowerPartition follower(
            FollowerPartition.Terms terms,
            LogOutline log,
            Offset knownHighWatermark,
            StreamSession lastSession,
            long nowMillis) {
        return new FollowerPartition(terms, log, knownHighWatermark, lastSession, nowMillis);
    }
}
