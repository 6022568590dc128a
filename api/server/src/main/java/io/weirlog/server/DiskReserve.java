package io.weirlog.server;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.replication.DiskRoom;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps producers from taking the last of a disk. The rest is for what has to go on: deletion, compaction, the offsets
/// of groups and the metadata all write something before they free anything, and a write that fails costs a partition.
///
/// ```
/// left on the disk          producers   replicas of what others lead
/// more than the reserve     taken       follow; those that had stopped go on
/// more than half of it      refused     follow; those that had stopped wait
/// less                      refused     stop, and leave the in-sync sets
/// ```
///
/// So where all disks fill alike their leaders refuse first, and no replica falls behind; a disk that fills sooner than
/// its leaders' costs only the replicas on it.
///
/// The disks are looked at every [#MEASURE_MILLIS]: what arrives meanwhile may go into the reserve.
public final class DiskReserve implements DiskRoom, AutoCloseable {
    /// What the machine's own disks have left for this process.
    static final ToLongFunction<Path> DISKS = folder -> folder.toFile().getUsableSpace();

    static final long MEASURE_MILLIS = 200;

    /// What replicas want to find before they go on, however small the reserve is.
    private static final long RESUME_BYTES_MIN = 16L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(DiskReserve.class);

    private final long reserveBytes;
    private final MeterRegistry registry;
    private final ToLongFunction<Path> usableBytes;
    private final List<Directory> directories;
    private final List<Meter> meters = new ArrayList<>();
    private final ScheduledExecutorService executor;
    private volatile boolean anyIsFull;

    private static final class Directory {
        final Path folder;
        final FillForecast forecast = new FillForecast();
        volatile boolean full;
        volatile boolean nearlyExhausted;
        volatile boolean roomy = true;
        volatile double hoursToFull = Double.POSITIVE_INFINITY;

        Directory(Path folder) {
            this.folder = folder;
        }

        boolean holds(Path path) {
            return path.startsWith(folder);
        }
    }

    /// Measures, and goes on doing so until it is closed.
    ///
    /// @param folders the data directories
    /// @param usableBytes of the disk under a folder
    DiskReserve(List<Path> folders, long reserveBytes, MeterRegistry registry, ToLongFunction<Path> usableBytes) {
        this.reserveBytes = reserveBytes;
        this.registry = registry;
        this.usableBytes = usableBytes;
        this.directories = folders.stream().map(Directory::new).toList();
        this.executor = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("weirlog-disk-reserve").factory());
        measure();
        directories.forEach(this::meters);
        var _ = executor.scheduleWithFixedDelay(this::measure, MEASURE_MILLIS, MEASURE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void meters(Directory directory) {
        gauge(
                "weirlog.data.directory.hours.to.full",
                "Hours until only disk.reserve is left, if the disk goes on filling as in the last hour",
                directory,
                () -> directory.hoursToFull);
        gauge(
                "weirlog.data.directory.full",
                "1 while no more than disk.reserve is left, and appends are refused",
                directory,
                () -> directory.full ? 1 : 0);
    }

    private void gauge(String name, String description, Directory directory, Supplier<Number> value) {
        meters.add(Gauge.builder(name, value)
                .description(description)
                .tag("directory", directory.folder.toString())
                .register(registry));
    }

    private void measure() {
        long nowMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
        boolean any = false;
        for (var directory : directories) {
            long freeBytes = usableBytes.applyAsLong(directory.folder) - reserveBytes;
            directory.forecast.measured(nowMillis, freeBytes);
            directory.hoursToFull = directory.forecast.hours();
            directory.nearlyExhausted = freeBytes <= -(reserveBytes + 1) / 2;
            directory.roomy = freeBytes > Math.max(0, RESUME_BYTES_MIN - reserveBytes);
            boolean full = freeBytes <= 0;
            if (full != directory.full) {
                directory.full = full;
                report(directory);
            }
            any |= full;
        }
        anyIsFull = any;
    }

    private void report(Directory directory) {
        if (directory.full) {
            LOG.warn(
                    "data directory {} has no more than disk.reserve, {} bytes, left: appends to its partitions are refused",
                    directory.folder,
                    reserveBytes);
        } else {
            LOG.info("data directory {} has room again: appends are taken", directory.folder);
        }
    }

    /// Whether there is anything to look for at all.
    public boolean anyIsFull() {
        return anyIsFull;
    }

    /// Whether the disk has no room for appends.
    ///
    /// @param path somewhere in a data directory
    public boolean isFull(Path path) {
        return directories.stream().anyMatch(directory -> directory.full && directory.holds(path));
    }

    @Override
    public boolean mayFollow(Path path) {
        return !anyIsFull
                || directories.stream().noneMatch(directory -> directory.nearlyExhausted && directory.holds(path));
    }

    @Override
    public boolean mayResume(Path path) {
        return directories.stream().allMatch(directory -> directory.roomy || !directory.holds(path));
    }

    public long reserveBytes() {
        return reserveBytes;
    }

    @Override
    public void close() {
        executor.shutdownNow();
        meters.forEach(registry::remove);
    }
}
