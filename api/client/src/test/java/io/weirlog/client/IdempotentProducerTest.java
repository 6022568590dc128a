package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What a producer does whose records brokers tell apart by number.
class IdempotentProducerTest {
    private static final Problem OVERLOADED =
            Problems.problem(Status.Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_OVERLOADED, "full");
    private static final Problem MALFORMED =
            Problems.problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BATCH_MALFORMED, "bad");
    private static final Optional<AppendOutcome> NOT_APPENDED = Optional.of(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED);
    private static final Optional<AppendOutcome> UNKNOWN = Optional.of(AppendOutcome.APPEND_OUTCOME_UNKNOWN);

    private final InMemoryBroker broker = InMemoryBroker.start();
    private final WeirlogClient client = WeirlogClient.connect(broker.address());

    @BeforeEach
    void createTopic() {
        broker.createTopic("t", 1);
    }

    @AfterEach
    void close() {
        broker.release();
        client.close();
        broker.close();
    }

    private static ProducerOptions.Builder eager() {
        return ProducerOptions.builder().linger(Duration.ZERO);
    }

    private static OptionalLong offset(CompletableFuture<Acknowledgement> sent) {
        return sent.orTimeout(20, TimeUnit.SECONDS).join().offset();
    }

    static List<Reaction> losses() {
        return List.of(
                new Reaction.AppendAndBreak(),
                new Reaction.Break(),
                new Reaction.Refuse(OVERLOADED, AppendOutcome.APPEND_OUTCOME_UNKNOWN),
                new Reaction.Refuse(MALFORMED, AppendOutcome.APPEND_OUTCOME_UNKNOWN));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void sendsAgainWhatMayBeInTheLog(Reaction loss) {
        broker.react(loss, loss);
        try (var producer = client.producer(eager().build())) {
            assertEquals(OptionalLong.of(0), offset(producer.send("t", "a")));
            assertEquals(OptionalLong.of(1), offset(producer.send("t", "b")));
        }
        assertEquals(List.of("a", "b"), broker.values("t", 0));
        assertEquals(4, broker.appendsSeen());
    }

    @Test
    void keepsOrderWithSeveralInFlight() {
        for (var i = 0; i < 4; i++) {
            broker.react(new Reaction.Hold(new Reaction.Accept()));
        }
        broker.react(new Reaction.Hold(new Reaction.AppendAndBreak()));
        try (var producer = client.producer(eager().batchBytes(256).build())) {
            var sent = IntStream.range(0, 100)
                    .mapToObj(i -> producer.send("t", "a value of some length, number " + i))
                    .toList();
            Await.until("five are on their way", () -> broker.heldCount() == 5);
            broker.release();
            for (var i = 0; i < 100; i++) {
                assertEquals(OptionalLong.of(i), offset(sent.get(i)));
            }
        }
        assertEquals(100, broker.values("t", 0).size());
    }

    /// Each is sent on its own, so that the second is on its way before the first is refused.
    @Test
    void whatFollowsARecordThatIsNeverTakenIsNumberedAnew() {
        broker.react(new Reaction.Hold(Reaction.refuse(MALFORMED)), new Reaction.Hold(new Reaction.Accept()));
        try (var producer = client.producer(eager().build())) {
            var first = producer.send("t", "a");
            Await.until("the first is on its way", () -> broker.heldCount() == 1);
            var second = producer.send("t", "b");
            Await.until("the second is on its way", () -> broker.heldCount() == 2);
            broker.release();
            assertEquals(NOT_APPENDED, ProducerTest.failure(first).outcome());
            assertEquals(OptionalLong.of(0), offset(second));
            assertEquals(OptionalLong.of(1), offset(producer.send("t", "c")));
        }
        assertEquals(List.of("b", "c"), broker.values("t", 0));
        assertEquals(List.of(1, 1), broker.producerEpochs("t", 0));
    }

    @Test
    void aProducerThatWasForgottenGoesOnInItsNextEpoch() {
        broker.createTopic("u", 1);
        try (var producer = client.producer(eager().build())) {
            offset(producer.send("t", "a"));
            offset(producer.send("u", "a"));
            broker.forgetProducers("t", 0);
            assertEquals(OptionalLong.of(1), offset(producer.send("t", "b")));
            assertEquals(OptionalLong.of(1), offset(producer.send("u", "b")));
        }
        assertEquals(List.of(0, 1), broker.producerEpochs("t", 0));
        assertEquals(List.of(0, 0), broker.producerEpochs("u", 0), "it has no reason to change");
    }

    @Test
    void aFencedProducerSendsNothingAnyMore() {
        var fenced = Problems.problem(
                Status.Code.ABORTED, ErrorReason.ERROR_REASON_PRODUCER_FENCED, "another instance has taken over");
        try (var producer = client.producer(eager().build())) {
            offset(producer.send("t", "a"));
            broker.react(Reaction.refuse(fenced));
            for (var i = 0; i < 2; i++) {
                var failure = ProducerTest.failure(producer.send("t", "b").orTimeout(20, TimeUnit.SECONDS));
                assertInstanceOf(ProducerFencedException.class, failure);
                assertEquals(NOT_APPENDED, failure.outcome());
            }
            assertEquals(2, broker.appendsSeen());
        }
    }

    @Test
    void waitsForAnIdAndSaysIfThereIsNone() {
        var unavailable = Problems.problem(
                Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_METADATA_UNAVAILABLE, "no quorum right now");
        var unsupported = Problems.problem(Status.Code.UNIMPLEMENTED, ErrorReason.ERROR_REASON_UNSUPPORTED, "too old");
        broker.refuseProducers(unavailable, unavailable, unsupported);
        try (var producer = client.producer(eager().build())) {
            var failure = ProducerTest.failure(producer.send("t", "a").orTimeout(20, TimeUnit.SECONDS));
            assertEquals(ErrorReason.ERROR_REASON_UNSUPPORTED, failure.reason());
            assertEquals(NOT_APPENDED, failure.outcome());
            Await.until(
                    "there is one",
                    () -> producer.send("t", "b")
                            .handle((acknowledgement, none) -> none == null)
                            .join());
        }
        assertEquals(List.of("b"), broker.values("t", 0));
    }

    /// It is in the log, but no answer ever tells.
    @Test
    void whatIsNotAnsweredInTimeIsUnknownAndTheRestGoesOn() {
        broker.react(new Reaction.Hold(new Reaction.AppendAndBreak()));
        var options = eager().deliveryTimeout(Duration.ofMillis(500)).build();
        try (var producer = client.producer(options)) {
            var first = producer.send("t", "a");
            Await.until("it is on its way", () -> broker.heldCount() == 1);
            assertEquals(UNKNOWN, ProducerTest.failure(first).outcome());
            broker.release();
            assertEquals(OptionalLong.of(1), offset(producer.send("t", "b")));
        }
        assertEquals(List.of("a", "b"), broker.values("t", 0));
        assertEquals(List.of(0, 0), broker.producerEpochs("t", 0));
    }

    /// It never gets into the log: what comes after it cannot have its number.
    @Test
    void whatIsLostForGoodLeavesNoGap() {
        broker.react(new Reaction.Hold(new Reaction.Break()));
        var options = eager().deliveryTimeout(Duration.ofMillis(500)).build();
        try (var producer = client.producer(options)) {
            var first = producer.send("t", "a");
            Await.until("it is on its way", () -> broker.heldCount() == 1);
            assertEquals(UNKNOWN, ProducerTest.failure(first).outcome());
            broker.release();
            // What is sent before the break was noticed is lost with it: nobody knows that it is not there.
            var next = producer.send("t", "b");
            while (next.handle((done, failure) -> failure != null)
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join()) {
                assertEquals(UNKNOWN, ProducerTest.failure(next).outcome());
                next = producer.send("t", "b");
            }
            assertEquals(OptionalLong.of(0), offset(next));
        }
        assertEquals(List.of("b"), broker.values("t", 0));
        assertTrue(broker.producerEpochs("t", 0).get(0) >= 1, "the numbers begin anew");
    }

    @Test
    void waitsNoLongerForALeaderThatHangsOnceThereIsAnotherOne() {
        try (var second = InMemoryBroker.start();
                var producer = client.producer(eager().build())) {
            second.createTopic("t", 1);
            broker.react(new Reaction.Hold(new Reaction.Break()));
            var held = producer.send("t", "a");
            Await.until("it is on its way", () -> broker.appendsSeen() == 1);
            broker.leader("t", second.address(), 4);
            assertEquals(OptionalLong.of(0), offset(held));
            assertEquals(List.of("a"), second.values("t", 0));
            assertTrue(broker.values("t", 0).isEmpty());
        }
    }
}
