package io.weirlog.server.group.core;

import java.util.PriorityQueue;

/// What happens when, in simulated time: one event after the other.
final class SimQueue {
    private final PriorityQueue<Entry> queue = new PriorityQueue<>();
    private long nowMillis;
    private long events;
    private long trace;
    private long numbers;

    private record Entry(long atMillis, long number, Runnable action) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            return atMillis == other.atMillis
                    ? Long.compare(number, other.number)
                    : Long.compare(atMillis, other.atMillis);
        }
    }

    long nowMillis() {
        return nowMillis;
    }

    long events() {
        return events;
    }

    /// Equal for runs in which the same happened at the same times.
    long traceHash() {
        return trace;
    }

    void note(long what) {
        trace = (trace ^ what) * 0x9E3779B97F4A7C15L + nowMillis;
    }

    void after(long millis, Runnable action) {
        queue.add(new Entry(nowMillis + millis, numbers++, action));
    }

    void runUntil(long endMillis) {
        for (var next = queue.peek(); next != null && next.atMillis() <= endMillis; next = queue.peek()) {
            queue.remove();
            nowMillis = next.atMillis();
            events++;
            note(events);
            next.action().run();
        }
        nowMillis = endMillis;
    }
}
