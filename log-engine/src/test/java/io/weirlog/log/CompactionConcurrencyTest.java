package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A log that is written, read and cleaned at the same time.
class CompactionConcurrencyTest {
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(3000)
            .indexIntervalBytes(300)
            .segmentIndexBytes(1000)
            .compacted(true)
            .compaction(CompactionConfig.DEFAULTS.withDirtyRatioMin(0.1))
            .build();
    private static final int KEYS = 40;
    private static final int BATCHES = 1500;

    @TempDir
    Path directory;

    private final ConcurrentLinkedQueue<Runnable> ownerTasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean done = new AtomicBoolean();

    private final class OwnedLog implements CleanableLog {
        private final PartitionLog log;

        OwnedLog(PartitionLog log) {
            this.log = log;
        }

        @Override
        public String name() {
            return "orders-3";
        }

        @Override
        public PartitionLog log() {
            return log;
        }

        @Override
        public Optional<Offset> cleanPointMax() {
            return Optional.of(log.logEndOffset());
        }

        @Override
        public void run(Step step) throws InterruptedException {
            var finished = new CompletableFuture<Void>();
            ownerTasks.add(() -> {
                try {
                    step.run();
                    finished.complete(null);
                } catch (Exception e) {
                    finished.completeExceptionally(e);
                }
            });
            try {
                finished.get();
            } catch (ExecutionException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void readersSeeOffsetsThatRiseAndTheEndHoldsTheLatestOfEachKey() throws Exception {
        var log = TestLogs.openUnsynced(directory, CONFIG);
        log.beginEpoch(TestLogs.EPOCH);
        var random = new Random(1);
        var compressions = List.of(Compression.values());
        var latest = new HashMap<String, Long>();
        var readers = new ArrayList<CompletableFuture<Integer>>();
        var cleaner = new LogCleaner(CleanerConfig.DEFAULTS, () -> TestLogs.NOW, System::nanoTime);
        cleaner.add(new OwnedLog(log));
        var readerThreads = Executors.newFixedThreadPool(2);
        for (var i = 0; i < 2; i++) {
            readers.add(CompletableFuture.supplyAsync(() -> readAgainAndAgain(log), readerThreads));
        }
        for (var i = 0; i < BATCHES; i++) {
            var key = "k" + random.nextInt(KEYS);
            latest.put(key, log.logEndOffset().value());
            var value = "x".repeat(random.nextInt(90));
            var batch = CompactionTest.batch(compressions.get(i % compressions.size()), key + "=" + value);
            log.append(List.of(batch), TestLogs.EPOCH, TestLogs.NOW);
            runOwnerTasks();
            if (i % 50 == 0) {
                cleaner.wake();
            }
        }
        log.roll();
        cleaner.wake();
        var deadline = System.nanoTime() + 20_000_000_000L;
        while (log.compaction().need(log.logEndOffset(), TestLogs.NOW).dirtyRatio() > 0.1) {
            assertTrue(System.nanoTime() < deadline, () -> "not cleaned: " + cleaner.stats() + cleaner.uncleanable());
            runOwnerTasks();
            Thread.onSpinWait();
        }
        done.set(true);
        for (var reader : readers) {
            while (!reader.isDone()) {
                runOwnerTasks();
            }
            assertTrue(reader.get() > 0, "passes");
        }
        var removal = CompletableFuture.runAsync(() -> cleaner.remove(log));
        while (!removal.isDone()) {
            runOwnerTasks();
        }
        cleaner.close();
        readerThreads.shutdown();
        assertEquals(Map.of(), cleaner.uncleanable());
        assertTrue(cleaner.stats().cleanings() > 1, cleaner.stats().toString());
        assertTrue(
                cleaner.stats().recordsKept() < cleaner.stats().recordsRead(),
                cleaner.stats().toString());
        var found = new HashMap<String, Long>();
        for (var record : TestLogs.readAll(log)) {
            found.put(new String(record.key(), UTF_8), record.offset());
        }
        assertEquals(latest, found);
        log.close();
    }

    private void runOwnerTasks() {
        for (var task = ownerTasks.poll(); task != null; task = ownerTasks.poll()) {
            task.run();
        }
    }

    private int readAgainAndAgain(PartitionLog log) {
        var passes = 0;
        try {
            do {
                var end = log.logEndOffset();
                var previous = -1L;
                for (var record : TestLogs.readAll(log, Offset.ZERO, 700, end)) {
                    assertTrue(record.offset() > previous, record.offset() + " after " + previous);
                    previous = record.offset();
                }
                passes++;
            } while (!done.get());
            return passes;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
