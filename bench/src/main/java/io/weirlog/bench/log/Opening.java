package io.weirlog.bench.log;

import com.sun.management.UnixOperatingSystemMXBean;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.log.FileStorage;
import io.weirlog.log.PartitionLog;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Opens many logs after a clean stop, in a process that has done nothing else: what a node's start is like. Its
/// arguments are the folder of the logs and the number of threads; its one line of output are the figures.
final class Opening {
    private static final int RECORD_BYTES = 1000;
    private static final int BATCH_BYTES = 4096;

    private Opening() {}

    /// Makes a log of two segments, ends it cleanly, and copies it.
    static void fill(Path folder, int logs) throws IOException {
        var first = folder.resolve("log-0");
        try (var log = open(first)) {
            var batch = List.of(SampleBatches.batch(BATCH_BYTES, RECORD_BYTES));
            var epoch = new LeaderEpoch(0);
            log.beginEpoch(epoch);
            log.append(batch, epoch, System.currentTimeMillis());
            log.roll();
            log.append(batch, epoch, System.currentTimeMillis());
        }
        List<Path> files;
        try (var listed = Files.list(first)) {
            files = listed.toList();
        }
        for (int i = 1; i < logs; i++) {
            var copy = Files.createDirectory(folder.resolve("log-" + i));
            for (var file : files) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
    }

    private static PartitionLog open(Path directory) throws IOException {
        return PartitionLog.open(new FileStorage(), directory, WeirlogLog.IDENTITY, WeirlogLog.CONFIG);
    }

    public static void main(String[] arguments) throws Exception {
        List<Path> directories;
        try (var listed = Files.list(Path.of(arguments[0]))) {
            directories = listed.sorted().toList();
        }
        long heapBefore = heapBytes();
        long filesBefore = openFiles();
        long mapsBefore = maps();
        List<PartitionLog> logs = new ArrayList<>(directories.size());
        double seconds;
        try (var threads = Executors.newFixedThreadPool(Integer.parseInt(arguments[1]))) {
            long begun = System.nanoTime();
            List<Callable<PartitionLog>> tasks = new ArrayList<>();
            directories.forEach(directory -> tasks.add(() -> open(directory)));
            for (var opened : threads.invokeAll(tasks)) {
                logs.add(taken(opened));
            }
            seconds = (System.nanoTime() - begun) / 1e9;
        }
        long heapPerLog = (heapBytes() - heapBefore) / logs.size();
        System.out.println(
                seconds + " " + heapPerLog + " " + (openFiles() - filesBefore) + " " + (maps() - mapsBefore));
        for (var log : logs) {
            log.close();
        }
    }

    private static PartitionLog taken(Future<PartitionLog> opened) throws IOException, InterruptedException {
        try {
            var log = opened.get();
            if (!log.recovery().clean()) {
                throw new IOException(log.directory() + " was not closed cleanly");
            }
            return log;
        } catch (ExecutionException e) {
            throw new IOException("a log cannot be opened", e.getCause());
        }
    }

    /// What is left after a collection.
    private static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static long openFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getOpenFileDescriptorCount()
                : 0;
    }

    private static long maps() throws IOException {
        var maps = Path.of("/proc/self/maps");
        if (!Files.exists(maps)) {
            return 0;
        }
        try (var lines = Files.lines(maps)) {
            return lines.count();
        }
    }
}
