package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the consumer does when streams break, offsets are gone or bytes are damaged.
class ConsumerFailureTest {
    private static final Duration STEP = Duration.ofMillis(100);
    private static final PartitionRef P0 = new PartitionRef("t", 0);

    private final InMemoryBroker broker = InMemoryBroker.start();
    private final WeirlogClient client = WeirlogClient.builder()
            .bootstrap(broker.address())
            .requestTimeout(Duration.ofSeconds(20))
            .build();

    @BeforeEach
    void createTopic() {
        broker.createTopic("t", 1);
    }

    @AfterEach
    void close() {
        client.close();
        broker.close();
    }

    private void write(int from, int to) {
        try (var producer = client.producer(
                ProducerOptions.builder().linger(Duration.ofMinutes(1)).build())) {
            for (var i = from; i < to; i++) {
                var unused = producer.send("t", Integer.toString(i));
                if (i % 10 == 9) {
                    producer.flush(Duration.ofSeconds(20));
                }
            }
        }
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    private Consumer consumer() {
        return client.consumer(ConsumerOptions.builder()
                .topic("t")
                .maxPollRecords(4)
                .bufferBytes(600)
                .build());
    }

    @Test
    void brokenStreamsNeitherSkipNorRepeat() {
        for (var seed = 0L; seed < 5; seed++) {
            broker.createTopic("t", 1);
            write(0, 300);
            var random = new Random(seed);
            var records = new ArrayList<ConsumerRecord>();
            try (var consumer = consumer()) {
                Await.until("all records", () -> {
                    records.addAll(consumer.poll(STEP));
                    if (random.nextInt(10) == 0) {
                        broker.breakConsumers();
                    }
                    return records.size() >= 300 && consumer.caughtUp();
                });
            }
            assertEquals(numbers(0, 300), ConsumerTest.values(records), "seed " + seed);
        }
        assertTrue(broker.consumeStreamsSeen() > 10, "streams were broken");
    }

    @Test
    void anOffsetThatIsGoneSaysWhatThereIs() {
        write(0, 100);
        broker.deleteBefore("t", 0, 50);
        try (var consumer = client.consumer(
                ConsumerOptions.builder().partition("t", 0, StartAt.offset(10)).build())) {
            var gone = (OffsetOutOfRangeException) failure(consumer);
            assertEquals(10, gone.offset());
            assertEquals(50, gone.logStartOffset());
            assertEquals(100, gone.highWatermark());
            assertEquals(ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE, gone.reason());
            consumer.seek(P0, StartAt.offset(gone.logStartOffset()));
            assertEquals(numbers(50, 100), ConsumerTest.values(ConsumerTest.readToEnd(consumer)));
        }
    }

    @Test
    void whatASeekHasLeftBehindIsNotTold() {
        write(0, 100);
        try (var consumer = consumer()) {
            Await.until("the first records", () -> !consumer.poll(STEP).isEmpty());
            consumer.seek(P0, StartAt.offset(5_000));
            Await.until("the broker has told that there is no such offset", () -> broker.problemsTold() == 1);
            consumer.seek(P0, StartAt.offset(90));
            assertEquals(numbers(90, 100), ConsumerTest.values(ConsumerTest.readToEnd(consumer)));
        }
    }

    private static WeirlogException failure(Consumer consumer) {
        return assertThrows(WeirlogException.class, () -> {
            for (var deadline = System.nanoTime() + 20_000_000_000L; System.nanoTime() < deadline; ) {
                consumer.poll(STEP);
            }
        });
    }

    @Test
    void passingTroubleOfAPartitionIsTriedAgain() {
        write(0, 10);
        try (var consumer = consumer()) {
            assertEquals(10, ConsumerTest.readToEnd(consumer).size());
            var noLeader = Problems.problem(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_LEADER, "none");
            broker.troubleConsumers(noLeader);
            write(10, 20);
            assertEquals(numbers(10, 20), ConsumerTest.values(pollUntil(consumer, 10)));
            assertEquals(1, broker.consumeStreamsSeen(), "over the same stream");
        }
    }

    @Test
    void aStartThatCouldNotBeFoundIsAskedForAgain() {
        write(0, 10);
        var noLeader = Problems.problem(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_LEADER, "none");
        broker.hideStarts(noLeader);
        try (var consumer = client.consumer(
                ConsumerOptions.builder().topic("t").start(StartAt.latest()).build())) {
            Await.until("the start is unknown", () -> {
                assertEquals(List.of(), consumer.poll(STEP));
                return consumer.assignment().contains(P0)
                        && consumer.position(P0).isEmpty();
            });
            broker.showStarts();
            broker.breakConsumers();
            assertEquals(List.of(), ConsumerTest.readToEnd(consumer));
            assertEquals(OptionalLong.of(10), consumer.position(P0));
        }
    }

    private static List<ConsumerRecord> pollUntil(Consumer consumer, int count) {
        var records = new ArrayList<ConsumerRecord>();
        Await.until(count + " records", () -> {
            records.addAll(consumer.poll(STEP));
            return records.size() >= count;
        });
        return records;
    }

    @Test
    void damagedBytesAreNeverReturned() {
        write(0, 40);
        broker.damage("t", 0, 2);
        try (var consumer = consumer()) {
            var records = new ArrayList<ConsumerRecord>();
            var damaged = assertThrows(WeirlogException.class, () -> {
                while (records.size() < 40) {
                    records.addAll(consumer.poll(STEP));
                }
            });
            assertEquals(ErrorReason.ERROR_REASON_BATCH_CORRUPT, damaged.reason());
            assertEquals("20", damaged.metadata().get("offset"));
            assertEquals(numbers(0, 20), ConsumerTest.values(records));
            assertEquals(List.of(), consumer.poll(STEP), "it stands still");
            consumer.seek(P0, StartAt.offset(30));
            assertEquals(numbers(30, 40), ConsumerTest.values(ConsumerTest.readToEnd(consumer)));
        }
    }

    @Test
    void anUnknownTopicIsToldAtOnce() {
        try (var consumer =
                client.consumer(ConsumerOptions.builder().topic("none").build())) {
            assertEquals(
                    ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, failure(consumer).reason());
        }
    }

    @Test
    void aTopicThatWasCreatedAgainIsNotTheSame() {
        write(0, 10);
        try (var consumer = consumer()) {
            assertEquals(10, ConsumerTest.readToEnd(consumer).size());
            broker.createTopic("t", 1);
            broker.breakConsumers();
            assertEquals(
                    ErrorReason.ERROR_REASON_TOPIC_ID_MISMATCH,
                    failure(consumer).reason());
        }
    }

    @Test
    void aBrokerThatIsNotThereIsToldInTime() {
        broker.close();
        try (var hasty = hasty();
                var consumer =
                        hasty.consumer(ConsumerOptions.builder().topic("t").build())) {
            var failure = failure(consumer);
            assertEquals(Status.Code.UNAVAILABLE, failure.code());
            assertTrue(failure.getMessage().contains(broker.address()), failure.getMessage());
        }
    }

    @Test
    void aBrokerThatDoesNotAnswerIsToldInTime() {
        broker.mute(true);
        try (var hasty = hasty();
                var consumer =
                        hasty.consumer(ConsumerOptions.builder().topic("t").build())) {
            var failure = failure(consumer);
            assertEquals(Status.Code.UNAVAILABLE, failure.code());
            assertTrue(failure.getMessage().contains("was silent"), failure.getMessage());
            broker.mute(false);
            assertEquals(List.of(), ConsumerTest.readToEnd(consumer));
        }
    }

    private WeirlogClient hasty() {
        return WeirlogClient.builder()
                .bootstrap(broker.address())
                .requestTimeout(Duration.ofMillis(300))
                .build();
    }

    @Test
    void aStreamWithoutHeartbeatsIsOpenedAgain() {
        broker.heartbeatInterval(Duration.ofMillis(50));
        write(0, 10);
        try (var hasty = hasty();
                var consumer =
                        hasty.consumer(ConsumerOptions.builder().topic("t").build())) {
            assertEquals(10, ConsumerTest.readToEnd(consumer).size());
            Await.until("a second stream", () -> {
                assertEquals(List.of(), consumer.poll(STEP));
                return broker.consumeStreamsSeen() == 2;
            });
        }
    }

    @Test
    void pausesOutliveTheirStream() {
        write(0, 10);
        try (var consumer = consumer()) {
            assertEquals(10, ConsumerTest.readToEnd(consumer).size());
            consumer.pause(List.of(P0));
            broker.breakConsumers();
            write(10, 20);
            Await.until("another stream", () -> {
                assertEquals(List.of(), consumer.poll(STEP));
                return broker.consumeStreamsSeen() == 2;
            });
            assertEquals(List.of(), consumer.poll(STEP));
            assertEquals(OptionalLong.of(10), consumer.position(P0));
            consumer.resume(List.of(P0));
            assertEquals(numbers(10, 20), ConsumerTest.values(ConsumerTest.readToEnd(consumer)));
        }
    }

    @Test
    void aDrainingBrokerIsLeft() {
        write(0, 10);
        try (var consumer = consumer()) {
            assertEquals(10, ConsumerTest.readToEnd(consumer).size());
            broker.drainConsumers();
            write(10, 20);
            assertEquals(numbers(10, 20), ConsumerTest.values(pollUntil(consumer, 10)));
            assertEquals(2, broker.consumeStreamsSeen());
            // At the same address: where that is a balancer's, there is another broker behind it.
            assertEquals(2, broker.connectionsSeen());
        }
    }

    /// What a broker does that stops and has waited for its streams for long enough.
    @Test
    void aStreamThatIsCancelledIsOpenedAgain() {
        write(0, 10);
        try (var consumer = consumer()) {
            assertEquals(10, ConsumerTest.readToEnd(consumer).size());
            broker.breakConsumers(Status.CANCELLED);
            write(10, 20);
            assertEquals(numbers(10, 20), ConsumerTest.values(pollUntil(consumer, 10)));
        }
    }
}
