package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BufferMemoryTest {
    private static final long LONG_NANOS = Duration.ofSeconds(20).toNanos();

    @Test
    void refusesWhatDoesNotFitInTime() throws Exception {
        var memory = new BufferMemory(100);
        assertTrue(memory.reserve(60, 0));
        assertFalse(memory.reserve(41, Duration.ofMillis(5).toNanos()));
        assertTrue(memory.reserve(40, 0));
        assertEquals(0, memory.freeBytes());
        assertFalse(memory.isShort(), "nobody waits any more");
    }

    @Test
    void wakesAWaiterWhenThereIsRoom() throws Exception {
        var memory = new BufferMemory(100);
        assertTrue(memory.reserve(100, 0));
        var waiting = reserve(memory, 80);
        Await.until("it waits", memory::isShort);
        memory.release(50);
        assertFalse(waiting.isDone());
        memory.release(50);
        assertTrue(waiting.get(20, TimeUnit.SECONDS));
        assertEquals(20, memory.freeBytes());
    }

    @Test
    void smallOnesDoNotOvertakeALargeOne() throws Exception {
        var memory = new BufferMemory(100);
        assertTrue(memory.reserve(100, 0));
        var large = reserve(memory, 90);
        Await.until("the large one waits", memory::isShort);
        memory.release(50);
        assertFalse(memory.reserve(10, 0), "there is room for 50, but the large one came first");
        memory.release(40);
        assertTrue(large.get(20, TimeUnit.SECONDS));
    }

    private static CompletableFuture<Boolean> reserve(BufferMemory memory, long bytes) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return memory.reserve(bytes, LONG_NANOS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void neverGivesMoreThanThereIs() throws Exception {
        var total = 1_000L;
        var memory = new BufferMemory(total);
        var taken = new AtomicLong();
        var most = new AtomicLong();
        var threads = Executors.newFixedThreadPool(8);
        try {
            var results = new ArrayList<Future<?>>();
            for (var i = 0; i < 8; i++) {
                var random = new Random(i);
                results.add(threads.submit(() -> {
                    for (var n = 0; n < 5_000; n++) {
                        var bytes = 1 + random.nextInt(400);
                        assertTrue(memory.reserve(bytes, LONG_NANOS), "starved");
                        most.accumulateAndGet(taken.addAndGet(bytes), Math::max);
                        taken.addAndGet(-bytes);
                        memory.release(bytes);
                    }
                    return null;
                }));
            }
            for (var result : results) {
                result.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(total, memory.freeBytes());
        assertTrue(most.get() <= total, "at most " + most.get());
    }
}
