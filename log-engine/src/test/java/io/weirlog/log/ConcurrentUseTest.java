package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// One owner, several readers, a syncing thread, all at once.
class ConcurrentUseTest {
    private static final int APPENDS = 3000;

    @TempDir
    Path directory;

    @Test
    @Timeout(120)
    void readersAndSyncsBesideTheOwner() throws Exception {
        var config = LogConfig.builder()
                .segmentBytes(20_000)
                .indexIntervalBytes(300)
                .segmentIndexBytes(4000)
                .build();
        var log = PartitionLog.open(new UnsyncedStorage(), directory, TestLogs.IDENTITY, config);
        log.beginEpoch(TestLogs.EPOCH);
        var finished = new AtomicBoolean();
        try (var threads = Executors.newFixedThreadPool(5)) {
            Callable<Long> reader = () -> follow(log, finished);
            var reads = Stream.of(reader, reader, reader).map(threads::submit).toList();
            var sync = threads.submit(() -> {
                while (!finished.get()) {
                    var before = log.logEndOffset();
                    assertTrue(!log.sync().isBefore(before));
                }
                return log.sync();
            });
            for (var i = 0; i < APPENDS; i++) {
                log.append(List.of(TestLogs.batch(1 + i % 3, 40), TestLogs.batch(1, 10)), TestLogs.EPOCH, i);
            }
            finished.set(true);
            for (var read : reads) {
                assertEquals(log.logEndOffset().value(), read.get(60, TimeUnit.SECONDS));
            }
            assertEquals(log.logEndOffset(), sync.get(60, TimeUnit.SECONDS));
        }
        log.close();
        assertTrue(TestLogs.open(directory, config).recovery().clean());
    }

    /// Reads everything as it comes; offsets must have no gap.
    private static long follow(PartitionLog log, AtomicBoolean finished) throws Exception {
        var at = Offset.ZERO;
        while (true) {
            var last = finished.get();
            var end = log.logEndOffset();
            while (at.isBefore(end)) {
                try (var slice = TestLogs.slice(log, at, 3000, end)) {
                    var expected = at.value();
                    for (var record : TestLogs.records(TestLogs.bytes(slice))) {
                        assertEquals(expected++, record.offset());
                    }
                    at = slice.nextOffset();
                    assertEquals(expected, at.value());
                }
            }
            if (last) {
                return at.value();
            }
            Thread.onSpinWait();
        }
    }

    /// The JDK closes a channel under an interrupted reader; others must not notice.
    @Test
    @Timeout(60)
    void anInterruptedReaderDisturbsNobody() throws Exception {
        try (var log = TestLogs.openLeader(directory, LogConfig.defaults())) {
            log.append(List.of(TestLogs.batch(10, 100)), TestLogs.EPOCH, 0);
            Thread.currentThread().interrupt();
            assertEquals(10, TestLogs.readAll(log).size());
            assertTrue(Thread.interrupted(), "the interrupt is kept for its addressee");
            assertEquals(10, TestLogs.readAll(log).size());
        }
    }

    @Test
    void aLockIsHeldByOne() throws Exception {
        var storage = new FileStorage();
        var file = directory.resolve("lock");
        try (var held = storage.lock(file).orElseThrow()) {
            assertTrue(storage.lock(file).isEmpty(), "held: " + held);
        }
        storage.lock(file).orElseThrow().close();
    }
}
