package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// How a producer finds the broker to send to when leaders move, hang, restart or are out of reach.
class ProducerLeadersTest extends FailingBroker {
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
}
