package io.weirlog.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.record.Compression;
import io.weirlog.record.RecordHeader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What the consumer does when nothing goes wrong.
class ConsumerTest {
    private static final Duration STEP = Duration.ofMillis(100);
    private static final PartitionRef P0 = new PartitionRef("t", 0);
    private static final PartitionRef P1 = new PartitionRef("t", 1);

    private final InMemoryBroker broker = InMemoryBroker.start();
    private final WeirlogClient client = WeirlogClient.connect(broker.address());

    @BeforeEach
    void createTopic() {
        broker.createTopic("t", 2);
    }

    @AfterEach
    void close() {
        client.close();
        broker.close();
    }

    /// Writes `from` to `to` (exclusive) as text, in batches of ten.
    private void write(int partition, int from, int to) {
        write(partition, from, to, Compression.NONE);
    }

    private void write(int partition, int from, int to, Compression compression) {
        var options = ProducerOptions.builder()
                .linger(Duration.ofMinutes(1))
                .compression(compression)
                .build();
        try (var producer = client.producer(options)) {
            for (var start = from; start < to; start += 10) {
                for (var i = start; i < Math.min(to, start + 10); i++) {
                    var unused = producer.send(ProducerRecord.of("t", Integer.toString(i))
                            .toPartition(partition)
                            .at(1_000L * i));
                }
                producer.flush(Duration.ofSeconds(20));
            }
        }
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    static List<ConsumerRecord> readToEnd(Consumer consumer) {
        var records = new ArrayList<ConsumerRecord>();
        Await.until("caught up", () -> {
            records.addAll(consumer.poll(STEP));
            return consumer.caughtUp();
        });
        return records;
    }

    static List<String> values(List<ConsumerRecord> records) {
        return records.stream().map(record -> record.valueText().orElse("null")).toList();
    }

    private Consumer consumer(StartAt start) {
        return client.consumer(
                ConsumerOptions.builder().partition("t", 0, start).build());
    }

    @Test
    void readsAWholeTopic() {
        write(0, 0, 100);
        write(1, 100, 150);
        try (var consumer = client.consumer(ConsumerOptions.builder().topic("t").build())) {
            assertEquals(Set.of(), consumer.assignment());
            assertFalse(consumer.caughtUp());
            var byPartition = new HashMap<Integer, List<String>>();
            for (var record : readToEnd(consumer)) {
                byPartition
                        .computeIfAbsent(record.partition(), p -> new ArrayList<>())
                        .add(record.valueText().orElseThrow());
            }
            assertEquals(Map.of(0, numbers(0, 100), 1, numbers(100, 150)), byPartition);
            assertEquals(Set.of(P0, P1), consumer.assignment());
            assertEquals(OptionalLong.of(100), consumer.position(P0));
            assertEquals(OptionalLong.of(50), consumer.position(P1));
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void readsWhatIsPacked(Compression compression) {
        write(0, 0, 95, compression);
        try (var consumer = consumer(StartAt.earliest())) {
            assertEquals(numbers(0, 95), values(readToEnd(consumer)));
        }
    }

    @Test
    void readsEveryPartOfARecord() {
        try (var producer = client.producer()) {
            producer.send(ProducerRecord.of("t", "k".getBytes(UTF_8), null)
                            .toPartition(0)
                            .at(77)
                            .withHeader("h", new byte[] {9})
                            .withHeader("n", null))
                    .join();
        }
        try (var consumer = consumer(StartAt.earliest())) {
            var record = readToEnd(consumer).get(0);
            assertArrayEquals("k".getBytes(UTF_8), record.key());
            assertEquals("k", record.keyText().orElseThrow());
            assertEquals(null, record.value());
            assertTrue(record.valueText().isEmpty());
            assertEquals(OptionalLong.of(77), record.timestampMillis());
            assertEquals(List.of(new RecordHeader("h", new byte[] {9}), new RecordHeader("n", null)), record.headers());
            assertEquals("t-0@0", record.toString());
        }
    }

    @Test
    void startsWhereItIsTold() {
        write(0, 0, 100);
        var expected = Map.of(
                StartAt.earliest(), 0,
                StartAt.latest(), 100,
                StartAt.offset(33), 33,
                StartAt.timestamp(Instant.ofEpochSecond(55)), 55);
        expected.forEach((start, first) -> {
            try (var consumer = consumer(start)) {
                assertEquals(numbers(first, 100), values(readToEnd(consumer)), start.toString());
            }
        });
    }

    @Test
    void anEmptyPartitionIsCaughtUp() {
        try (var consumer = consumer(StartAt.earliest())) {
            assertEquals(List.of(), readToEnd(consumer));
            assertTrue(consumer.caughtUp(P0));
            assertFalse(consumer.caughtUp(P1), "it is not read");
        }
    }

    @Test
    void followsTheEnd() {
        try (var consumer = consumer(StartAt.latest())) {
            assertEquals(List.of(), readToEnd(consumer));
            write(0, 0, 25);
            var records = new ArrayList<ConsumerRecord>();
            Await.until("new records", () -> {
                records.addAll(consumer.poll(STEP));
                return records.size() == 25;
            });
            assertEquals(numbers(0, 25), values(records));
            assertEquals(List.of(), readToEnd(consumer));
        }
    }

    @Test
    void returnsNoMoreThanOnePollMay() {
        write(0, 0, 100);
        var options = ConsumerOptions.builder().topic("t").maxPollRecords(7).build();
        try (var consumer = client.consumer(options)) {
            var records = new ArrayList<ConsumerRecord>();
            Await.until("all records", () -> {
                var polled = consumer.poll(STEP);
                assertTrue(polled.size() <= 7, "polled " + polled.size());
                records.addAll(polled);
                assertTrue(records.size() == 100 || !consumer.caughtUp());
                assertEquals(
                        OptionalLong.of(records.size()),
                        records.isEmpty() ? OptionalLong.of(0) : consumer.position(P0));
                return records.size() == 100;
            });
            assertEquals(numbers(0, 100), values(records));
        }
    }

    @Test
    void seeksBackAndForth() {
        write(0, 0, 100);
        try (var consumer = consumer(StartAt.earliest())) {
            assertThrows(IllegalStateException.class, () -> consumer.seek(P0, StartAt.earliest()), "not assigned yet");
            assertEquals(numbers(0, 100), values(readToEnd(consumer)));
            consumer.seek(P0, StartAt.offset(42));
            assertEquals(OptionalLong.of(42), consumer.position(P0));
            assertFalse(consumer.caughtUp());
            assertEquals(numbers(42, 100), values(readToEnd(consumer)));
            consumer.seek(P0, StartAt.timestamp(Instant.ofEpochSecond(90)));
            assertEquals(numbers(90, 100), values(readToEnd(consumer)));
            consumer.seek(P0, StartAt.timestamp(Instant.ofEpochSecond(1_000_000)));
            assertEquals(OptionalLong.of(100), consumer.position(P0), "nothing is that young: the end");
            consumer.seek(P0, StartAt.latest());
            assertEquals(List.of(), readToEnd(consumer));
            consumer.seek(P0, StartAt.earliest());
            assertEquals(numbers(0, 100), values(readToEnd(consumer)));
        }
    }

    @Test
    void aSeekDropsWhatHadArrivedBefore() {
        write(0, 0, 100);
        var options = ConsumerOptions.builder().topic("t").maxPollRecords(5).build();
        try (var consumer = client.consumer(options)) {
            Await.until("the first records", () -> !consumer.poll(STEP).isEmpty());
            consumer.seek(P0, StartAt.offset(80));
            assertEquals(numbers(80, 100), values(readToEnd(consumer)));
        }
    }

    @Test
    void aPausedPartitionRestsAndGoesOnWhereItWas() {
        write(0, 0, 100);
        write(1, 0, 100);
        var options = ConsumerOptions.builder().topic("t").maxPollRecords(5).build();
        try (var consumer = client.consumer(options)) {
            var first = new ArrayList<ConsumerRecord>();
            Await.until("the first records", () -> {
                first.addAll(consumer.poll(STEP));
                return !first.isEmpty();
            });
            consumer.pause(List.of(P0));
            assertEquals(Set.of(P0), consumer.paused());
            var meanwhile = readToEnd(consumer);
            assertEquals(Set.of(), partitionsOf(meanwhile, P0));
            consumer.resume(List.of(P0, P1));
            assertEquals(Set.of(), consumer.paused());
            var all = new ArrayList<>(first);
            all.addAll(meanwhile);
            all.addAll(readToEnd(consumer));
            for (var partition : List.of(0, 1)) {
                assertEquals(
                        numbers(0, 100),
                        values(all.stream()
                                .filter(r -> r.partition() == partition)
                                .toList()));
            }
        }
    }

    private static Set<PartitionRef> partitionsOf(List<ConsumerRecord> records, PartitionRef of) {
        var found = new HashSet<PartitionRef>();
        records.stream().map(ConsumerRecord::partitionRef).filter(of::equals).forEach(found::add);
        return found;
    }

    @Test
    void theBrokerSendsNoFurtherThanTheCredit() {
        write(0, 0, 1_000);
        var bytes = ConsumerOptions.builder().bufferBytes(2_000);
        assertTrue(sentAfterOnePoll(bytes).bytes() <= 2_000 + 1_000, "a message of half the buffer may go beyond");
        // Messages of one batch, 10 records.
        var records = ConsumerOptions.builder().bufferRecords(25).bufferBytes(500);
        assertEquals(30, sentAfterOnePoll(records).records());
    }

    /// What has arrived when one record of it was returned; then the rest is read.
    private TestConsumeStream.Sent sentAfterOnePoll(ConsumerOptions.Builder options) {
        try (var consumer = client.consumer(options.topic("t").maxPollRecords(1).build())) {
            Await.until("the first record", () -> !consumer.poll(STEP).isEmpty());
            var stream = broker.consumeStreams().get(0);
            var before = broker.sentTo(stream);
            assertEquals(1, consumer.poll(STEP).size());
            assertEquals(before, broker.sentTo(stream), "the first message is still being returned");
            assertEquals(1_000 - 2, readToEnd(consumer).size());
            assertEquals(1_000, broker.sentTo(stream).records());
            return before;
        }
    }

    @Test
    void onlyOneThreadAtATime() throws Exception {
        var consumer = consumer(StartAt.earliest());
        var polling = CompletableFuture.runAsync(() -> {
            while (true) {
                try {
                    consumer.poll(Duration.ofMinutes(1));
                } catch (IllegalStateException e) {
                    if (!String.valueOf(e.getMessage()).contains("another thread")) {
                        throw e;
                    }
                }
            }
        });
        Await.until("the other thread is in", () -> {
            try {
                consumer.paused();
                return false;
            } catch (IllegalStateException e) {
                return true;
            }
        });
        consumer.close();
        var ended = assertThrows(ExecutionException.class, () -> polling.get(20, TimeUnit.SECONDS));
        assertInstanceOf(IllegalStateException.class, ended.getCause(), "closing ends a poll");
    }

    @Test
    void aClosedConsumerEndsItsStream() {
        var consumer = consumer(StartAt.earliest());
        consumer.poll(STEP);
        Await.until("the stream is open", () -> broker.consumeStreams().size() == 1);
        consumer.close();
        Await.until("the stream is ended", () -> broker.consumeStreams().isEmpty());
        assertThrows(IllegalStateException.class, () -> consumer.poll(STEP));
        consumer.close();
    }
}
