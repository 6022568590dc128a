package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.v1.Credit;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CreditWindowTest {
    private static Optional<Credit> credit(long records, long bytes) {
        return Optional.of(
                Credit.newBuilder().setRecords(records).setBytes(bytes).build());
    }

    @Test
    void givesBackHalfWindows() {
        var window = new CreditWindow(100, 1_000);
        assertEquals(credit(100, 1_000).get(), window.open());
        window.done(30, 100);
        assertEquals(Optional.empty(), window.replenish(false));
        window.done(20, 100);
        assertEquals(credit(50, 200), window.replenish(false));
        window.done(1, 500);
        assertEquals(credit(1, 500), window.replenish(false));
    }

    @Test
    void givesEverythingBackWhenNothingElseIsThere() {
        var window = new CreditWindow(100, 1_000);
        window.open();
        assertEquals(Optional.empty(), window.replenish(true), "nothing was taken");
        window.done(1, 1);
        assertEquals(credit(1, 1), window.replenish(true));
        assertEquals(Optional.empty(), window.replenish(true));
    }

    @Test
    void aNewStreamBeginsWithTheWholeWindow() {
        var window = new CreditWindow(100, 1_000);
        window.open();
        window.done(10, 10);
        assertEquals(credit(100, 1_000).get(), window.open());
        assertEquals(Optional.empty(), window.replenish(true), "what the old stream took is forgotten");
    }

    /// A broker that sends messages of random sizes while both credits are above zero is never stuck, and never
    /// ahead by more than the window and one message.
    @ParameterizedTest
    @ValueSource(ints = {1, 10, 1_000})
    void neitherStallsNorOverflows(int windowRecords) {
        for (var seed = 0L; seed < 300; seed++) {
            var random = new Random(seed);
            var name = "window " + windowRecords + ", seed " + seed;
            var windowBytes = 1 + random.nextInt(100_000);
            var window = new CreditWindow(windowRecords, windowBytes);
            var records = window.open().getRecords();
            var bytes = (long) windowBytes;
            var queued = new ArrayDeque<long[]>();
            for (var step = 0; step < 500; step++) {
                while (records > 0 && bytes > 0 && random.nextInt(4) != 0) {
                    var message = new long[] {1 + random.nextInt(500), 1 + random.nextInt(50_000)};
                    records -= message[0];
                    bytes -= message[1];
                    queued.add(message);
                }
                if (!queued.isEmpty()) {
                    var message = queued.remove();
                    window.done(message[0], message[1]);
                }
                var more = window.replenish(queued.isEmpty());
                records += more.map(Credit::getRecords).orElse(0L);
                bytes += more.map(Credit::getBytes).orElse(0L);
                assertTrue(!queued.isEmpty() || (records > 0 && bytes > 0), name + ": stuck");
                assertTrue(records <= windowRecords && bytes <= windowBytes, name + ": more credit than the window");
            }
        }
    }
}
