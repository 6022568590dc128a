package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.log.PartitionLog;
import io.weirlog.replication.link.LeaderLinks;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/// What all partitions of a broker share.
///
/// @param blocking runs what waits for the disk, off the owners' threads
/// @param reopening opens a partition's log anew after its directory was full: the host has let go of it
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
        BiConsumer<PartitionHost, PartitionLog> reopening,
        DiskRoom room,
        KnownWatermarks watermarks,
        ReplicationStats stats) {
    /// The clock's monotonic time.
    long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(clock.nanoTime());
    }
}
