package io.weirlog.bench.log;

import io.weirlog.log.FileStorage;
import io.weirlog.log.PartitionLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
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

/// The time in which a log of 1 GiB is opened of which nothing is known to be safe: every batch is checked, every
/// index made anew.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class RecoveryBenchmark {
    static final long LOG_BYTES = 1L << 30;

    @Param({"weirlog", "kafka"})
    public String contender = "";

    @Param({"16384", "65536"})
    public int batchBytes;

    private Path directory = Path.of("");
    private @Nullable AutoCloseable opened;

    @Setup(Level.Trial)
    public void fill() throws IOException {
        directory = SampleBatches.newDirectory();
        var batch = SampleBatches.batch(batchBytes, 1000);
        try (var log = Contender.open(contender, directory.resolve("log"))) {
            for (var bytes = 0L; bytes < LOG_BYTES; bytes += batch.remaining()) {
                log.append(batch);
            }
        }
    }

    /// What an unclean stop leaves when nothing was ever synced.
    @Setup(Level.Invocation)
    public void forgetWhatIsSafe() throws IOException {
        Files.deleteIfExists(directory.resolve("log/clean-shutdown"));
        Files.deleteIfExists(directory.resolve("log/synced-offset"));
    }

    @Benchmark
    public void open() throws IOException {
        opened = contender.equals("kafka")
                ? new KafkaLog(directory.resolve("log"), false, Map.of())
                : PartitionLog.open(
                        new FileStorage(), directory.resolve("log"), WeirlogLog.IDENTITY, WeirlogLog.CONFIG);
    }

    @TearDown(Level.Invocation)
    public void close() throws Exception {
        Objects.requireNonNull(opened).close();
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        SampleBatches.delete(directory);
    }
}
