package io.weirlog.client;

import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/// Takes turns between the partitions of each topic by itself: with one count for all topics, one that gets every
/// second record would miss half of its partitions. Thread-safe.
final class RoundRobin implements Partitioner {
    private final ConcurrentMap<String, AtomicInteger> turns = new ConcurrentHashMap<>();

    @Override
    public OptionalInt partition(ProducerRecord record, int partitions) {
        var turn = turns.get(record.topic());
        if (turn == null) {
            // From 0, many short-lived producers would all write there.
            turn = turns.computeIfAbsent(
                    record.topic(),
                    topic -> new AtomicInteger(ThreadLocalRandom.current().nextInt()));
        }
        return OptionalInt.of(Math.floorMod(turn.getAndIncrement(), partitions));
    }
}
