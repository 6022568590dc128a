package io.weirlog.deploy.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.deploy.history.Anomaly.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The checker finds nothing in what a sound log shows, and every class of damage in what a broken one would.
class HistoryCheckerTest {
    private static final int SEEDS = 50;
    private static final int ACKS_MIN = 20;

    /// One way to break a sound history.
    record Damage(String name, Kind expected, BiConsumer<List<Entry>, Random> apply) {
        @Override
        public String toString() {
            return name;
        }
    }

    @ParameterizedTest
    @MethodSource("damages")
    void everyDamageIsFound(Damage damage) {
        for (var seed = 0; seed < SEEDS; seed++) {
            var history = new ArrayList<>(SoundHistory.of(seed));
            damage.apply().accept(history, new Random(seed));
            var found = HistoryChecker.check(history, ACKS_MIN);
            assertTrue(
                    found.stream().anyMatch(anomaly -> anomaly.kind() == damage.expected()),
                    "seed " + seed + ": " + damage + " was not found, only " + found);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aSoundHistoryHasNoAnomaly(int seed) {
        assertEquals(List.of(), HistoryChecker.check(SoundHistory.of(seed), ACKS_MIN), "seed " + seed);
    }

    static Stream<Integer> seeds() {
        return Stream.iterate(0, seed -> seed + 1).limit(SEEDS);
    }

    @SuppressWarnings("ReferenceEquality") // Of two equal polls one is meant.
    static Stream<Damage> damages() {
        return Stream.of(
                new Damage("an acknowledged record is gone", Kind.LOST, (history, random) -> {
                    var acked = pick(history, Entry.SendAcked.class, random);
                    history.removeIf(entry -> entry instanceof Entry.FinalRead read
                            && read.value().equals(valueOf(history, acked)));
                }),
                new Damage("the end of the log is gone", Kind.LOST, (history, random) -> {
                    var partition = pick(history, Entry.SendAcked.class, random);
                    var number = invoked(history, partition.send()).partition();
                    history.removeIf(entry -> entry instanceof Entry.FinalRead read
                            && read.partition() == number
                            && read.offset() >= partition.offset());
                }),
                new Damage("a record that was read is gone", Kind.LOST, (history, random) -> {
                    var polled = pick(history, Entry.Polled.class, random);
                    history.removeIf(entry -> entry instanceof Entry.FinalRead read
                            && read.value().equals(polled.value()));
                }),
                new Damage("a whole partition is gone", Kind.LOST, (history, random) -> {
                    var polled = pick(history, Entry.Polled.class, random);
                    history.removeIf(
                            entry -> entry instanceof Entry.FinalRead read && read.partition() == polled.partition());
                }),
                new Damage(
                        "nothing was read in the end",
                        Kind.VACUOUS,
                        (history, random) -> history.removeIf(Entry.FinalRead.class::isInstance)),
                new Damage("hardly anything was acknowledged", Kind.VACUOUS, (history, random) -> {
                    var acked = pick(history, Entry.SendAcked.class, random);
                    history.removeIf(entry -> entry instanceof Entry.SendAcked && !entry.equals(acked));
                }),
                new Damage("a record is there twice", Kind.DUPLICATE, (history, random) -> {
                    var read = pick(history, Entry.FinalRead.class, random);
                    history.add(new Entry.FinalRead(read.partition(), endOf(history, read.partition()), read.value()));
                }),
                new Damage("a record is in another partition too", Kind.DUPLICATE, (history, random) -> {
                    var read = pick(history, Entry.FinalRead.class, random);
                    var other = (read.partition() + 1) % SoundHistory.PARTITIONS;
                    history.add(new Entry.FinalRead(other, endOf(history, other), read.value()));
                }),
                new Damage("a retry was appended again and acknowledged there", Kind.DUPLICATE, (history, random) -> {
                    var acked = pick(history, Entry.SendAcked.class, random);
                    var partition = invoked(history, acked.send()).partition();
                    var again = endOf(history, partition);
                    replace(history, acked, new Entry.SendAcked(acked.process(), acked.send(), again));
                    history.add(new Entry.FinalRead(partition, again, valueOf(history, acked)));
                }),
                new Damage("two records have changed places", Kind.INCONSISTENT_OFFSET, (history, random) -> {
                    var acked = pick(history, Entry.SendAcked.class, random);
                    var partition = invoked(history, acked.send()).partition();
                    var one = finalAt(history, partition, acked.offset());
                    var other = history.stream()
                            .filter(entry -> entry instanceof Entry.FinalRead read
                                    && read.partition() == partition
                                    && read.offset() != one.offset())
                            .map(Entry.FinalRead.class::cast)
                            .findFirst()
                            .orElseThrow();
                    replace(history, one, new Entry.FinalRead(partition, one.offset(), other.value()));
                    replace(history, other, new Entry.FinalRead(partition, other.offset(), one.value()));
                }),
                new Damage(
                        "another record stands where one was acknowledged",
                        Kind.INCONSISTENT_OFFSET,
                        (history, random) -> {
                            var acked = pick(history, Entry.SendAcked.class, random);
                            replace(
                                    history,
                                    acked,
                                    new Entry.SendAcked(acked.process(), acked.send(), acked.offset() + 1));
                            var partition = invoked(history, acked.send()).partition();
                            history.add(
                                    history.indexOf(
                                            new Entry.SendAcked(acked.process(), acked.send(), acked.offset() + 1)),
                                    new Entry.Positioned("late", partition, acked.offset() + 1));
                            var there = history.stream()
                                    .filter(entry -> entry instanceof Entry.FinalRead read
                                            && read.partition() == partition
                                            && read.offset() == acked.offset() + 1)
                                    .findFirst();
                            if (there.isEmpty()) {
                                var value = Value.of("late", acked.send());
                                history.addFirst(new Entry.SendInvoked("late", -acked.send(), partition, value));
                                history.add(new Entry.FinalRead(partition, acked.offset() + 1, value));
                            }
                        }),
                new Damage(
                        "two readers saw different records at one offset",
                        Kind.INCONSISTENT_OFFSET,
                        (history, random) -> {
                            var polled = pick(history, Entry.Polled.class, random);
                            var value = Value.of("other", polled.offset());
                            history.addFirst(new Entry.SendInvoked("other", -1, polled.partition(), value));
                            history.add(new Entry.Positioned("second", polled.partition(), polled.offset()));
                            history.add(new Entry.Polled("second", polled.partition(), polled.offset(), value));
                        }),
                new Damage("a record that was read has been replaced", Kind.INCONSISTENT_OFFSET, (history, random) -> {
                    var polled = pick(history, Entry.Polled.class, random);
                    var value = Value.of("other", polled.offset());
                    history.addFirst(new Entry.SendInvoked("other", -1, polled.partition(), value));
                    replace(
                            history,
                            finalAt(history, polled.partition(), polled.offset()),
                            new Entry.FinalRead(polled.partition(), polled.offset(), value));
                }),
                new Damage("a value is damaged", Kind.PHANTOM, (history, random) -> {
                    var read = pick(history, Entry.FinalRead.class, random);
                    replace(history, read, new Entry.FinalRead(read.partition(), read.offset(), read.value() + "0"));
                }),
                new Damage("a reader was given a damaged value", Kind.PHANTOM, (history, random) -> {
                    var polled = pick(history, Entry.Polled.class, random);
                    replace(
                            history,
                            polled,
                            new Entry.Polled(polled.process(), polled.partition(), polled.offset(), "junk"));
                }),
                new Damage(
                        "a value was never sent",
                        Kind.PHANTOM,
                        (history, random) ->
                                history.add(new Entry.FinalRead(0, endOf(history, 0), Value.of("nobody", 1)))),
                new Damage("a failed send is there", Kind.FAILED_BUT_PRESENT, (history, random) -> {
                    var failed = pick(history, Entry.SendFailed.class, random);
                    var sent = invoked(history, failed.send());
                    history.add(new Entry.FinalRead(sent.partition(), endOf(history, sent.partition()), sent.value()));
                }),
                new Damage(
                        "an acknowledged send was then told to have failed",
                        Kind.FAILED_BUT_PRESENT,
                        (history, random) -> {
                            var acked = pick(history, Entry.SendAcked.class, random);
                            history.add(new Entry.SendFailed(acked.process(), acked.send()));
                        }),
                new Damage("a reader missed a record", Kind.SKIPPED, (history, random) -> {
                    var polled = pickInner(history, random);
                    // This one, and no equal one before it.
                    history.removeIf(entry -> entry == polled);
                }),
                new Damage("a reader began too late", Kind.SKIPPED, (history, random) -> {
                    var polled = pick(history, Entry.Polled.class, random);
                    history.add(
                            history.indexOf(polled),
                            new Entry.Positioned(polled.process(), polled.partition(), polled.offset() - 1));
                }),
                new Damage("a reader was given a record twice", Kind.WENT_BACK, (history, random) -> {
                    var polled = pick(history, Entry.Polled.class, random);
                    history.add(history.indexOf(polled), polled);
                }),
                new Damage("a reader went back", Kind.WENT_BACK, (history, random) -> {
                    var polled = pickInner(history, random);
                    var before = finalAt(history, polled.partition(), polled.offset());
                    var after = finalAt(history, polled.partition(), polled.offset() + 1);
                    history.add(new Entry.Positioned("second", polled.partition(), after.offset()));
                    history.add(new Entry.Polled("second", polled.partition(), after.offset(), after.value()));
                    history.add(new Entry.Polled("second", polled.partition(), before.offset(), before.value()));
                }),
                new Damage("a later send of a process came first", Kind.REORDERED, (history, random) -> {
                    var partition = random.nextInt(SoundHistory.PARTITIONS);
                    var end = endOf(history, partition);
                    // Both invoked before either is acknowledged: only their process says in which order.
                    history.add(new Entry.SendInvoked("swift", 1_000_001, partition, Value.of("swift", 1)));
                    history.add(new Entry.SendInvoked("swift", 1_000_002, partition, Value.of("swift", 2)));
                    history.add(new Entry.FinalRead(partition, end, Value.of("swift", 2)));
                    history.add(new Entry.FinalRead(partition, end + 1, Value.of("swift", 1)));
                }),
                new Damage("a send came before one that was over", Kind.REORDERED, (history, random) -> {
                    var acked = pick(history, Entry.SendAcked.class, random);
                    var partition = invoked(history, acked.send()).partition();
                    history.add(new Entry.SendInvoked("late", 1_000_001, partition, Value.of("late", 1)));
                    history.add(new Entry.SendAcked("late", 1_000_001, 0));
                }),
                new Damage("an unanswered send came before one that was over", Kind.REORDERED, (history, random) -> {
                    var first = history.stream()
                            .filter(entry -> entry instanceof Entry.FinalRead read && read.offset() == 0)
                            .map(Entry.FinalRead.class::cast)
                            .findFirst()
                            .orElseThrow();
                    history.add(
                            history.indexOf(first),
                            new Entry.SendInvoked("late", 1_000_001, first.partition(), Value.of("late", 1)));
                    history.add(history.indexOf(first) + 1, new Entry.SendUnknown("late", 1_000_001));
                    replace(history, first, new Entry.FinalRead(first.partition(), 0, Value.of("late", 1)));
                }),
                new Damage("an end is below an acknowledged record", Kind.END_WENT_BACK, (history, random) -> {
                    var acked = pick(history, Entry.SendAcked.class, random);
                    var partition = invoked(history, acked.send()).partition();
                    history.add(new Entry.EndInvoked("lister", partition));
                    history.add(new Entry.EndListed("lister", partition, acked.offset()));
                }),
                new Damage("an end is below a record that was read", Kind.END_WENT_BACK, (history, random) -> {
                    var polled = pick(history, Entry.Polled.class, random);
                    history.add(new Entry.EndInvoked("lister", polled.partition()));
                    history.add(new Entry.EndListed("lister", polled.partition(), polled.offset()));
                }));
    }

    private static <T extends Entry> T pick(List<Entry> history, Class<T> kind, Random random) {
        var candidates =
                history.stream().filter(kind::isInstance).map(kind::cast).toList();
        return candidates.get(random.nextInt(candidates.size()));
    }

    /// A poll that the next one of the same reader and partition continues.
    private static Entry.Polled pickInner(List<Entry> history, Random random) {
        var inner = new ArrayList<Entry.Polled>();
        var last = new HashMap<Integer, Entry.Polled>();
        for (var entry : history) {
            if (entry instanceof Entry.Polled polled) {
                var before = last.put(polled.partition(), polled);
                if (before != null) {
                    inner.add(before);
                }
            } else if (entry instanceof Entry.Positioned positioned) {
                last.remove(positioned.partition());
            }
        }
        return inner.get(random.nextInt(inner.size()));
    }

    private static Entry.SendInvoked invoked(List<Entry> history, long send) {
        return history.stream()
                .filter(entry -> entry instanceof Entry.SendInvoked invoked && invoked.send() == send)
                .map(Entry.SendInvoked.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private static String valueOf(List<Entry> history, Entry.SendAcked acked) {
        return invoked(history, acked.send()).value();
    }

    private static Entry.FinalRead finalAt(List<Entry> history, int partition, long offset) {
        return history.stream()
                .filter(entry -> entry instanceof Entry.FinalRead read
                        && read.partition() == partition
                        && read.offset() == offset)
                .map(Entry.FinalRead.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private static long endOf(List<Entry> history, int partition) {
        return 1
                + history.stream()
                        .filter(entry -> entry instanceof Entry.FinalRead read && read.partition() == partition)
                        .mapToLong(entry -> ((Entry.FinalRead) entry).offset())
                        .max()
                        .orElse(-1);
    }

    private static void replace(List<Entry> history, Entry before, Entry after) {
        history.set(history.indexOf(before), after);
    }
}
