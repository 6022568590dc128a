package io.weirlog.replication;

import io.weirlog.log.CleanerConfig;
import java.nio.file.Path;
import java.time.Duration;

/// How this broker hosts partitions.
///
/// @param dataDirectory the folder with one directory for each partition
/// @param shards the number of owner threads
/// @param shardInboxAppendsMax appends that may wait for one shard; more are refused as overload
/// @param syncThreads threads that bring logs to stable storage
/// @param openThreads logs opened or recovered at the same time
/// @param retentionInterval how often logs are looked through for what is too old or too much
/// @param replicaLagMax `replica.lag.time.max.ms`: who was not caught up for longer leaves the in-sync set
/// @param closeGrace how long [Partitions#close] waits for acknowledgements under way
/// @param cleaner how logs are compacted
public record PartitionsConfig(
        Path dataDirectory,
        int shards,
        int shardInboxAppendsMax,
        int syncThreads,
        int openThreads,
        Duration retentionInterval,
        Duration replicaLagMax,
        Duration closeGrace,
        CleanerConfig cleaner) {
    public static PartitionsConfig of(Path dataDirectory, int shards, Duration closeGrace) {
        return new PartitionsConfig(
                dataDirectory,
                shards,
                16_384,
                2,
                Math.max(2, shards),
                Duration.ofMinutes(1),
                Duration.ofSeconds(30),
                closeGrace,
                CleanerConfig.DEFAULTS);
    }

    public PartitionsConfig withCleaner(CleanerConfig newCleaner) {
        return new PartitionsConfig(
                dataDirectory,
                shards,
                shardInboxAppendsMax,
                syncThreads,
                openThreads,
                retentionInterval,
                replicaLagMax,
                closeGrace,
                newCleaner);
    }
}
