package io.weirlog.log;

import io.weirlog.record.Record;
import io.weirlog.record.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.log.VerificationGuard;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;
import org.jspecify.annotations.Nullable;

/// Kafka's own log on a directory, as its broker opens it.
final class KafkaLogs implements AutoCloseable {
    private static final short TRANSACTION_VERSION = 1;

    private final KafkaScheduler scheduler = new KafkaScheduler(1);
    private final BrokerTopicStats stats = new BrokerTopicStats();
    private final UnifiedLog log;

    /// @param directory named after topic and partition
    /// @param clean whether the log is to be believed as it is; if not, all of it is checked
    KafkaLogs(Path directory, boolean clean, Map<String, String> config) throws IOException {
        Files.createDirectories(directory);
        scheduler.startup();
        log = UnifiedLog.create(
                directory.toFile(),
                new LogConfig(config),
                0,
                0,
                scheduler,
                stats,
                Time.SYSTEM,
                900_000,
                new ProducerStateManagerConfig(86_400_000, false),
                600_000,
                new LogDirFailureChannel(1),
                clean,
                Optional.of(new Uuid(1, 2)));
    }

    UnifiedLog log() {
        return log;
    }

    void append(MemoryRecords records, int epoch) throws IOException {
        log.appendAsLeader(records, epoch);
    }

    void appendMarker(MemoryRecords marker, int epoch) throws IOException {
        log.appendAsLeader(
                marker,
                epoch,
                AppendOrigin.COORDINATOR,
                RequestLocal.noCaching(),
                VerificationGuard.SENTINEL,
                TRANSACTION_VERSION);
    }

    /// All records, control records too, by Kafka's own iteration.
    List<Record> records() {
        var records = new ArrayList<Record>();
        for (var segment : log.logSegments()) {
            for (var batch : segment.log().batches()) {
                batch.ensureValid();
                for (var record : batch) {
                    record.ensureValid();
                    records.add(ours(record));
                }
            }
        }
        return records;
    }

    static Record ours(org.apache.kafka.common.record.internal.Record record) {
        return new Record(
                record.offset(),
                record.timestamp(),
                bytes(record.key()),
                bytes(record.value()),
                Arrays.stream(record.headers())
                        .map(header -> new RecordHeader(header.key(), header.value()))
                        .toList());
    }

    static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        var bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    static Compression compression(io.weirlog.record.Compression compression) {
        return Compression.of(CompressionType.forName(compression.configValue()))
                .build();
    }

    static SimpleRecord[] simple(List<Record> records) {
        return records.stream()
                .map(record -> new SimpleRecord(
                        record.timestampMillis(),
                        record.key(),
                        record.value(),
                        record.headers().stream()
                                .map(header -> (Header) new org.apache.kafka.common.header.internals.RecordHeader(
                                        header.key(), header.value()))
                                .toArray(Header[]::new)))
                .toArray(SimpleRecord[]::new);
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
