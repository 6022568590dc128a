package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a producer without idempotence sends again, and what it tells of the rest.
class ProducerRetryTest extends FailingBroker {
    @Test
    void sendsAgainWhatWasSurelyNotAppended() {
        broker.react(Reaction.refuse(OVERLOADED), Reaction.refuse(OVERLOADED));
        try (var producer = client.producer(eager().build())) {
            assertEquals(OptionalLong.of(0), producer.send("t", "a").join().offset());
        }
        assertEquals(List.of("a"), broker.values("t", 0));
        assertEquals(3, broker.appendsSeen());
    }

    @Test
    void doesNotRepeatWhatWillNeverDo() {
        broker.react(Reaction.refuse(MALFORMED));
        try (var producer = client.producer(eager().build())) {
            var failure = ProducerTest.failure(producer.send("t", "a"));
            assertEquals(ErrorReason.ERROR_REASON_BATCH_MALFORMED, failure.reason());
            assertEquals(NOT_APPENDED, failure.outcome());
            assertTrue(failure.getMessage().startsWith("bad ("), failure.getMessage());
            producer.send("t", "b").join();
        }
        assertEquals(List.of("b"), broker.values("t", 0));
    }

    @Test
    void doesNotRepeatWhatMayBeInTheLog() {
        broker.react(new Reaction.Refuse(OVERLOADED, AppendOutcome.APPEND_OUTCOME_UNKNOWN));
        try (var producer = client.producer(eager().build())) {
            assertEquals(UNKNOWN, ProducerTest.failure(producer.send("t", "a")).outcome());
        }
        assertEquals(1, broker.appendsSeen());
    }

    @Test
    void aBrokenStreamLeavesTheOutcomeUnknownAndTheRestGoesOn() {
        broker.react(new Reaction.Hold(new Reaction.AppendAndBreak()));
        try (var producer = client.producer(eager().build())) {
            var first = producer.send("t", "a");
            Await.until("the first is on its way", () -> broker.heldCount() == 1);
            var second = producer.send("t", "b");
            broker.release();
            assertEquals(UNKNOWN, ProducerTest.failure(first).outcome());
            assertEquals(
                    OptionalLong.of(1),
                    second.orTimeout(20, TimeUnit.SECONDS).join().offset());
        }
        assertEquals(List.of("a", "b"), broker.values("t", 0));
        assertEquals(2, broker.produceStreamsSeen());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    void refusalsNeitherReorderNorLoseNorDouble(int inFlight) {
        for (var seed = 0L; seed < 5; seed++) {
            broker.createTopic("t", 1);
            var random = new Random(seed);
            for (var i = 0; i < 150; i++) {
                broker.react(random.nextInt(5) == 0 ? Reaction.refuse(OVERLOADED) : new Reaction.Accept());
            }
            var name = "in flight " + inFlight + ", seed " + seed;
            var failed = new ArrayList<String>();
            var expected = new ArrayList<String>();
            try (var producer = client.producer(
                    eager().batchBytes(256).maxInFlightPerPartition(inFlight).build())) {
                var sends = IntStream.range(0, 600)
                        .mapToObj(i -> producer.send("t", "v" + i))
                        .toList();
                for (var i = 0; i < sends.size(); i++) {
                    var value = "v" + i;
                    sends.get(i)
                            .handle((ok, e) -> (e == null ? expected : failed).add(value))
                            .join();
                }
            }
            assertEquals(expected, broker.values("t", 0), name);
            assertTrue(inFlight > 1 || failed.isEmpty(), () -> name + ": failed " + failed);
        }
    }

    @Test
    void whatIsOnItsWayTooLongIsUnknown() {
        broker.react(new Reaction.Swallow());
        var options = eager().deliveryTimeout(Duration.ofMillis(300)).build();
        try (var producer = client.producer(options)) {
            var failure = ProducerTest.failure(producer.send("t", "a"));
            assertEquals(UNKNOWN, failure.outcome());
            assertEquals(ErrorReason.ERROR_REASON_TIMED_OUT, failure.reason());
            assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.code());
            producer.close(Duration.ZERO);
        }
        assertEquals(List.of("a"), broker.values("t", 0));
    }

    @Test
    void whatIsRefusedTooLongIsNotAppended() {
        for (var i = 0; i < 100; i++) {
            broker.react(Reaction.refuse(OVERLOADED));
        }
        var options = eager().deliveryTimeout(Duration.ofMillis(300)).build();
        try (var producer = client.producer(options)) {
            var failure = ProducerTest.failure(producer.send("t", "a"));
            assertEquals(NOT_APPENDED, failure.outcome());
            assertTrue(broker.appendsSeen() > 1, "it was tried again");
        }
    }

    @Test
    void whatWaitsTooLongIsNotAppended() {
        broker.react(new Reaction.Swallow());
        var options = eager().deliveryTimeout(Duration.ofMillis(300)).build();
        try (var producer = client.producer(options)) {
            var unused = producer.send("t", "a");
            Await.until("the first is on its way", () -> broker.appendsSeen() == 1);
            assertEquals(
                    NOT_APPENDED, ProducerTest.failure(producer.send("t", "b")).outcome());
            producer.close(Duration.ZERO);
        }
    }

    @Test
    void aTopicIsNamedUntilItsAliasIsSurelyKnown() {
        broker.react(Reaction.refuse(OVERLOADED), Reaction.refuse(OVERLOADED));
        try (var producer = client.producer(eager().build())) {
            for (var i = 0; i < 5; i++) {
                producer.send("t", "v").join();
            }
        }
        assertEquals(7, broker.appendsSeen());
        assertEquals(3, broker.namedAppends());
        assertEquals(5, broker.records("t", 0).size());
    }

    @Test
    void aTopicThatIsDeletedFailsWhatWaitsForIt() {
        try (var producer = client.producer(eager().build())) {
            producer.send("t", "a").join();
            broker.deleteTopic("t");
            var failure = ProducerTest.failure(producer.send("t", "b"));
            assertEquals(ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, failure.reason());
            assertEquals(NOT_APPENDED, failure.outcome());
        }
    }
}
