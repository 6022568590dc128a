package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.Offset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WatermarkWatchersTest {
    private final WatermarkWatchers watchers = new WatermarkWatchers();
    private final List<String> woken = new ArrayList<>();

    @Test
    void wakesOnceAndOnlyWhatWasPassed() {
        watchers.add(new Offset(5), () -> woken.add("five"));
        watchers.add(new Offset(9), () -> woken.add("nine"));
        watchers.advancedTo(new Offset(5));
        assertEquals(List.of(), woken);
        watchers.advancedTo(new Offset(6));
        watchers.advancedTo(new Offset(7));
        assertEquals(List.of("five"), woken);
        assertEquals(1, watchers.size());
    }

    @Test
    void aCancelledWatchStaysSilent() {
        var watch = watchers.add(new Offset(5), () -> woken.add("five"));
        watchers.cancel(watch);
        watchers.wakeAll();
        assertEquals(List.of(), woken);
        assertEquals(0, watchers.size());
    }

    @Test
    void racingWakersWakeOnce() throws InterruptedException {
        for (var round = 0; round < 500; round++) {
            var wakes = new AtomicInteger();
            var watch = watchers.add(new Offset(round), wakes::incrementAndGet);
            var done = new CountDownLatch(2);
            var end = new Offset(round + 1);
            Thread.ofVirtual().start(() -> {
                watchers.advancedTo(end);
                done.countDown();
            });
            Thread.ofVirtual().start(() -> {
                watchers.wake(watch);
                done.countDown();
            });
            assertEquals(true, done.await(10, TimeUnit.SECONDS));
            assertEquals(1, wakes.get(), "round " + round);
        }
    }
}
