package io.weirlog.bench.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.utils.Throttler;

/// Kafka's cleaner, with the broker's defaults for its buffers and without a limit of its rate.
final class KafkaCompaction implements CompactionBenchmark.Compacted {
    private static final int IO_BUFFER_BYTES = 512 * 1024 / 2;
    private static final int IO_BUFFER_BYTES_MAX = 1 << 20;
    private static final double LOAD_FACTOR = 0.9;
    private static final int CHECK_INTERVAL_MILLIS = 300;

    private final KafkaLog log;

    KafkaCompaction(Path directory) throws IOException {
        log = new KafkaLog(directory, true, Map.of("cleanup.policy", "compact"));
    }

    @Override
    public void append(ByteBuffer batch) {
        log.append(batch);
    }

    @Override
    public void roll() throws IOException {
        log.log().roll(Optional.empty());
        log.log().flush(true);
        log.log().updateHighWatermark(log.log().logEndOffset());
    }

    @Override
    public void compact() throws Exception {
        var time = Time.SYSTEM;
        var cleaner = new Cleaner(
                0,
                new SkimpyOffsetMap(CompactionBenchmark.KEYS_MEMORY_BYTES),
                IO_BUFFER_BYTES,
                IO_BUFFER_BYTES_MAX,
                LOAD_FACTOR,
                new Throttler(Double.MAX_VALUE, CHECK_INTERVAL_MILLIS, "cleaner-io", "bytes", time),
                time,
                partition -> {});
        var end = log.log().activeSegment().baseOffset();
        var cleanedTo = cleaner.clean(new LogToClean(log.log(), 0, end, false)).getKey();
        if (cleanedTo != end) {
            throw new IOException("cleaned to " + cleanedTo + " instead of " + end);
        }
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
