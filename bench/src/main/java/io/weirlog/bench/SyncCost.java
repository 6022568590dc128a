package io.weirlog.bench;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerConfig;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.Acks;
import io.weirlog.replication.AppendCommand;
import io.weirlog.replication.AppendResult;
import io.weirlog.replication.DataDirectory;
import io.weirlog.replication.IsrController;
import io.weirlog.replication.PartitionAssignment;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.PartitionsConfig;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.replication.SyncConfig;
import io.weirlog.replication.link.ReplicaTransport;
import io.weirlog.wire.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What it costs to make many partitions durable at once: the same number of small appends is always under way,
/// spread over more and more partitions; each acknowledgement sends the next append.
@Command(
        name = "sync-cost",
        mixinStandardHelpOptions = true,
        description = "What durability costs over many partitions.")
public final class SyncCost implements Callable<Integer> {
    private static final BrokerId SELF = new BrokerId(1);

    @Option(names = "--partitions", split = ",", defaultValue = "1,100,1000", description = "default: ${DEFAULT-VALUE}")
    private List<Integer> partitionCounts = List.of();

    @Option(names = "--in-flight", defaultValue = "1000", description = "appends under way, default: ${DEFAULT-VALUE}")
    private int inFlight;

    @Option(names = "--record-bytes", defaultValue = "200", description = "default: ${DEFAULT-VALUE}")
    private int recordBytes;

    @Option(names = "--durability", defaultValue = "fsync", description = "fsync or page-cache")
    private String durability = "";

    @Option(names = "--sync-threads", defaultValue = "2", description = "default: ${DEFAULT-VALUE}")
    private int syncThreads;

    @Option(names = "--each-by-itself", description = "one sync for each log, however many wait")
    private boolean eachByItself;

    @Option(names = "--seconds", defaultValue = "5", description = "per figure, after as long a warm-up")
    private int seconds;

    @Option(names = "--dir", description = "on the disk to be measured, default: the current directory")
    private Path directory = Path.of("");

    public static void main(String[] args) {
        System.exit(new CommandLine(new SyncCost()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        System.out.printf("%10s %14s %10s %10s%n", "partitions", "acknowledged/s", "p50 ms", "p99 ms");
        for (var count : partitionCounts) {
            var folder = Files.createTempDirectory(directory.toAbsolutePath(), "sync-cost-");
            try {
                measure(folder, count);
            } finally {
                delete(folder);
            }
        }
        return 0;
    }

    private void measure(Path folder, int count) throws IOException, InterruptedException {
        var config = new PartitionsConfig(
                List.of(DataDirectory.of(folder)),
                2,
                2 * inFlight + 1024,
                new SyncConfig(syncThreads, !eachByItself),
                2,
                Duration.ofMinutes(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(20),
                CleanerConfig.DEFAULTS);
        try (var partitions = new Partitions(
                SELF, new FileStorage(), config, ReplicationClock.SYSTEM, ReplicaTransport.NONE, IsrController.NONE)) {
            var ids = host(partitions, count);
            var run = new Run(partitions, batch());
            for (var i = 0; i < inFlight; i++) {
                run.send(ids.get(i % count));
            }
            TimeUnit.SECONDS.sleep(seconds);
            run.latencies.reset();
            var begin = System.nanoTime();
            TimeUnit.SECONDS.sleep(seconds);
            var histogram = run.latencies.getIntervalHistogram();
            var tookSeconds = (System.nanoTime() - begin) / 1e9;
            run.stopping = true;
            print(count, histogram, tookSeconds);
            var problem = run.problem.get();
            if (!problem.isEmpty()) {
                throw new IllegalStateException("an append failed: " + problem);
            }
        }
    }

    private static void print(int count, Histogram latencies, double tookSeconds) {
        System.out.printf(
                "%10d %14.0f %10.2f %10.2f%n",
                count,
                latencies.getTotalCount() / tookSeconds,
                latencies.getValueAtPercentile(50) / 1e6,
                latencies.getValueAtPercentile(99) / 1e6);
    }

    private List<TopicPartition> host(Partitions partitions, int count) throws InterruptedException {
        var topic = new TopicId(UUID.randomUUID());
        var config = LogConfig.builder()
                .durability(Durability.fromConfig(durability).orElseThrow())
                .build();
        var ids = new ArrayList<TopicPartition>();
        for (var i = 0; i < count; i++) {
            var id = new TopicPartition(topic, i);
            ids.add(id);
            partitions.assign(PartitionAssignment.alone(id, "measured", SELF, config));
        }
        if (!partitions.awaitOpen(ids, TimeUnit.MINUTES.toMillis(2))) {
            throw new IllegalStateException("the partitions could not be opened in time");
        }
        return ids;
    }

    private ByteBuffer batch() {
        var builder = new RecordBatchBuilder(Compression.NONE, recordBytes + 100);
        builder.append(System.currentTimeMillis(), null, new byte[recordBytes], List.of());
        return builder.build();
    }

    /// A closed loop over some partitions.
    private static final class Run {
        private final Partitions partitions;
        private final ByteBuffer batch;
        private final Recorder latencies = new Recorder(3);
        private final AtomicReference<String> problem = new AtomicReference<>("");
        private volatile boolean stopping;

        Run(Partitions partitions, ByteBuffer batch) {
            this.partitions = partitions;
            this.batch = batch;
        }

        void send(TopicPartition id) {
            var begin = System.nanoTime();
            partitions.append(
                    id,
                    new AppendCommand(
                            Payload.of(batch.duplicate()),
                            1,
                            Acks.ALL,
                            Optional.empty(),
                            begin + TimeUnit.MINUTES.toNanos(1),
                            result -> answered(id, begin, result)));
        }

        private void answered(TopicPartition id, long begin, AppendResult result) {
            latencies.recordValue(System.nanoTime() - begin);
            if (!(result instanceof AppendResult.Appended)) {
                problem.compareAndSet("", stopping ? "" : result.toString());
            } else if (!stopping) {
                send(id);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
