package io.weirlog.bench.log;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
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

/// The time in which 64 MiB of batches, one by one, get into an empty log. Each run has files of its own, which are
/// deleted before the system begins to write them out, so that no contender pays for another's pages.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class AppendBenchmark {
    static final int TOTAL_BYTES = 64 * SampleBatches.MEBIBYTE;

    @Param({"file", "weirlog unvalidated", "weirlog", "weirlog 16 at once", "kafka"})
    public String contender = "";

    @Param({"1024", "16384", "65536"})
    public int batchBytes;

    @Param("1000")
    public int recordBytes;

    private ByteBuffer batch = ByteBuffer.allocate(0);
    private Path directory = Path.of("");
    private @Nullable Contender opened;

    /// What the appending thread allocates for one batch.
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Allocation {
        public long bytesPerBatch;
    }

    @Setup(Level.Trial)
    public void makeBatch() {
        batch = SampleBatches.batch(batchBytes, recordBytes);
    }

    @Setup(Level.Invocation)
    public void open() throws IOException {
        directory = SampleBatches.newDirectory();
        opened = Contender.open(contender, directory.resolve("log"));
    }

    @Benchmark
    public void append(Allocation allocation) throws IOException {
        var log = Objects.requireNonNull(opened);
        var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var count = TOTAL_BYTES / batch.remaining();
        var before = thread.getCurrentThreadAllocatedBytes();
        for (var i = 0; i < count; i++) {
            log.append(batch);
        }
        allocation.bytesPerBatch = (thread.getCurrentThreadAllocatedBytes() - before) / count;
    }

    @TearDown(Level.Invocation)
    public void close() throws IOException {
        Objects.requireNonNull(opened).close();
        SampleBatches.delete(directory);
    }
}
