package io.weirlog.bench.log;

import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
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

/// Reads from a log of 256 MiB whose pages are in memory.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ReadBenchmark {
    private static final int LOG_BYTES = 256 * SampleBatches.MEBIBYTE;

    @Param({"weirlog", "kafka"})
    public String contender = "";

    @Param({"1024", "16384", "65536"})
    public int batchBytes;

    /// How much each read asks for.
    @Param({"65536", "1048576"})
    public int readBytes;

    private final Random random = new Random(1);
    private Path directory = Path.of("");
    private @Nullable Contender opened;
    private ByteBuffer target = ByteBuffer.allocate(0);
    private long endOffset;
    private long offset;

    @Setup(Level.Trial)
    public void fill() throws IOException {
        directory = SampleBatches.newDirectory();
        var log = Contender.open(contender, directory.resolve("log"));
        opened = log;
        var batch = SampleBatches.batch(batchBytes, 1000);
        var batches = LOG_BYTES / batch.remaining();
        for (var i = 0; i < batches; i++) {
            log.append(batch);
        }
        endOffset = (long) batches * RecordBatch.of(batch).recordCount();
        target = ByteBuffer.allocateDirect(2 * SampleBatches.MEBIBYTE);
    }

    /// Front to back, and again.
    @Benchmark
    public void readInOrder() throws IOException {
        offset = Objects.requireNonNull(opened).read(offset, readBytes, target.clear());
        if (offset >= endOffset) {
            offset = 0;
        }
    }

    /// Finds what to send for any offset; the sending itself is left out.
    @Benchmark
    public int lookUpAnywhere() throws IOException {
        return Objects.requireNonNull(opened).lookUp(random.nextLong(endOffset), readBytes);
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        Objects.requireNonNull(opened).close();
        SampleBatches.delete(directory);
    }
}
