package io.weirlog.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.log.CleanerStats;
import io.weirlog.replication.PartitionView;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.RecoveryState;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/// How a broker's own partitions are doing: their disks, their recovery, their compaction.
final class BrokerMeters implements AutoCloseable {
    private final MeterRegistry registry;
    private final Partitions partitions;
    private final List<Meter> meters = new ArrayList<>();

    BrokerMeters(MeterRegistry registry, Partitions partitions) {
        this.registry = registry;
        this.partitions = partitions;
        partitions.dataDirectories().keySet().forEach(this::directory);
        gauge("weirlog.partitions", "Partitions that the broker holds", Partitions::size);
        gauge("weirlog.partitions.leading", "Partitions that the broker leads", held -> count(held, View.LEADING));
        gauge("weirlog.partitions.failed", "Partitions out of service here", held -> count(held, View.FAILED));
        recovery();
        cleaner();
    }

    private enum View {
        LEADING,
        FAILED,
        OTHER
    }

    private static long count(Partitions held, View wanted) {
        return held.views().stream().filter(view -> of(view) == wanted).count();
    }

    private static View of(PartitionView view) {
        return switch (view) {
            case PartitionView.Leading _ -> View.LEADING;
            case PartitionView.Failed _ -> View.FAILED;
            case PartitionView.Opening _, PartitionView.Following _, PartitionView.Closed _ -> View.OTHER;
        };
    }

    private void directory(Path folder) {
        meters.add(Gauge.builder("weirlog.data.directory.offline", partitions, held -> {
                    var problem = held.dataDirectories().getOrDefault(folder, Optional.empty());
                    return problem.isPresent() ? 1 : 0;
                })
                .description("1 if the data directory has failed and its partitions are out of service")
                .tag("directory", folder.toString())
                .register(registry));
        disk(
                "usable",
                "What the data directory's file system has left for the node",
                folder,
                FileStore::getUsableSpace);
        disk("total", "How large the data directory's file system is", folder, FileStore::getTotalSpace);
    }

    @FunctionalInterface
    private interface Space {
        long bytesOf(FileStore store) throws IOException;
    }

    private void disk(String name, String description, Path folder, Space space) {
        meters.add(Gauge.builder("weirlog.data.directory." + name + ".bytes", folder, path -> bytes(path, space))
                .description(description)
                .tag("directory", folder.toString())
                .register(registry));
    }

    /// Of a failed disk there is nothing to tell; that it has failed is told by another meter.
    private static double bytes(Path folder, Space space) {
        try {
            return space.bytesOf(Files.getFileStore(folder));
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    private void recovery() {
        gauge(
                "weirlog.recovery.partitions.remaining",
                "Partitions that are still to be opened since the start",
                held -> held.recovery().remaining());
        gauge(
                "weirlog.recovery.seconds",
                "How long opening and recovering the partitions has taken since the start",
                held -> held.recovery().elapsed().toNanos() / 1e9);
        counter(
                "weirlog.recovery.bytes",
                "Bytes of the logs that were opened since the start",
                held -> bytes(held.recovery()));
    }

    private static double bytes(RecoveryState recovery) {
        return recovery.recoveredBytes();
    }

    private void cleaner() {
        cleaned("cleanings", "Cleanings that were finished", CleanerStats::cleanings);
        cleaned("failures", "Cleanings that failed", CleanerStats::failures);
        cleaned("read.bytes", "Bytes read by finished cleanings", CleanerStats::bytesRead);
        cleaned("written.bytes", "Bytes written by finished cleanings", CleanerStats::bytesWritten);
        cleaned("records.read", "Records read by finished cleanings", CleanerStats::recordsRead);
        cleaned("records.kept", "Records kept by finished cleanings", CleanerStats::recordsKept);
        counter(
                "weirlog.log.cleaner.seconds",
                "The time that finished cleanings took",
                held -> held.cleanerStats().cleaningMillis() / 1e3);
        gauge(
                "weirlog.log.cleaner.running",
                "Cleanings under way",
                held -> held.cleanerStats().running());
        gauge(
                "weirlog.log.cleaner.uncleanable.logs",
                "Logs that are left alone since their cleaning failed",
                held -> held.cleanerStats().uncleanableLogs());
        gauge(
                "weirlog.log.cleaner.dirty.ratio.max",
                "The dirtiest log's dirty share",
                held -> held.cleanerStats().dirtyRatioMax());
    }

    private void cleaned(String name, String description, ToLongFunction<CleanerStats> value) {
        counter("weirlog.log.cleaner." + name, description, held -> value.applyAsLong(held.cleanerStats()));
    }

    private void counter(String name, String description, ToDoubleFunction<Partitions> value) {
        meters.add(FunctionCounter.builder(name, partitions, value)
                .description(description)
                .register(registry));
    }

    private void gauge(String name, String description, ToDoubleFunction<Partitions> value) {
        meters.add(
                Gauge.builder(name, partitions, value).description(description).register(registry));
    }

    @Override
    public void close() {
        meters.forEach(registry::remove);
    }
}
