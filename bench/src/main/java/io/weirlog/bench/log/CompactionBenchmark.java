package io.weirlog.bench.log;

import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// The time in which a log of which nothing is clean is compacted, both passes: a million keys, each written several
/// times. The memory for keys is the same for both.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class CompactionBenchmark {
    static final int KEYS_MEMORY_BYTES = 128 << 20;
    private static final int KEYS = 1_000_000;
    private static final int BATCH_BYTES = 16_384;

    @Param({"weirlog", "kafka"})
    public String contender = "";

    @Param({"100", "1000"})
    public int recordBytes;

    @Param({"none", "lz4", "zstd"})
    public String compression = "";

    private Path directory = Path.of("");
    private @Nullable Compacted log;

    /// A log that can be compacted.
    interface Compacted extends AutoCloseable {
        void append(ByteBuffer batch) throws IOException;

        /// Closes the segment that is being written, so that all can be compacted.
        void roll() throws IOException;

        void compact() throws Exception;

        @Override
        void close() throws IOException;
    }

    /// Every time anew, for a compacted log is another one.
    @Setup(Level.Invocation)
    public void fill() throws IOException {
        directory = SampleBatches.newDirectory();
        log = contender.equals("kafka")
                ? new KafkaCompaction(directory.resolve("log"))
                : new WeirlogCompaction(directory.resolve("log"));
        var codec = Compression.fromName(compression).orElseThrow();
        var random = new Random(recordBytes);
        // Counted before compression: the work is with the records.
        for (var bytes = 0L; bytes < RecoveryBenchmark.LOG_BYTES; bytes += BATCH_BYTES) {
            log.append(batch(codec, random));
        }
        log.roll();
    }

    private ByteBuffer batch(Compression codec, Random random) {
        var builder = new RecordBatchBuilder(codec, BATCH_BYTES);
        var value = new byte[recordBytes];
        do {
            // Half of it repeats, as in most texts.
            for (var i = 0; i < value.length; i++) {
                value[i] = (byte) ((i & 8) == 0 ? 'x' : random.nextInt(64));
            }
            var key = Integer.toString(random.nextInt(KEYS)).getBytes(StandardCharsets.US_ASCII);
            builder.append(System.currentTimeMillis(), key, value, List.of());
        } while (builder.estimatedBytesWith(8, value.length, 0) <= BATCH_BYTES);
        var batch = builder.build();
        return ByteBuffer.allocateDirect(batch.remaining()).put(batch).flip();
    }

    @Benchmark
    public void compact() throws Exception {
        Objects.requireNonNull(log).compact();
    }

    @TearDown(Level.Invocation)
    public void delete() throws IOException {
        Objects.requireNonNull(log).close();
        SampleBatches.delete(directory);
    }
}
