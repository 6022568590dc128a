package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.TopicPartition;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What many logs of two segments cost that nobody uses. The long run is `-Dweirlog.many.logs=10000`.
class ManyLogsTest {
    private static final int LOGS = Integer.getInteger("weirlog.many.logs", 300);
    private static final int HEAP_BYTES_EACH_MAX = 8192;

    @TempDir
    private Path folder;

    @Test
    void idleLogsOpenFastAndHoldNoFiles() throws Exception {
        inParallel(this::make);
        var heapBefore = usedHeapBytes();
        var filesBefore = openFiles();
        var mapsBefore = maps();
        var begin = System.nanoTime();
        var logs = inParallel(this::open);
        var millis = (System.nanoTime() - begin) / 1_000_000;
        var heapBytesEach = (usedHeapBytes() - heapBefore) / LOGS;
        System.out.printf(
                "%d idle logs opened in %d ms, %d bytes of heap each, %d files and %d maps more%n",
                LOGS, millis, heapBytesEach, openFiles() - filesBefore, maps() - mapsBefore);
        assertTrue(heapBytesEach <= HEAP_BYTES_EACH_MAX, heapBytesEach + " bytes each");
        assertTrue(openFiles() - filesBefore < LOGS / 10, "files are open");
        assertTrue(maps() - mapsBefore < LOGS / 10, "files are mapped");
        begin = System.nanoTime();
        for (var log : logs) {
            assertTrue(log.recovery().clean());
            log.close();
        }
        System.out.printf("closed in %d ms%n", (System.nanoTime() - begin) / 1_000_000);
    }

    private interface Job {
        PartitionLog run(int number) throws Exception;
    }

    private static List<PartitionLog> inParallel(Job job) throws Exception {
        try (var threads = Executors.newFixedThreadPool(2)) {
            var jobs = new ArrayList<Callable<PartitionLog>>();
            for (var i = 0; i < LOGS; i++) {
                var number = i;
                jobs.add(() -> job.run(number));
            }
            var logs = new ArrayList<PartitionLog>();
            for (var made : threads.invokeAll(jobs)) {
                logs.add(made.get());
            }
            return logs;
        }
    }

    private PartitionLog make(int number) throws Exception {
        var log = PartitionLog.open(
                new UnsyncedStorage(), directory(number), identity(number), LogConfig.defaults(), DelayedTasks.AT_ONCE);
        log.beginEpoch(TestLogs.EPOCH);
        log.append(List.of(TestLogs.batch(1, 100)), TestLogs.EPOCH, 0);
        log.roll();
        log.append(List.of(TestLogs.batch(1, 100)), TestLogs.EPOCH, 0);
        log.close();
        return log;
    }

    private PartitionLog open(int number) throws Exception {
        var log = PartitionLog.open(
                new FileStorage(), directory(number), identity(number), LogConfig.defaults(), DelayedTasks.AT_ONCE);
        assertEquals(2, log.logEndOffset().value());
        return log;
    }

    private Path directory(int number) {
        return folder.resolve("orders-" + number);
    }

    private static PartitionIdentity identity(int number) {
        return new PartitionIdentity(
                "orders", new TopicPartition(TestLogs.IDENTITY.id().topicId(), number));
    }

    private static long usedHeapBytes() {
        for (var i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static long openFiles() throws Exception {
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.count();
        }
    }

    private static long maps() throws Exception {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("orders-")).count();
        }
    }
}
