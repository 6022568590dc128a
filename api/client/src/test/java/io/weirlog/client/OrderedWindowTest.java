package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.SendWindow.Ended;
import io.weirlog.client.SendWindow.Fate;
import io.weirlog.common.InvariantViolation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderedWindowTest {
    @Test
    void isBounded() {
        var window = new OrderedWindow<String>(2);
        window.sent("a");
        assertTrue(window.mayTakeNew());
        window.sent("b");
        assertFalse(window.mayTakeNew());
        assertThrows(InvariantViolation.class, () -> window.sent("c"));
        assertEquals(List.of(), window.appended("a"));
        assertTrue(window.mayTakeNew());
    }

    @Test
    void sendsARefusedBatchBeforeNewOnes() {
        var window = new OrderedWindow<String>(3);
        window.sent("a");
        assertEquals(List.of(), window.refused("a"));
        assertFalse(window.mayTakeNew());
        assertEquals(Optional.of("a"), window.nextToResend());
        window.resent("a");
        assertTrue(window.mayTakeNew());
        assertEquals(Optional.empty(), window.nextToResend());
    }

    @Test
    void sendsRefusedBatchesInOrderOnceNoneIsOnItsWay() {
        var window = new OrderedWindow<String>(3);
        window.sent("a");
        window.sent("b");
        window.sent("c");
        window.refused("a");
        assertEquals(Optional.empty(), window.nextToResend(), "b and c may still be appended");
        window.refused("b");
        window.refused("c");
        assertEquals(List.of("a", "b", "c"), window.waiting());
        for (var expected : List.of("a", "b", "c")) {
            assertEquals(Optional.of(expected), window.nextToResend());
            window.resent(expected);
        }
    }

    @Test
    void givesUpABatchThatALaterOneHasOvertaken() {
        var window = new OrderedWindow<String>(3);
        window.sent("a");
        window.sent("b");
        window.refused("a");
        assertEquals(List.of(new Ended<>("a", Fate.OVERTAKEN)), window.appended("b"));
        assertTrue(window.isEmpty());
    }

    @Test
    void givesUpABatchThatIsRefusedAfterALaterOneWasAppended() {
        var window = new OrderedWindow<String>(3);
        window.sent("a");
        window.sent("b");
        assertEquals(List.of(), window.appended("b"));
        assertEquals(List.of(new Ended<>("a", Fate.OVERTAKEN)), window.refused("a"));
        assertTrue(window.isEmpty());
    }

    @Test
    void aBatchOfUnknownOutcomeHoldsUpNothing() {
        var window = new OrderedWindow<String>(1);
        window.sent("a");
        assertTrue(window.anyOnItsWay());
        assertEquals(List.of(new Ended<>("a", Fate.UNKNOWN)), window.unknown("a"));
        assertFalse(window.anyOnItsWay());
        assertTrue(window.mayTakeNew());
    }

    /// Against a broker that appends, refuses and loses answers at random, over streams that keep order: the log is
    /// always in order, nothing is in it twice, and what neither failed nor is unknown is in it.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void keepsTheLogInOrder(int sizeMax) {
        for (var seed = 0L; seed < 2_000; seed++) {
            new Simulation(sizeMax, seed).run();
        }
    }

    private static final class Simulation {
        private static final int BATCHES = 30;

        private final Random random;
        private final String name;
        private final OrderedWindow<Integer> window;
        private final ArrayDeque<Integer> wire = new ArrayDeque<>();
        private final List<Integer> log = new ArrayList<>();
        private final HashSet<Integer> done = new HashSet<>();
        private final HashSet<Integer> notAppended = new HashSet<>();

        Simulation(int sizeMax, long seed) {
            random = new Random(seed);
            name = "window " + sizeMax + ", seed " + seed;
            window = new OrderedWindow<>(sizeMax);
        }

        void run() {
            var next = 0;
            for (var steps = 0; done.size() < BATCHES; steps++) {
                assertTrue(steps < 100_000, () -> name + ": stands still");
                var again = window.nextToResend();
                if (again.isPresent() && random.nextBoolean()) {
                    window.resent(again.get());
                    wire.add(again.get());
                } else if (next < BATCHES && window.mayTakeNew() && random.nextBoolean()) {
                    window.sent(next);
                    wire.add(next++);
                } else if (!wire.isEmpty()) {
                    serve(wire.remove());
                }
            }
            var sorted = new ArrayList<>(log);
            Collections.sort(sorted);
            assertEquals(sorted, log, name);
            assertEquals(log.size(), new HashSet<>(log).size(), name + ": twice in the log");
            for (var batch : notAppended) {
                assertFalse(log.contains(batch), name + ": told as not appended, but it was: " + batch);
            }
            assertTrue(window.isEmpty(), name);
        }

        private void serve(int batch) {
            switch (random.nextInt(6)) {
                case 0 -> end(window.refused(batch));
                case 1 -> {
                    if (random.nextBoolean()) {
                        log.add(batch);
                    }
                    end(window.unknown(batch));
                }
                case 2 -> end(window.rejected(batch));
                default -> {
                    log.add(batch);
                    end(window.appended(batch));
                    done.add(batch);
                }
            }
        }

        private void end(List<Ended<Integer>> ended) {
            for (var one : ended) {
                done.add(one.batch());
                if (one.fate() != Fate.UNKNOWN) {
                    notAppended.add(one.batch());
                }
            }
        }
    }
}
