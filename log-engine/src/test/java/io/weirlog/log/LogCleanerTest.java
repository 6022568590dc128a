package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogCleanerTest {
    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(2000).compacted(true).build();
    private static final CleanerConfig CLEANER =
            new CleanerConfig(2, 1 << 20, OptionalLong.empty(), Duration.ofMillis(5));

    @TempDir
    Path directory;

    /// A log that nobody else changes, so that the cleaner's thread may be its owner.
    private record LoneLog(String name, PartitionLog log) implements CleanableLog {
        @Override
        public Optional<Offset> cleanPointMax() {
            return Optional.of(log.logEndOffset());
        }

        @Override
        public void run(Step step) throws IOException {
            step.run();
        }
    }

    private LoneLog filled(String name) throws Exception {
        var log = TestLogs.openUnsynced(directory.resolve(name), CONFIG);
        log.beginEpoch(TestLogs.EPOCH);
        for (var i = 0; i < 100; i++) {
            var batch = CompactionTest.batch(Compression.NONE, "key" + i % 3 + "=" + "v".repeat(100));
            log.append(List.of(batch), TestLogs.EPOCH, TestLogs.NOW);
        }
        log.roll();
        return new LoneLog(name, log);
    }

    private static void await(BooleanSupplier condition) {
        var deadline = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "too late");
            Thread.onSpinWait();
        }
    }

    @Test
    void aLogThatCannotBeCleanedStopsNoOtherAndIsTriedAgain() throws Exception {
        var damaged = filled("damaged");
        var good = filled("good");
        var file = LogFileNames.segmentFile(directory.resolve("damaged"), 0, LogFileNames.LOG);
        var bytes = Files.readAllBytes(file);
        var sound = bytes.clone();
        bytes[100] ^= 1;
        Files.write(file, bytes);
        var nanos = new AtomicLong();
        try (var cleaner = new LogCleaner(CLEANER, () -> TestLogs.NOW, nanos::get)) {
            cleaner.add(damaged);
            cleaner.add(good);
            await(() -> cleaner.stats().cleanings() == 1 && cleaner.stats().failures() == 1);
            assertEquals(Set.of("damaged"), cleaner.uncleanable().keySet());
            assertTrue(
                    cleaner.uncleanable().toString().contains("CRC"),
                    cleaner.uncleanable().toString());
            assertEquals(1, cleaner.stats().uncleanableLogs());
            assertEquals(3, TestLogs.readAll(good.log()).size());
            assertEquals(100, cleaner.stats().recordsRead());
            assertEquals(3, cleaner.stats().recordsKept());

            Files.write(file, sound);
            nanos.addAndGet(LogCleaner.RETRY_AFTER.toNanos());
            await(() -> cleaner.stats().cleanings() == 2 && cleaner.stats().dirtyRatioMax() == 0);
            assertEquals(0, cleaner.stats().uncleanableLogs());
        }
        damaged.log().close();
        good.log().close();
    }

    /// A cleaning that waits for its rate leaves the log as it is when it is let go.
    @Test
    void aLogCanBeTakenAwayWhileItIsCleaned() throws Exception {
        var large = TestLogs.openUnsynced(
                directory.resolve("large"), LogConfig.builder().compacted(true).build());
        large.beginEpoch(TestLogs.EPOCH);
        for (var i = 0; i < 20; i++) {
            large.append(List.of(TestLogs.batch(1, 100_000)), TestLogs.EPOCH, TestLogs.NOW);
        }
        large.roll();
        var slow = new CleanerConfig(1, 1 << 20, OptionalLong.of(1), Duration.ofMillis(5));
        try (var cleaner = new LogCleaner(slow, () -> TestLogs.NOW, System::nanoTime)) {
            cleaner.add(new LoneLog("large", large));
            await(() -> cleaner.stats().running() == 1);
            cleaner.remove(large);
            assertEquals(0, cleaner.stats().running());
            assertEquals(0, cleaner.stats().cleanings() + cleaner.stats().failures());
            assertEquals(20, TestLogs.readAll(large).size());
            cleaner.add(new LoneLog("large", large));
            await(() -> cleaner.stats().running() == 1);
        }
        assertEquals(20, TestLogs.readAll(large).size());
        large.close();
        assertTrue(TestLogs.names(directory.resolve("large")).stream()
                .noneMatch(name -> name.endsWith(LogFileNames.CLEANED)));
    }

    @Test
    void theRateHoldsForAllThreadsTogether() {
        var throttle = new ByteThrottle(1000, 0);
        assertEquals(0, throttle.take(100, 0));
        assertEquals(1_100_000_000, throttle.take(1000, 0));
        assertEquals(1_100_000_000, throttle.take(1000, 1_000_000_000));
        assertEquals(0, throttle.take(50, 60_000_000_000L));
        assertEquals(550_000_000, throttle.take(500, 60_000_000_000L));
    }
}
