package io.weirlog.bench.log;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.log.VerificationGuard;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/// Kafka's log, used as Kafka's broker uses it, with the broker's defaults.
final class KafkaLog implements Contender {
    private static final int MAX_TRANSACTION_TIMEOUT_MILLIS = 900_000;
    private static final int PRODUCER_ID_EXPIRATION_MILLIS = 86_400_000;
    private static final int EXPIRATION_CHECK_MILLIS = 600_000;
    private static final int EPOCH = 0;
    private static final short TRANSACTION_VERSION = 0;

    private final KafkaScheduler scheduler = new KafkaScheduler(1);
    private final BrokerTopicStats stats = new BrokerTopicStats();
    private final RequestLocal requestLocal = RequestLocal.withThreadConfinedCaching();
    private final UnifiedLog log;

    KafkaLog(Path directory) throws IOException {
        this(directory, true, Map.of());
    }

    /// @param clean whether to believe that the log was closed properly; if not, all of it is recovered
    KafkaLog(Path directory, boolean clean, Map<String, String> config) throws IOException {
        // The class tells topic and partition by the directory's name.
        var named = new File(directory.toFile(), "bench-0");
        Files.createDirectories(named.toPath());
        scheduler.startup();
        log = UnifiedLog.create(
                named,
                new LogConfig(config),
                0,
                0,
                scheduler,
                stats,
                Time.SYSTEM,
                MAX_TRANSACTION_TIMEOUT_MILLIS,
                new ProducerStateManagerConfig(PRODUCER_ID_EXPIRATION_MILLIS, false),
                EXPIRATION_CHECK_MILLIS,
                new LogDirFailureChannel(1),
                clean,
                Optional.of(new Uuid(1, 2)));
    }

    UnifiedLog log() {
        return log;
    }

    @Override
    public void append(ByteBuffer batch) {
        // The class stamps offsets in place and refuses a batch that is stamped already.
        batch.putLong(batch.position(), 0);
        log.appendAsLeader(
                MemoryRecords.readableRecords(batch),
                EPOCH,
                AppendOrigin.CLIENT,
                requestLocal,
                VerificationGuard.SENTINEL,
                TRANSACTION_VERSION);
    }

    @Override
    public long read(long offset, int maxBytes, ByteBuffer target) throws IOException {
        var records = slice(offset, maxBytes);
        var start = target.position();
        target.limit(start + records.sizeInBytes());
        records.readInto(target, 0);
        // The class leaves it to the client to find out where to read on.
        var next = offset;
        for (var at = start; at + BatchFormat.HEADER_BYTES <= target.limit(); ) {
            var batch = RecordBatch.at(target, at);
            at += batch.sizeBytes();
            if (at <= target.limit()) {
                next = batch.nextOffset();
            }
        }
        return next;
    }

    @Override
    public int lookUp(long offset, int maxBytes) throws IOException {
        return slice(offset, maxBytes).sizeInBytes();
    }

    private FileRecords slice(long offset, int maxBytes) throws IOException {
        return (FileRecords) log.read(offset, maxBytes, FetchIsolation.LOG_END, true).records;
    }

    @Override
    public void close() throws IOException {
        try {
            // First, for a sync that it runs would find the files closed.
            scheduler.shutdown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        log.close();
        stats.close();
    }
}
