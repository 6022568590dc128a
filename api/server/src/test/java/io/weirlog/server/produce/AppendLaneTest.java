package io.weirlog.server.produce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.v1.Acks;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.Appended;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Payload;
import io.weirlog.wire.Problems;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// A lane over ways and a clock that the test moves by hand.
class AppendLaneTest {
    private static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(1, 2)), 0);
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final HandMadeWays ways = new HandMadeWays();
    private final AppendLane lane = new AppendLane(ways);
    /// "number outcome" in the order in which they are told.
    private final List<String> told = new ArrayList<>();

    private record Sent(int number, Optional<BrokerId> to, Consumer<AppendResult> results) {}

    private static final class HandMadeWays implements AppendLane.Ways {
        private record Due(long atNanos, Runnable task) {}

        long nowNanos;
        Optional<BrokerId> leader = Optional.empty();
        final ArrayDeque<Sent> sent = new ArrayDeque<>();
        private final List<Due> due = new ArrayList<>();

        @Override
        public long nanoTime() {
            return nowNanos;
        }

        @Override
        public void schedule(Runnable task, long delayNanos) {
            due.add(new Due(nowNanos + delayNanos, task));
        }

        @Override
        public Optional<BrokerId> leaderElsewhere(TopicPartition id) {
            return leader;
        }

        @Override
        public void send(PartitionAppend append, Optional<BrokerId> to, Consumer<AppendResult> results) {
            sent.add(new Sent(append.recordCount(), to, results));
        }

        void pass(long nanos) {
            long end = nowNanos + nanos;
            while (true) {
                var next = due.stream().min(Comparator.comparingLong(Due::atNanos));
                if (next.isEmpty() || next.get().atNanos > end) {
                    break;
                }
                due.remove(next.get());
                nowNanos = Math.max(nowNanos, next.get().atNanos);
                next.get().task.run();
            }
            nowNanos = end;
        }
    }

    private void append(int number, long timeoutNanos) {
        lane.append(new PartitionAppend(
                "t",
                ID,
                Payload.of(ByteBuffer.allocate(10)),
                number,
                Acks.ACKS_ALL,
                Optional.empty(),
                ways.nowNanos + timeoutNanos,
                false,
                result -> told.add(number + " " + (result.hasAppended() ? "appended" : outcome(result)))));
    }

    private static String outcome(AppendResult result) {
        return result.getFailure().getOutcome() == AppendOutcome.APPEND_OUTCOME_NOT_APPENDED ? "not" : "unknown";
    }

    private static AppendResult appended() {
        return AppendResult.newBuilder()
                .setAppended(Appended.getDefaultInstance())
                .build();
    }

    private static AppendResult notLeader() {
        return AppendAnswers.notAppended(
                0, Problems.problem(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NOT_LEADER, "not here"));
    }

    private static AppendResult unknown() {
        return AppendAnswers.unknown(
                0, Problems.problem(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_LEADER, "gone"));
    }

    private static AppendResult tooLarge() {
        return AppendAnswers.notAppended(
                0,
                Problems.problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BATCH_TOO_LARGE, "too large"));
    }

    private void answer(int number, AppendResult result) {
        var first = ways.sent.remove();
        assertEquals(number, first.number());
        first.results().accept(result);
    }

    private List<Integer> underWay() {
        return ways.sent.stream().map(Sent::number).toList();
    }

    @Test
    void appendsAreOnTheirWayTogetherWhileTheLeaderStays() {
        append(1, SECOND_NANOS);
        append(2, SECOND_NANOS);
        assertEquals(List.of(1, 2), underWay());
        answer(1, appended());
        answer(2, tooLarge());
        assertEquals(List.of("1 appended", "2 not"), told);
        assertTrue(lane.isIdle());
    }

    @Test
    void nothingGoesToANewLeaderBeforeTheOldOneHasAnswered() {
        append(1, SECOND_NANOS);
        ways.leader = Optional.of(new BrokerId(7));
        append(2, SECOND_NANOS);
        assertEquals(List.of(1), underWay());
        answer(1, unknown());
        assertEquals(Optional.of(new BrokerId(7)), ways.sent.element().to());
        answer(2, appended());
        assertEquals(List.of("1 unknown", "2 appended"), told);
    }

    @Test
    void whatWasRefusedGoesFirstOnceItsLeaderIsKnown() {
        append(1, SECOND_NANOS);
        append(2, SECOND_NANOS);
        answer(1, notLeader());
        append(3, SECOND_NANOS);
        assertEquals(List.of(2), underWay(), "3 must not overtake 1");
        answer(2, notLeader());
        assertEquals(List.of(), underWay());
        ways.leader = Optional.of(new BrokerId(7));
        ways.pass(SECOND_NANOS / 2);
        assertEquals(List.of(1, 2, 3), underWay());
        answer(1, appended());
        answer(2, appended());
        answer(3, appended());
        assertEquals(List.of("1 appended", "2 appended", "3 appended"), told);
    }

    /// The broker began to lead between the two.
    @Test
    void whatWasRefusedIsNotSentBehindWhatWasTaken() {
        append(1, SECOND_NANOS);
        append(2, SECOND_NANOS);
        answer(1, notLeader());
        answer(2, appended());
        ways.pass(SECOND_NANOS);
        assertEquals(List.of("1 not", "2 appended"), told);
        assertTrue(lane.isIdle());
    }

    @Test
    void deadlinesAreKeptWhereverAnAppendWaits() {
        append(1, 10 * SECOND_NANOS);
        ways.leader = Optional.of(new BrokerId(7));
        append(2, SECOND_NANOS);
        ways.pass(2 * SECOND_NANOS);
        assertEquals(List.of("2 not"), told, "held behind one that is under way");
        answer(1, notLeader());
        while (told.size() < 2) {
            ways.pass(SECOND_NANOS / 10);
            if (!ways.sent.isEmpty()) {
                answer(1, notLeader());
            }
            assertTrue(ways.nowNanos < 11 * SECOND_NANOS, "refused for ever");
        }
        assertEquals(List.of("2 not", "1 not"), told);
    }

    @Test
    void whatIsHeldWhenTheStreamEndsIsAnsweredAndNotSent() {
        append(1, SECOND_NANOS);
        ways.leader = Optional.of(new BrokerId(7));
        append(2, SECOND_NANOS);
        lane.close();
        assertEquals(List.of("2 not"), told);
        answer(1, notLeader());
        ways.pass(SECOND_NANOS);
        assertEquals(List.of("2 not", "1 not"), told);
        assertEquals(List.of(), underWay());
    }

    /// What was replicated when the leader lost its partition is told later than what it refused after that.
    @Test
    void whatWasTakenBeforeARefusalDoesNotHinderASecondTry() {
        append(1, SECOND_NANOS);
        append(2, SECOND_NANOS);
        var first = ways.sent.remove();
        answer(2, notLeader());
        first.results().accept(unknown());
        ways.pass(SECOND_NANOS / 10);
        answer(2, appended());
        assertEquals(List.of("1 unknown", "2 appended"), told);
    }

    /// Leaders change and brokers refuse at random, and their answers come in any order: what is in the logs is in
    /// order,
    /// and there once.
    @Test
    void noAppendOvertakesAnother() {
        for (int round = 0; round < 300; round++) {
            long seed = System.nanoTime() + round;
            new RandomRound(seed).run();
        }
    }

    private static final class RandomRound {
        private final Random random;
        private final long seed;
        private final AppendLaneTest bench = new AppendLaneTest();
        private final List<Integer> log = new ArrayList<>();
        private final List<Runnable> answers = new ArrayList<>();

        RandomRound(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void run() {
            int appends = 40;
            for (int next = 1; next <= appends || !bench.lane.isIdle(); ) {
                switch (random.nextInt(4)) {
                    case 0 -> {
                        if (next <= appends) {
                            bench.append(next++, 60 * SECOND_NANOS);
                        }
                    }
                    case 1 ->
                        bench.ways.leader =
                                random.nextBoolean() ? Optional.empty() : Optional.of(new BrokerId(random.nextInt(3)));
                    case 2 -> bench.ways.pass(SECOND_NANOS / 20);
                    default -> answerOne();
                }
            }
            var sorted = log.stream().sorted().distinct().toList();
            assertEquals(sorted, log, () -> "seed " + seed);
            assertEquals(appends, bench.told.size(), () -> "seed " + seed);
            for (var line : bench.told) {
                int number = Integer.parseInt(line.substring(0, line.indexOf(' ')));
                assertTrue(
                        line.endsWith("unknown") || log.contains(number) == line.endsWith("appended"),
                        () -> line + ", seed " + seed);
            }
        }

        /// A broker decides in the order in which it gets the appends; what it says of them may come later.
        private void answerOne() {
            var sent = bench.ways.sent.poll();
            if (sent != null) {
                decide(sent);
            }
            if (!answers.isEmpty() && random.nextInt(3) > 0) {
                answers.remove(random.nextInt(answers.size())).run();
            }
        }

        private void decide(Sent sent) {
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    log.add(sent.number());
                    answers.add(() -> sent.results().accept(appended()));
                }
                case 2 -> {
                    if (random.nextBoolean()) {
                        log.add(sent.number());
                    }
                    answers.add(() -> sent.results().accept(unknown()));
                }
                default -> answers.add(() -> sent.results().accept(notLeader()));
            }
        }
    }
}
