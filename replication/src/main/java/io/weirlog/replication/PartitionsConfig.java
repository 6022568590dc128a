package io.weirlog.replication;

import io.weirlog.log.CleanerConfig;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/// How this broker hosts partitions.
///
/// @param dataDirectories the folders with the partitions, at least one
/// @param shards the number of owner threads
/// @param shardInboxAppendsMax appends that may wait for one shard; more are refused as overload
/// @param sync how logs are brought to stable storage
/// @param recoveryThreads logs opened or recovered at the same time
/// @param retentionInterval how often logs are looked through for what is too old or too much
/// @param watermarkCheckpointInterval how often the high watermarks are noted
/// @param replicaLagMax `replica.lag.time.max.ms`: who was not caught up for longer leaves the in-sync set
/// @param closeGrace how long [Partitions#close] waits for acknowledgements under way
/// @param cleaner how logs are compacted
/// @param reassignmentBytesPerSecond what is sent at most to replicas that are being added; empty: no bound
/// @param room what the disks have room for
public record PartitionsConfig(
        List<DataDirectory> dataDirectories,
        int shards,
        int shardInboxAppendsMax,
        SyncConfig sync,
        int recoveryThreads,
        Duration retentionInterval,
        Duration watermarkCheckpointInterval,
        Duration replicaLagMax,
        Duration closeGrace,
        CleanerConfig cleaner,
        OptionalLong reassignmentBytesPerSecond,
        DiskRoom room) {
    public PartitionsConfig {
        dataDirectories = List.copyOf(dataDirectories);
    }

    /// Without a throttle, on disks that nobody looks after.
    public PartitionsConfig(
            List<DataDirectory> dataDirectories,
            int shards,
            int shardInboxAppendsMax,
            SyncConfig sync,
            int recoveryThreads,
            Duration retentionInterval,
            Duration watermarkCheckpointInterval,
            Duration replicaLagMax,
            Duration closeGrace,
            CleanerConfig cleaner) {
        this(
                dataDirectories,
                shards,
                shardInboxAppendsMax,
                sync,
                recoveryThreads,
                retentionInterval,
                watermarkCheckpointInterval,
                replicaLagMax,
                closeGrace,
                cleaner,
                OptionalLong.empty(),
                DiskRoom.UNKNOWN);
    }

    public PartitionsConfig withRoom(DiskRoom newRoom) {
        return new PartitionsConfig(
                dataDirectories,
                shards,
                shardInboxAppendsMax,
                sync,
                recoveryThreads,
                retentionInterval,
                watermarkCheckpointInterval,
                replicaLagMax,
                closeGrace,
                cleaner,
                reassignmentBytesPerSecond,
                newRoom);
    }
}
