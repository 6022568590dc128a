package io.weirlog.replication.sim;

import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;

/// Virtual time, chance, and the trace of one run: all that makes a seed give the same run again.
final class SimWorld {
    private record Event(long atMicros, int tieBreak, long number, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event that) {
            var byTime = Long.compare(atMicros, that.atMicros);
            if (byTime != 0) {
                return byTime;
            }
            var byChance = Integer.compare(tieBreak, that.tieBreak);
            return byChance != 0 ? byChance : Long.compare(number, that.number);
        }
    }

    private final PriorityQueue<Event> queue = new PriorityQueue<>();
    private final Random order;
    private final long seed;
    private final boolean verbose;
    private final TreeMap<String, Long> coverage = new TreeMap<>();
    private long nowMicros;
    private long events;
    private long scheduled;
    private long traceHash = 1;

    SimWorld(long seed, boolean verbose) {
        this.seed = seed;
        this.verbose = verbose;
        this.order = random("order");
    }

    /// One stream of chance for each part, so that a change in one does not shift the others.
    Random random(String part) {
        return new Random(seed * 0x9E3779B97F4A7C15L ^ part.hashCode() * 0xC2B2AE3D27D4EB4FL);
    }

    long nowMicros() {
        return nowMicros;
    }

    long nowMillis() {
        return nowMicros / 1000;
    }

    long events() {
        return events;
    }

    void after(long micros, Runnable action) {
        queue.add(new Event(nowMicros + Math.max(0, micros), order.nextInt(), scheduled++, action));
    }

    /// Runs the next event; false if it is not due before then.
    boolean runNext(long untilMicros) {
        var next = queue.peek();
        if (next == null || next.atMicros() > untilMicros) {
            nowMicros = untilMicros;
            return false;
        }
        queue.remove();
        nowMicros = next.atMicros();
        events++;
        next.action().run();
        return true;
    }

    /// What happened, in numbers: part of the trace's hash.
    void note(String what, long one, long two, long three) {
        traceHash = (traceHash ^ what.hashCode()) * 0x100000001B3L;
        traceHash = (traceHash ^ nowMicros) * 0x100000001B3L;
        traceHash = (traceHash ^ one) * 0x100000001B3L;
        traceHash = (traceHash ^ two) * 0x100000001B3L;
        traceHash = (traceHash ^ three) * 0x100000001B3L;
    }

    void say(Supplier<String> line) {
        if (verbose) {
            System.out.printf("%10.3f %s%n", nowMicros / 1000.0, line.get());
        }
    }

    void count(String reached) {
        coverage.merge(reached, 1L, Long::sum);
    }

    Map<String, Long> coverage() {
        return coverage;
    }

    long traceHash() {
        return traceHash;
    }
}
