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
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SequencedWindowTest {
    private static final ProducerIdentity FIRST = new ProducerIdentity(7, (short) 0);
    private static final ProducerIdentity SECOND = new ProducerIdentity(7, (short) 1);

    /// Batches have as many records as their name has letters.
    private final SequencedWindow<String> window = new SequencedWindow<>(5, String::length);

    private void begin() {
        assertTrue(window.needsProducer());
        assertFalse(window.mayTakeNew());
        assertEquals(List.of(), window.begin(FIRST));
    }

    private int sequence(String batch) {
        return window.numbers(batch).orElseThrow().baseSequence();
    }

    @Test
    void numbersRecords() {
        begin();
        window.sent("a");
        window.sent("bbb");
        window.sent("cc");
        assertEquals(0, sequence("a"));
        assertEquals(1, sequence("bbb"));
        assertEquals(4, sequence("cc"));
        window.sent("d");
        window.sent("e");
        assertFalse(window.mayTakeNew());
        assertThrows(InvariantViolation.class, () -> window.sent("f"));
        assertThrows(InvariantViolation.class, () -> window.begin(SECOND));
    }

    @Test
    void sendsAgainWhatMayBeInTheLogUnderTheSameNumber() {
        begin();
        window.sent("a");
        window.sent("b");
        assertEquals(List.of(), window.unknown("a"));
        assertEquals(Optional.empty(), window.nextToResend(), "b is on its way");
        assertEquals(List.of(), window.unknown("b"));
        assertEquals(Optional.of("a"), window.nextToResend());
        window.resent("a");
        assertEquals(Optional.of("b"), window.nextToResend());
        assertFalse(window.mayTakeNew(), "b goes first");
        window.resent("b");
        assertTrue(window.mayTakeNew());
        assertEquals(0, sequence("a"));
        assertEquals(1, sequence("b"));
    }

    @Test
    void whatFollowsARefusedBatchWaitsForIt() {
        begin();
        window.sent("a");
        window.sent("b");
        window.refused("a");
        window.outOfSequence("b");
        assertFalse(window.needsProducer());
        assertEquals(Optional.of("a"), window.nextToResend());
    }

    @Test
    void theNumbersOfTheLastBatchAreFreeIfItSurelyIsNotInTheLog() {
        begin();
        window.sent("a");
        window.sent("bb");
        assertEquals(List.of(new Ended<>("bb", Fate.NOT_APPENDED)), window.rejected("bb"));
        window.sent("c");
        assertEquals(1, sequence("c"));
    }

    @Test
    void whatFollowsAGapIsNumberedAnewInTheNextEpoch() {
        begin();
        window.sent("a");
        window.sent("bb");
        window.sent("c");
        assertEquals(List.of(new Ended<>("a", Fate.NOT_APPENDED)), window.rejected("a"));
        assertFalse(window.mayTakeNew());
        window.outOfSequence("bb");
        assertFalse(window.needsProducer(), "c is on its way");
        window.outOfSequence("c");
        assertEquals(Optional.empty(), window.nextToResend());
        assertTrue(window.needsProducer());
        assertEquals(List.of(), window.begin(SECOND));
        assertEquals(Optional.of(new ProducerNumbers(SECOND, 0)), window.numbers("bb"));
        assertEquals(Optional.of(new ProducerNumbers(SECOND, 2)), window.numbers("c"));
        assertEquals(Optional.of("bb"), window.nextToResend());
    }

    @Test
    void whatIsBeforeAGapIsSentAgainFirst() {
        begin();
        window.sent("a");
        window.sent("b");
        window.sent("c");
        window.unknown("a");
        window.rejected("b");
        window.outOfSequence("c");
        assertFalse(window.needsProducer());
        assertEquals(Optional.of("a"), window.nextToResend());
        window.resent("a");
        assertFalse(window.needsProducer());
        window.appended("a");
        assertTrue(window.needsProducer());
    }

    /// A copy that is still somewhere would be a second one.
    @Test
    void whatMayBeInTheLogIsNotNumberedAnew() {
        begin();
        window.sent("a");
        window.sent("b");
        window.sent("c");
        window.unknown("a");
        window.unknown("b");
        window.refused("c");
        assertEquals(List.of(new Ended<>("a", Fate.UNKNOWN)), window.expired("a"));
        // Whether a is there, the answer to b tells.
        assertEquals(Optional.of("b"), window.nextToResend());
        window.resent("b");
        window.outOfSequence("b");
        assertTrue(window.needsProducer());
        assertEquals(List.of(new Ended<>("b", Fate.UNKNOWN)), window.begin(SECOND));
        assertEquals(0, sequence("c"));
    }

    @Test
    void anAnswerAfterTheTimeIsOverFreesThePlace() {
        begin();
        window.sent("a");
        assertEquals(List.of(new Ended<>("a", Fate.UNKNOWN)), window.expired("a"));
        assertTrue(window.anyOnItsWay());
        window.appended("a");
        assertTrue(window.isEmpty());
        window.sent("b");
        window.expired("b");
        assertEquals(List.of(new Ended<>("b", Fate.NOT_APPENDED)), window.refused("b"));
        window.sent("c");
        assertEquals(1, sequence("c"));
    }

    @Test
    void numbersAreNotUsedTwiceWhereACopyOfALaterOneMayBeUnderWay() {
        begin();
        window.sent("a");
        window.sent("b");
        window.refused("a");
        window.unknown("b");
        assertEquals(List.of(new Ended<>("b", Fate.UNKNOWN)), window.expired("b"));
        assertEquals(List.of(new Ended<>("a", Fate.NOT_APPENDED)), window.expired("a"));
        assertFalse(window.mayTakeNew());
        assertTrue(window.needsProducer());
    }

    /// Against leaders that refuse, forget, and lose requests and answers, of which some arrive late: whatever happens,
    /// the log is in order and has nothing twice, and what was told of each batch is true in the end.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void appendsEachBatchOnceAndInOrder(int sizeMax) {
        var fates = new HashMap<String, Integer>();
        for (var seed = 0L; seed < 3_000; seed++) {
            new Simulation(sizeMax, seed, fates).run();
        }
        System.out.println("window of " + sizeMax + ": " + fates);
        assertTrue(
                fates.keySet().containsAll(Set.of("appended", "NOT_APPENDED", "UNKNOWN", "next epoch", "late copy")));
        assertTrue(fates.getOrDefault("appended", 0) > 3_000 * 15);
    }

    private static final class Simulation {
        private static final int BATCHES = 30;

        private record Copy(int batch, int records, ProducerNumbers numbers) {}

        private final Random random;
        private final String name;
        private final Map<String, Integer> fates;
        private final SequencedWindow<Integer> window;
        private final Deque<Copy> wire = new ArrayDeque<>();
        /// Copies of which nobody waits for an answer any more, by the stream that they came on.
        private final List<Deque<Copy>> lost = new ArrayList<>();
        private final Leader leader = new Leader();
        private final Set<Integer> acknowledged = new HashSet<>();
        private final Set<Integer> notAppended = new HashSet<>();
        private final Set<Integer> unknown = new HashSet<>();
        private int epochs;

        Simulation(int sizeMax, long seed, Map<String, Integer> fates) {
            this.random = new Random(seed);
            this.name = "window " + sizeMax + ", seed " + seed;
            this.fates = fates;
            this.window = new SequencedWindow<>(sizeMax, Simulation::records);
        }

        private static int records(int batch) {
            return 1 + batch % 3;
        }

        void run() {
            var next = 0;
            for (var steps = 0; next < BATCHES || !window.isEmpty(); steps++) {
                assertTrue(steps < 100_000, () -> name + ": stands still");
                var again = window.nextToResend();
                if (window.needsProducer()) {
                    count(epochs > 0 ? "next epoch" : "first epoch");
                    end(window.begin(new ProducerIdentity(7, (short) epochs++)));
                } else if (again.isPresent() && random.nextBoolean()) {
                    window.resent(again.get());
                    send(again.get());
                } else if (next < BATCHES && window.mayTakeNew() && random.nextBoolean()) {
                    window.sent(next);
                    send(next++);
                } else {
                    happen();
                }
            }
            while (!lost.isEmpty()) {
                arriveLate();
            }
            check();
        }

        private void send(int batch) {
            wire.add(new Copy(batch, records(batch), window.numbers(batch).orElseThrow()));
        }

        private void happen() {
            switch (random.nextInt(40)) {
                case 0, 1 -> breakStream();
                case 2, 3, 4 -> arriveLate();
                case 5 -> window.waiting().stream().findFirst().ifPresent(batch -> end(window.expired(batch)));
                case 6 -> window.onItsWay().stream().findFirst().ifPresent(batch -> end(window.expired(batch)));
                case 7 -> {
                    // Leaders remember for longer than any batch is on its way.
                    if (lost.isEmpty() && window.isEmpty()) {
                        leader.forget();
                    }
                }
                default -> {
                    if (!wire.isEmpty()) {
                        serve(wire.remove());
                    }
                }
            }
        }

        private void breakStream() {
            var copies = new ArrayDeque<>(wire);
            wire.clear();
            copies.forEach(copy -> end(window.unknown(copy.batch())));
            if (random.nextBoolean()) {
                lost.add(copies);
            }
            lost.removeIf(Deque::isEmpty);
        }

        private void arriveLate() {
            if (!lost.isEmpty()) {
                var stream = lost.get(random.nextInt(lost.size()));
                if (leader.append(stream.remove()) == Leader.Verdict.APPENDED) {
                    count("late copy");
                }
                lost.removeIf(Deque::isEmpty);
            }
        }

        private void serve(Copy copy) {
            var batch = copy.batch();
            switch (random.nextInt(16)) {
                case 0, 1 -> end(window.refused(batch));
                case 2 -> end(window.rejected(batch));
                case 3 -> {
                    leader.append(copy);
                    end(window.unknown(batch));
                }
                default -> {
                    switch (leader.append(copy)) {
                        case APPENDED, REPEATED -> {
                            assertEquals(List.of(), window.appended(batch));
                            if (!unknown.contains(batch)) {
                                acknowledged.add(batch);
                                count("appended");
                            }
                        }
                        case OUT_OF_SEQUENCE -> end(window.outOfSequence(batch));
                        case FENCED -> throw new AssertionError(name + ": fenced by itself");
                    }
                }
            }
        }

        private void end(List<Ended<Integer>> ended) {
            for (var one : ended) {
                // What was told once is not told again.
                if (!unknown.contains(one.batch())) {
                    (one.fate() == Fate.UNKNOWN ? unknown : notAppended).add(one.batch());
                    count(one.fate().name());
                }
            }
        }

        private void count(String what) {
            fates.merge(what, 1, Integer::sum);
        }

        private void check() {
            var sorted = new ArrayList<>(leader.log);
            Collections.sort(sorted);
            assertEquals(sorted, leader.log, name);
            assertEquals(leader.log.size(), new HashSet<>(leader.log).size(), name + ": twice in the log");
            assertTrue(leader.log.containsAll(acknowledged), name + ": acknowledged, but not there");
            assertTrue(Collections.disjoint(leader.log, notAppended), name + ": told as not appended, but it was");
            assertEquals(
                    BATCHES,
                    acknowledged.size() + notAppended.size() + unknown.size(),
                    name + ": not all were told once");
        }
    }

    /// A partition's leader, as simple as can be.
    private static final class Leader {
        enum Verdict {
            APPENDED,
            REPEATED,
            OUT_OF_SEQUENCE,
            FENCED
        }

        final List<Integer> log = new ArrayList<>();
        private final Map<ProducerNumbers, Integer> known = new HashMap<>();
        private Optional<ProducerIdentity> producer = Optional.empty();
        private int next;

        Verdict append(Simulation.Copy copy) {
            var numbers = copy.numbers();
            if (known.containsKey(numbers)) {
                assertEquals(copy.batch(), known.get(numbers), "a number stands for two batches");
                return Verdict.REPEATED;
            }
            if (producer.isPresent()
                    && numbers.producer().epoch() < producer.get().epoch()) {
                return Verdict.FENCED;
            }
            var expected = producer.equals(Optional.of(numbers.producer())) ? next : 0;
            if (numbers.baseSequence() != expected) {
                return Verdict.OUT_OF_SEQUENCE;
            }
            producer = Optional.of(numbers.producer());
            next = expected + copy.records();
            known.put(numbers, copy.batch());
            log.add(copy.batch());
            return Verdict.APPENDED;
        }

        void forget() {
            known.clear();
            producer = Optional.empty();
        }
    }
}
