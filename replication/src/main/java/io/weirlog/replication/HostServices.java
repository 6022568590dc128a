package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.replication.link.LeaderLinks;
import java.time.Duration;
import java.util.concurrent.Executor;

/// What all partitions of a broker share.
///
/// @param blocking runs what waits for the disk, off the owners' threads
/// @param lagMax `replica.lag.time.max.ms`: who was not caught up for longer leaves the in-sync set
record HostServices(
        BrokerId self,
        ReplicationClock clock,
        LogSyncer syncer,
        LeaderLinks links,
        IsrProposals isrProposals,
        Executor blocking,
        Duration lagMax,
        StorageFailures failures,
        KnownWatermarks watermarks,
        ReplicationStats stats) {}
