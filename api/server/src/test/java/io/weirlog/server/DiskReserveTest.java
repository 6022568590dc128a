package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DiskReserveTest {
    private static final Path FILLING = Path.of("/disk-1/data");
    private static final Path ROOMY = Path.of("/disk-2/data");
    private static final long RESERVE = 1_000;
    private static final long MINUTE_MILLIS = 60_000;

    @Test
    void onlyTheDiskThatIsFullIsClosedAndOnlyAsLongAsItIs() throws InterruptedException {
        var registry = new SimpleMeterRegistry();
        var left = new AtomicLong(RESERVE + 1);
        try (var reserve = new DiskReserve(
                List.of(FILLING, ROOMY), RESERVE, registry, folder -> folder.equals(FILLING) ? left.get() : 1L << 40)) {
            assertFalse(reserve.anyIsFull() || reserve.isFull(FILLING.resolve("lines-0")));
            left.set(RESERVE);
            awaitFull(reserve, true);
            assertTrue(reserve.isFull(FILLING.resolve("lines-0")));
            assertFalse(reserve.isFull(ROOMY.resolve("lines-1")));
            assertEquals(1, gauge(registry, "weirlog.data.directory.full", FILLING));
            assertEquals(0, gauge(registry, "weirlog.data.directory.hours.to.full", FILLING));
            assertEquals(0, gauge(registry, "weirlog.data.directory.full", ROOMY));
            left.set(RESERVE + 1);
            awaitFull(reserve, false);
            assertFalse(reserve.isFull(FILLING.resolve("lines-0")));
        }
        assertTrue(registry.getMeters().isEmpty());
    }

    @Test
    void replicasFollowIntoHalfOfTheReserveAndComeBackAboveAllOfIt() throws InterruptedException {
        var reserve = 64L << 20;
        var left = new AtomicLong(reserve / 2 + 1);
        var lines = FILLING.resolve("lines-0");
        try (var room = new DiskReserve(List.of(FILLING), reserve, new SimpleMeterRegistry(), folder -> left.get())) {
            assertTrue(room.isFull(lines) && room.mayFollow(lines) && !room.mayResume(lines));
            left.set(reserve / 2);
            await(() -> !room.mayFollow(lines));
            left.set(reserve);
            await(() -> room.mayFollow(lines));
            assertFalse(room.mayResume(lines));
            left.set(reserve + 1);
            await(() -> room.mayResume(lines));
        }
    }

    /// Without a reserve too a replica that comes back finds room for more than a moment.
    @Test
    void whoeverComesBackFindsRoom() {
        try (var room = new DiskReserve(List.of(FILLING), 0, new SimpleMeterRegistry(), folder -> 1)) {
            assertTrue(!room.isFull(FILLING) && room.mayFollow(FILLING));
            assertFalse(room.mayResume(FILLING));
        }
    }

    private static void awaitFull(DiskReserve reserve, boolean wanted) throws InterruptedException {
        await(() -> reserve.anyIsFull() == wanted);
    }

    private static double gauge(SimpleMeterRegistry registry, String name, Path folder) {
        return registry.get(name).tag("directory", folder.toString()).gauge().value();
    }

    @Test
    void theForecastIsThatOfTheLastHour() {
        var forecast = new FillForecast();
        forecast.measured(0, 10_000);
        assertEquals(Double.POSITIVE_INFINITY, forecast.hours());
        // A thousand bytes in half an hour: two thousand an hour.
        forecast.measured(30 * MINUTE_MILLIS, 9_000);
        assertEquals(4.5, forecast.hours(), 1e-9);
        for (int minute = 31; minute <= 200; minute++) {
            forecast.measured(minute * MINUTE_MILLIS, 9_000);
        }
        assertEquals(Double.POSITIVE_INFINITY, forecast.hours());
        forecast.measured(201 * MINUTE_MILLIS, 0);
        assertEquals(0, forecast.hours());
        forecast.measured(202 * MINUTE_MILLIS, 12_000);
        assertEquals(Double.POSITIVE_INFINITY, forecast.hours());
    }
}
