package io.weirlog.bench.log;

import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.log.CleaningOutcome;
import io.weirlog.log.CompactionMemory;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.log.OwnerThread;
import io.weirlog.log.PartitionLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Weirlog's compaction, by the thread that calls it.
final class WeirlogCompaction implements CompactionBenchmark.Compacted {
    private static final LeaderEpoch EPOCH = new LeaderEpoch(0);
    private static final double LOAD_FACTOR = 0.75;

    private final PartitionLog log;

    WeirlogCompaction(Path directory) throws IOException {
        var config = LogConfig.fromTopicConfig(
                Map.of("cleanup.policy", "compact", "durability", Durability.PAGE_CACHE.configValue()));
        // Kafka's files go a minute later, too, and these with their directory.
        log = PartitionLog.open(new FileStorage(), directory, WeirlogLog.IDENTITY, config, (deletion, millis) -> {});
        log.beginEpoch(EPOCH);
    }

    @Override
    public void append(ByteBuffer batch) throws IOException {
        log.append(List.of(batch), EPOCH, System.currentTimeMillis());
    }

    @Override
    public void roll() throws IOException {
        log.roll();
        log.sync();
    }

    @Override
    public void compact() throws Exception {
        var memory = new CompactionMemory(CompactionBenchmark.KEYS_MEMORY_BYTES, LOAD_FACTOR, 1, 2);
        var outcome = log.compaction()
                .clean(OwnerThread.Step::run, memory, bytes -> {}, log.logEndOffset(), System.currentTimeMillis());
        if (!(outcome instanceof CleaningOutcome.Cleaned cleaned)
                || !cleaned.firstDirtyOffset().equals(log.logEndOffset())) {
            throw new IOException("not all was cleaned: " + outcome);
        }
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
