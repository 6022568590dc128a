package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.log.Storage.FileSystemSync;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Many threads sync at once: few calls, and each is covered by one that began after it had come.
@Timeout(60)
class SyncGroupTest {
    private static final int THREADS = 40;

    /// Stands for a disk: what was written before a sync began is durable after it.
    private static final class Disk implements FileSystemSync {
        final AtomicInteger written = new AtomicInteger();
        final AtomicInteger durable = new AtomicInteger();
        final AtomicInteger calls = new AtomicInteger();
        volatile boolean fails;
        volatile boolean closed;

        @Override
        public void sync() throws IOException {
            assertTrue(!closed, "a sync after the end");
            calls.incrementAndGet();
            if (fails) {
                throw new IOException("broken");
            }
            int before = written.get();
            durable.accumulateAndGet(before, Math::max);
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /// Blocks the group until all others wait.
    private static final class Gate {
        final CountDownLatch inside = new CountDownLatch(1);
        final CountDownLatch open = new CountDownLatch(1);

        void pass() throws IOException {
            inside.countDown();
            try {
                assertTrue(open.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    private final Disk disk = new Disk();
    private final SyncGroup group = new SyncGroup(disk);
    private final AtomicInteger singles = new AtomicInteger();

    @Test
    void thoseWhoWaitAreServedByOneCall() throws Exception {
        assertEquals(0, failuresOfACrowd());
        assertEquals(1, disk.calls.get());
        assertEquals(0, singles.get());
    }

    @Test
    void aFailureIsToldToAllAndEndsSharing() throws Exception {
        disk.fails = true;
        assertEquals(THREADS, failuresOfACrowd());
        assertEquals(0, failuresOfACrowd());
        assertEquals(1, disk.calls.get());
        assertEquals(THREADS, singles.get());
    }

    @Test
    void afterTheEndEachSyncsItsOwn() throws Exception {
        group.close();
        assertEquals(0, failuresOfACrowd());
        assertEquals(0, disk.calls.get());
        assertEquals(THREADS, singles.get());
    }

    @Test
    void oneAloneSyncsItsOwn() throws IOException {
        group.sync(singles::incrementAndGet);
        assertThrows(
                IOException.class,
                () -> group.sync(() -> {
                    throw new IOException("its own");
                }));
        group.sync(singles::incrementAndGet);
        assertEquals(2, singles.get());
        assertEquals(0, disk.calls.get());
    }

    @Test
    void everyReturnComesAfterASyncThatBeganLater() throws Exception {
        try (var threads = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> runs = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                runs.add(threads.submit(() -> {
                    for (int round = 0; round < 500; round++) {
                        int own = disk.written.incrementAndGet();
                        var alone = new AtomicInteger();
                        group.sync(alone::incrementAndGet);
                        assertTrue(alone.get() == 1 || disk.durable.get() >= own, "not durable at the return");
                        singles.addAndGet(alone.get());
                    }
                    return true;
                }));
            }
            for (var run : runs) {
                run.get(40, TimeUnit.SECONDS);
            }
        }
        assertTrue(singles.get() + disk.calls.get() > 0);
    }

    /// How many of them are told of a failure, of a crowd that comes while one sync is under way.
    private int failuresOfACrowd() throws Exception {
        var gate = new Gate();
        int failures = 0;
        try (var threads = Executors.newFixedThreadPool(THREADS + 1)) {
            var first = threads.submit(() -> {
                group.sync(gate::pass);
                return true;
            });
            assertTrue(gate.inside.await(20, TimeUnit.SECONDS));
            List<Future<?>> crowd = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                crowd.add(threads.submit(() -> {
                    group.sync(singles::incrementAndGet);
                    return true;
                }));
            }
            while (group.waiting() < THREADS) {
                Thread.onSpinWait();
            }
            gate.open.countDown();
            first.get(20, TimeUnit.SECONDS);
            for (var one : crowd) {
                try {
                    one.get(20, TimeUnit.SECONDS);
                } catch (ExecutionException e) {
                    failures++;
                }
            }
        }
        return failures;
    }
}
