package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What a producer holds at once, and for how long.
class ProducerBoundsTest extends FailingBroker {
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
}
