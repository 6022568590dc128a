package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.wire.Payload;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PendingAppendsTest {
    private final PendingAppends pending = new PendingAppends(1000);
    private final List<String> answers = new ArrayList<>();

    @Test
    void answersInLogOrderUpToTheSafeEnd() {
        add(10, 100);
        add(20, 100);
        add(30, 100);
        pending.completeUpTo(new Offset(20), 1);
        assertEquals(List.of("10 appended", "20 appended"), answers);
        pending.completeUpTo(new Offset(29), 1);
        assertEquals(2, answers.size());
        pending.completeUpTo(new Offset(30), 1);
        assertTrue(pending.isEmpty());
    }

    @Test
    void anExpiredAppendIsUnknownAndTheOthersGoOn() {
        add(10, 300);
        add(20, 100);
        add(30, 200);
        pending.expire(99);
        assertEquals(List.of(), answers);
        pending.expire(100);
        assertEquals(List.of("20 TIMED_OUT"), answers);
        pending.expire(250);
        assertEquals(List.of("20 TIMED_OUT", "30 TIMED_OUT"), answers);
        pending.completeUpTo(new Offset(30), 1);
        assertEquals(List.of("20 TIMED_OUT", "30 TIMED_OUT", "10 appended"), answers);
    }

    @Test
    void everyAppendIsAnsweredExactlyOnce() {
        for (var seed = 0; seed < 300; seed++) {
            answers.clear();
            var random = new Random(seed);
            // Deadlines around the wrap of the clock: only differences may count.
            var now = Long.MAX_VALUE - 500;
            var end = 0L;
            var added = 0;
            for (var i = 0; i < 200; i++) {
                switch (random.nextInt(3)) {
                    case 0 -> {
                        end += 1 + random.nextInt(3);
                        add(end, now + 1 + random.nextInt(100));
                        added++;
                    }
                    case 1 -> pending.completeUpTo(new Offset(random.nextLong(end + 1)), 1);
                    default -> pending.expire(now += random.nextInt(30));
                }
            }
            pending.drain(
                    each -> new AppendResult.Unknown(AppendResult.UnknownCause.SHUTTING_DOWN, "the test is over"));
            assertEquals(added, answers.size(), "seed " + seed);
            assertEquals(added, answers.stream().distinct().count(), "seed " + seed);
        }
    }

    @Test
    void isFullAtItsBound() {
        for (var i = 1; i < 1000; i++) {
            add(i, 100);
        }
        assertFalse(pending.isFull());
        add(1000, 100);
        assertTrue(pending.isFull());
    }

    private void add(long end, long deadlineNanos) {
        var command = new AppendCommand(
                Payload.of(ByteBuffer.allocate(1)), 1, Acks.ALL, Optional.empty(), deadlineNanos, result -> {
                    answers.add(
                            switch (result) {
                                case AppendResult.InLog appended -> end + " appended";
                                case AppendResult.NotAppended refused -> end + " refused";
                                case AppendResult.Unknown unknown -> end + " " + unknown.cause();
                            });
                });
        var success = new AppendResult.Appended(new Offset(end - 1), 1, new LeaderEpoch(0), 0, 1, Durability.FSYNC);
        pending.add(new PendingAppends.Pending(command, new Offset(end), success));
    }
}
