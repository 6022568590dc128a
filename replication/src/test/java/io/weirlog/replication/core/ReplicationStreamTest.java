package io.weirlog.replication.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.core.ReplicationStream.Effect;
import io.weirlog.replication.core.ReplicationStream.Event;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// Every record is one byte here.
class ReplicationStreamTest {
    private static final StreamSession SESSION = new StreamSession(1);

    private final ReplicationStream stream = new ReplicationStream(new ReplicationStream.Limits(100, 10));

    private static TopicPartition partition(int number) {
        return new TopicPartition(new TopicId(new UUID(1, 1)), number);
    }

    private List<Effect> start(int number, long end) {
        return stream.step(new Event.Start(partition(number), SESSION, Offset.ZERO, new Offset(end)));
    }

    private List<Effect> sent(Effect effect, int bytes) {
        var send = assertInstanceOf(Effect.Send.class, effect);
        return stream.step(
                new Event.Sent(send.partition(), send.session(), send.from().plus(bytes), bytes));
    }

    @Test
    void aBatchLargerThanTheWindowGoesAlone() {
        var first = start(0, 1_000);
        assertEquals(List.of(), sent(first.getFirst(), 500));
        assertEquals(500, stream.underWayBytes());
        assertEquals(List.of(), start(1, 5));
        assertEquals(2, stream.step(new Event.Credit(500)).size());
    }

    @Test
    void aFollowerCannotGiveBackMoreThanItGot() {
        sent(start(0, 5).getFirst(), 5);
        assertInstanceOf(
                Effect.Violation.class, stream.step(new Event.Credit(6)).getFirst());
        assertEquals(List.of(), stream.step(new Event.Credit(5)));
    }

    @Test
    void aThrottledPartitionSendsWhatItMayAndMakesUpForTooMuch() {
        stream.step(new Event.Throttled(partition(0), true));
        assertEquals(List.of(), start(0, 1_000));
        assertTrue(stream.awaitsAllowance());
        var first = stream.step(new Event.Allowed(5));
        assertEquals(1, first.size());
        assertEquals(List.of(), sent(first.getFirst(), 10), "5 too much");
        assertTrue(stream.awaitsAllowance());
        assertEquals(List.of(), stream.step(new Event.Allowed(5)), "only made up for");
        assertEquals(1, stream.step(new Event.Allowed(1)).size());
    }

    @Test
    void oneThatIsThrottledTakesNothingFromTheOthers() {
        stream.step(new Event.Throttled(partition(0), true));
        start(0, 1_000);
        var free = start(1, 30);
        for (int i = 0; i < 3; i++) {
            var send = assertInstanceOf(Effect.Send.class, free.getFirst());
            assertEquals(partition(1), send.partition());
            free = sent(send, 10);
        }
        assertEquals(List.of(), free);
        assertEquals(30, stream.underWayBytes());
    }

    @Test
    void turnsAlternateWhileThereIsAnAllowance() {
        var sender = new ReplicationStream(new ReplicationStream.Limits(1_000, 10));
        sender.step(new Event.Throttled(partition(0), true));
        sender.step(new Event.Start(partition(0), SESSION, Offset.ZERO, new Offset(1_000)));
        sender.step(new Event.Allowed(50));
        var counts = new int[2];
        var reads = new ArrayDeque<Effect.Send>();
        add(reads, sender.step(new Event.Start(partition(1), SESSION, Offset.ZERO, new Offset(1_000))));
        add(reads, sender.step(new Event.Sent(partition(0), SESSION, new Offset(10), 10)));
        while (!reads.isEmpty() && counts[0] + counts[1] < 20) {
            var send = reads.remove();
            counts[send.partition().partition()]++;
            add(
                    reads,
                    sender.step(new Event.Sent(
                            send.partition(), SESSION, send.from().plus(10), 10)));
        }
        assertEquals(4, counts[0], "50 were allowed, and 10 of them sent before");
        assertEquals(16, counts[1]);
    }

    @Test
    void whoIsThrottledNoLongerSendsAtOnce() {
        stream.step(new Event.Throttled(partition(0), true));
        start(0, 1_000);
        assertEquals(1, stream.step(new Event.Throttled(partition(0), false)).size());
        assertEquals(false, stream.awaitsAllowance());
    }

    @Test
    void whatIsReadForAnEndedSessionChangesNothing() {
        var old = start(0, 50).getFirst();
        var next = new StreamSession(2);
        var again = stream.step(new Event.Start(partition(0), next, new Offset(20), new Offset(50)));
        assertEquals(new Effect.Send(partition(0), next, new Offset(20), 10), again.getFirst());
        assertEquals(List.of(), sent(old, 0));
        assertEquals(new Offset(30), ((Effect.Send) sent(again.getFirst(), 10).getFirst()).from());
    }

    @Test
    void sendsAllInOrderFairlyAndWithinTheWindow() {
        for (var seed = 0; seed < 500; seed++) {
            var random = new Random(seed);
            var sender = new ReplicationStream(new ReplicationStream.Limits(100, 10));
            var ends = new long[5];
            var next = new long[5];
            var reads = new ArrayDeque<Effect.Send>();
            var underWay = 0L;
            for (var i = 0; i < ends.length; i++) {
                ends[i] = random.nextInt(2_000);
                add(reads, sender.step(new Event.Start(partition(i), SESSION, Offset.ZERO, new Offset(ends[i]))));
            }
            for (var step = 0; step < 100_000 && (!reads.isEmpty() || underWay > 0); step++) {
                if (!reads.isEmpty() && random.nextBoolean()) {
                    var send = reads.remove();
                    var number = send.partition().partition();
                    assertEquals(next[number], send.from().value(), "seed " + seed);
                    var bytes = (int) Math.min(ends[number] - next[number], 1 + random.nextInt(send.bytesMax()));
                    next[number] += bytes;
                    underWay += bytes;
                    add(reads, sender.step(new Event.Sent(send.partition(), SESSION, new Offset(next[number]), bytes)));
                } else {
                    var credit = random.nextLong(underWay + 1);
                    underWay -= credit;
                    add(reads, sender.step(new Event.Credit(credit)));
                }
                assertTrue(underWay <= 100, "seed " + seed);
                checkFair(next, ends, seed);
            }
            for (var i = 0; i < ends.length; i++) {
                assertEquals(ends[i], next[i], "seed " + seed);
            }
        }
    }

    private static void add(ArrayDeque<Effect.Send> reads, List<Effect> effects) {
        effects.forEach(effect -> reads.add(assertInstanceOf(Effect.Send.class, effect)));
    }

    /// Those that still have something to send are never further apart than turns of different sizes explain.
    private static void checkFair(long[] next, long[] ends, int seed) {
        var least = Long.MAX_VALUE;
        var most = 0L;
        for (var i = 0; i < ends.length; i++) {
            if (next[i] < ends[i]) {
                least = Math.min(least, next[i]);
                most = Math.max(most, next[i]);
            }
        }
        assertTrue(
                least == Long.MAX_VALUE || most <= 10 * (least + 2) + 20, "seed " + seed + ": " + least + ", " + most);
    }
}
