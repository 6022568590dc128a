package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a producer without idempotence does when brokers refuse, vanish or are slow.
class ProducerFailureTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
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
        return ProducerOptions.builder().linger(Duration.ZERO).idempotent(false);
    }

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
    void refreshesWhenTheLeaderHasMoved() {
        var notLeader = Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_NOT_LEADER,
                "moved",
                Map.of("leader_id", "1", "leader_epoch", "4", "leader_address", broker.address()));
        try (var producer = client.producer(eager().build())) {
            producer.send("t", "a").join();
            var describes = broker.describesSeen();
            broker.react(Reaction.refuse(notLeader));
            producer.send("t", "b").join();
            Await.until("metadata is fresh", () -> broker.describesSeen() > describes);
        }
        assertEquals(List.of("a", "b"), broker.values("t", 0));
    }

    @Test
    void goesToTheLeaderThatWasNamed() {
        try (var second = InMemoryBroker.start();
                var producer = client.producer(eager().build())) {
            second.createTopic("t", 1);
            producer.send("t", "a").join();
            broker.react(Reaction.refuse(Problems.problem(
                    Status.Code.FAILED_PRECONDITION,
                    ErrorReason.ERROR_REASON_NOT_LEADER,
                    "moved",
                    Map.of("leader_id", "2", "leader_epoch", "4", "leader_address", second.address()))));
            producer.send("t", "b").join();
            assertEquals(List.of("b"), second.values("t", 0));
        }
        assertEquals(List.of("a"), broker.values("t", 0));
    }

    @Test
    void waitsNoLongerForALeaderThatHangsOnceThereIsAnotherOne() {
        try (var second = InMemoryBroker.start();
                var producer = client.producer(eager().build())) {
            second.createTopic("t", 1);
            producer.send("t", "a").join();
            broker.react(new Reaction.Swallow());
            var swallowed = producer.send("t", "b");
            Await.until("it is on its way", () -> broker.appendsSeen() == 2);
            var next = producer.send("t", "c");
            broker.leader("t", second.address(), 4);
            assertEquals(
                    UNKNOWN,
                    ProducerTest.failure(swallowed.orTimeout(20, TimeUnit.SECONDS))
                            .outcome());
            next.orTimeout(20, TimeUnit.SECONDS).join();
            assertEquals(List.of("c"), second.values("t", 0));
        }
    }

    /// Otherwise the next attempt would be long after the deadlines of this test.
    @Test
    void aNewLeaderEndsThePause() {
        var noLeader = Problems.problem(
                        Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_LEADER, "nobody leads", Map.of())
                .toBuilder()
                .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(60))
                .build();
        try (var second = InMemoryBroker.start();
                var producer = client.producer(eager().build())) {
            second.createTopic("t", 1);
            broker.react(Reaction.refuse(noLeader));
            var waiting = producer.send("t", "a");
            Await.until("it was refused", () -> broker.appendsSeen() == 1);
            broker.leader("t", second.address(), 4);
            waiting.orTimeout(20, TimeUnit.SECONDS).join();
            assertEquals(List.of("a"), second.values("t", 0));
        }
    }

    /// It tells what became of the append when it has come to it: giving it up would fail a record for nothing.
    @Test
    void waitsForAFormerLeaderThatGoesOnAnswering() {
        broker.createTopic("u", 1);
        try (var second = InMemoryBroker.start();
                var producer = client.producer(eager().build())) {
            producer.send("u", "warm").join();
            broker.react(new Reaction.Hold(new Reaction.Accept()));
            var held = producer.send("t", "a");
            Await.until("it is on its way", () -> broker.heldCount() == 1);
            broker.leader("t", second.address(), 4);
            var describes = broker.describesSeen();
            Await.until("the producer knows the new leader", () -> {
                producer.send("u", "another").join();
                return broker.describesSeen() > describes + 3;
            });
            broker.release();
            assertEquals(
                    OptionalLong.of(0),
                    held.orTimeout(20, TimeUnit.SECONDS).join().offset());
        }
    }

    @Test
    void waitsForALeaderThatIsOnlySlow() {
        broker.react(new Reaction.Hold(new Reaction.Accept()));
        try (var producer = client.producer(eager().build())) {
            var slow = producer.send("t", "a");
            Await.until("it is on its way", () -> broker.heldCount() == 1);
            var describes = broker.describesSeen();
            Await.until("the producer has asked who leads", () -> broker.describesSeen() > describes + 1);
            broker.release();
            assertEquals(
                    OptionalLong.of(0),
                    slow.orTimeout(20, TimeUnit.SECONDS).join().offset());
        }
        assertEquals(1, broker.appendsSeen());
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

    @Test
    void aRestartedBrokerIsFoundAgain() {
        try (var producer = client.producer(eager().build())) {
            producer.send("t", "a").join();
            broker.close();
            try (var restarted = InMemoryBroker.start(broker.port())) {
                restarted.createTopic("t", 1);
                // The first may still go out over the dying connection.
                Await.until(
                        "a send succeeds",
                        () -> producer.send("t", "b")
                                .handle((acknowledgement, failure) -> failure == null)
                                .join());
                assertEquals(List.of("b"), restarted.values("t", 0));
            }
        }
    }

    @Test
    void aBrokerThatIsNotThereYetIsWaitedFor() {
        var port = broker.port();
        broker.close();
        var options = eager().maxBlock(PATIENCE).build();
        try (var patient = WeirlogClient.connect("127.0.0.1:" + port);
                var producer = patient.producer(options)) {
            var sent =
                    CompletableFuture.supplyAsync(() -> producer.send("t", "a").join());
            try (var late = InMemoryBroker.start(port)) {
                late.createTopic("t", 1);
                // Before the topic is there the answer may be that there is none.
                try {
                    assertEquals(OptionalLong.of(0), sent.join().offset());
                } catch (CompletionException e) {
                    producer.send("t", "a").join();
                }
                assertEquals(List.of("a"), late.values("t", 0));
            }
        }
    }

    @Test
    void otherBrokersRelayWhenTheLeaderIsOutOfReach() {
        broker.leaderAddress("127.0.0.1:1");
        try (var producer = client.producer(eager().build())) {
            producer.send("t", "a").orTimeout(20, TimeUnit.SECONDS).join();
        }
        assertEquals(List.of("a"), broker.values("t", 0));
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
    void aFullBufferHoldsSendersBackAndThenRefuses() {
        broker.react(new Reaction.Hold(new Reaction.Accept()));
        var options = eager().batchBytes(1_000)
                .bufferBytes(10_000)
                .maxBlock(Duration.ofMillis(200))
                .build();
        try (var producer = client.producer(options)) {
            var sent = new ArrayList<CompletableFuture<Acknowledgement>>();
            while (sent.isEmpty() || !sent.get(sent.size() - 1).isCompletedExceptionally()) {
                sent.add(producer.send(ProducerRecord.of("t", new byte[100])));
                assertTrue(sent.size() < 1_000, "no bound");
            }
            var failure = ProducerTest.failure(sent.remove(sent.size() - 1));
            assertEquals(ErrorReason.ERROR_REASON_OVERLOADED, failure.reason());
            assertEquals("bufferBytes", failure.metadata().get("limit"));
            assertEquals(NOT_APPENDED, failure.outcome());
            assertTrue(sent.size() > 50, "only " + sent.size() + " records of some 130 bytes in 10,000");
            Await.until("the first batch is held", () -> broker.heldCount() == 1);
            broker.release();
            producer.flush(PATIENCE);
            sent.forEach(CompletableFuture::join);
            assertEquals(sent.size(), broker.records("t", 0).size());
            // All memory is free again: as many as before fit.
            broker.react(new Reaction.Hold(new Reaction.Accept()));
            var more = IntStream.range(0, sent.size())
                    .mapToObj(i -> producer.send(ProducerRecord.of("t", new byte[100])))
                    .toList();
            Await.until("the first batch is held", () -> broker.heldCount() == 1);
            broker.release();
            more.forEach(CompletableFuture::join);
        }
    }

    @Test
    void aBlockedSendGoesOnWhenThereIsRoom() {
        broker.react(new Reaction.Hold(new Reaction.Accept()));
        var options = eager().bufferBytes(1_000).maxBlock(PATIENCE).build();
        try (var producer = client.producer(options)) {
            var unused = producer.send(ProducerRecord.of("t", new byte[800]));
            var blocked = CompletableFuture.supplyAsync(
                    () -> producer.send(ProducerRecord.of("t", new byte[800])).join());
            Await.until("the first is held", () -> broker.heldCount() == 1);
            assertFalse(blocked.isDone());
            broker.release();
            assertEquals(
                    OptionalLong.of(1),
                    blocked.orTimeout(20, TimeUnit.SECONDS).join().offset());
        }
    }

    @Test
    void aRecordBeyondTheBufferIsRefused() {
        try (var producer = client.producer(eager().bufferBytes(1_000).build())) {
            var failure = ProducerTest.failure(producer.send(ProducerRecord.of("t", new byte[1_000])));
            assertEquals(ErrorReason.ERROR_REASON_RECORD_TOO_LARGE, failure.reason());
            assertEquals("1000", failure.metadata().get("max_bytes"));
        }
    }

    @Test
    void flushTellsWhenTimeIsUp() {
        broker.react(new Reaction.Hold(new Reaction.Accept()));
        try (var producer = client.producer(eager().build())) {
            var sent = producer.send("t", "a");
            var failure = assertThrows(WeirlogException.class, () -> producer.flush(Duration.ofMillis(50)));
            assertEquals(ErrorReason.ERROR_REASON_TIMED_OUT, failure.reason());
            assertFalse(sent.isDone());
            Await.until("it is held", () -> broker.heldCount() == 1);
            broker.release();
            producer.flush(PATIENCE);
            assertTrue(sent.isDone());
        }
    }

    @Test
    void closingInAHurryFailsTheRestAndSaysHow() {
        broker.react(new Reaction.Hold(new Reaction.Accept()));
        var producer = client.producer(eager().build());
        var onItsWay = producer.send("t", "a");
        Await.until("the first is on its way", () -> broker.heldCount() == 1);
        var waiting = producer.send("t", "b");
        producer.close(Duration.ofMillis(50));
        assertEquals(UNKNOWN, ProducerTest.failure(onItsWay).outcome());
        assertEquals(NOT_APPENDED, ProducerTest.failure(waiting).outcome());
    }

    @Test
    void aDrainingBrokerAnswersWhatItHasAndGetsNoMore() {
        broker.react(new Reaction.Hold(new Reaction.Accept()));
        try (var producer = client.producer(eager().build())) {
            var first = producer.send("t", "a");
            Await.until("the first is on its way", () -> broker.heldCount() == 1);
            broker.drainProducers();
            broker.release();
            first.orTimeout(20, TimeUnit.SECONDS).join();
            producer.send("t", "b").orTimeout(20, TimeUnit.SECONDS).join();
            assertEquals(2, broker.produceStreamsSeen());
            assertEquals(2, broker.connectionsSeen());
            Await.until("the old stream is ended in peace", () -> broker.produceStreams() == 1);
        }
    }

    @Test
    void staysWithinWhatTheBrokerTakesAtOnce() {
        broker.createTopic("wide", 10);
        broker.maxInFlightAppends(3);
        for (var i = 0; i < 3; i++) {
            broker.react(new Reaction.Hold(new Reaction.Accept()));
        }
        try (var producer = client.producer(eager().build())) {
            var sent = IntStream.range(0, 10)
                    .mapToObj(i -> producer.send(ProducerRecord.of("wide", "v").toPartition(i)))
                    .toList();
            Await.until("three are on their way", () -> broker.heldCount() == 3);
            assertEquals(3, broker.appendsSeen());
            broker.release();
            sent.forEach(future -> future.orTimeout(20, TimeUnit.SECONDS).join());
        }
    }

    @Test
    void nothingIsSentToABrokerThatDoesNotAnswer() {
        broker.mute(true);
        var options = eager().deliveryTimeout(Duration.ofMillis(600))
                .requestTimeout(Duration.ofMillis(200))
                .build();
        try (var producer = client.producer(options)) {
            assertEquals(
                    NOT_APPENDED, ProducerTest.failure(producer.send("t", "a")).outcome());
            assertEquals(0, broker.appendsSeen());
            assertTrue(broker.produceStreamsSeen() > 1, "it was tried again");
            broker.mute(false);
            Await.until(
                    "a send succeeds",
                    () -> producer.send("t", "b")
                            .handle((acknowledgement, failure) -> failure == null)
                            .join());
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
