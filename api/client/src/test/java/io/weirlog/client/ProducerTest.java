package io.weirlog.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Durability;
import io.weirlog.common.KeyHash;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordHeader;
import io.weirlog.v1.ErrorReason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the producer does when nothing goes wrong.
class ProducerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration ENDLESS = Duration.ofMinutes(10);

    private final InMemoryBroker broker = InMemoryBroker.start();
    private final WeirlogClient client = WeirlogClient.connect(broker.address());

    @BeforeEach
    void createTopics() {
        broker.createTopic("one", 1);
        broker.createTopic("many", 5);
    }

    @AfterEach
    void close() {
        client.close();
        broker.close();
    }

    private static List<String> numbered(int count) {
        return IntStream.range(0, count).mapToObj(i -> "v" + i).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    void keepsTheOrderOfAPartition(int inFlight) {
        var options = ProducerOptions.builder()
                .maxInFlightPerPartition(inFlight)
                .batchBytes(1_000)
                .linger(Duration.ZERO)
                .build();
        var offsets = new ArrayList<CompletableFuture<Acknowledgement>>();
        try (var producer = client.producer(options)) {
            numbered(10_000).forEach(value -> offsets.add(producer.send("one", value)));
        }
        assertEquals(numbered(10_000), broker.values("one", 0));
        for (var i = 0; i < offsets.size(); i++) {
            assertEquals(OptionalLong.of(i), offsets.get(i).join().offset());
        }
    }

    @Test
    void keepsTheOrderOfEachThread() throws Exception {
        var threads = Executors.newFixedThreadPool(4);
        try (var producer = client.producer()) {
            var results = new ArrayList<Future<?>>();
            for (var i = 0; i < 4; i++) {
                var key = "k" + i;
                results.add(threads.submit(() -> {
                    var last = Optional.<CompletableFuture<Acknowledgement>>empty();
                    for (var value : numbered(5_000)) {
                        last = Optional.of(producer.send("many", key, value));
                    }
                    return last;
                }));
            }
            for (var result : results) {
                result.get(20, TimeUnit.SECONDS);
            }
            producer.flush(PATIENCE);
        } finally {
            threads.shutdownNow();
        }
        var byKey = new HashMap<String, List<String>>();
        for (var partition = 0; partition < 5; partition++) {
            for (var record : broker.records("many", partition)) {
                var key = text(record.key());
                assertEquals(partition, KeyHash.partition(key.getBytes(UTF_8), 5));
                byKey.computeIfAbsent(key, k -> new ArrayList<>()).add(text(record.value()));
            }
        }
        var each = numbered(5_000);
        assertEquals(Map.of("k0", each, "k1", each, "k2", each, "k3", each), byKey);
    }

    private static String text(byte @Nullable [] bytes) {
        return new String(Objects.requireNonNull(bytes), UTF_8);
    }

    @Test
    void tellsWhereAndHowSafelyARecordIsKept() {
        try (var producer = client.producer()) {
            producer.send("one", "a").join();
            var acknowledgement = producer.send("one", "k", "b").join();
            assertEquals("one", acknowledgement.topic());
            assertEquals(0, acknowledgement.partition());
            assertEquals(OptionalLong.of(1), acknowledgement.offset());
            assertEquals(3, acknowledgement.leaderEpoch());
            assertEquals(1, acknowledgement.acknowledgedBy());
            assertEquals(Optional.of(Durability.FSYNC), acknowledgement.durability());
            assertEquals(Instant.ofEpochSecond(1_700_000_000), acknowledgement.appendTime());
            assertEquals("one-0@1", acknowledgement.toString());
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void writesEveryPartOfARecord(Compression compression) {
        var record = ProducerRecord.of("many", "key".getBytes(UTF_8), null)
                .toPartition(4)
                .at(1_234_567)
                .withHeader("a", new byte[] {1, 2})
                .withHeader("b", null);
        try (var producer = client.producer(
                ProducerOptions.builder().compression(compression).build())) {
            var unused = producer.send(record);
        }
        var written = broker.records("many", 4).get(0);
        assertArrayEquals(record.key(), written.key());
        assertEquals(null, written.value());
        assertEquals(1_234_567, written.timestampMillis());
        assertEquals(List.of(new RecordHeader("a", new byte[] {1, 2}), new RecordHeader("b", null)), written.headers());
    }

    @Test
    void aRecordWithoutATimeGetsThatOfItsSend() {
        var before = System.currentTimeMillis();
        try (var producer = client.producer()) {
            producer.send("one", "a").join();
        }
        var written = broker.records("one", 0).get(0).timestampMillis();
        assertTrue(before <= written && written <= System.currentTimeMillis(), "written at " + written);
    }

    @Test
    void fillsBatchesBySize() {
        var options =
                ProducerOptions.builder().batchBytes(2_000).linger(ENDLESS).build();
        try (var producer = client.producer(options)) {
            for (var i = 0; i < 100; i++) {
                var unused = producer.send(ProducerRecord.of("one", new byte[180]));
            }
            Await.until("the full batches are sent without lingering", () -> broker.batchCount("one", 0) >= 9);
            producer.flush(PATIENCE);
        }
        assertEquals(100, broker.records("one", 0).size());
        assertEquals(10, broker.batchCount("one", 0), "10 records fit into a batch");
    }

    @Test
    void gathersBatchesWhileTheyLinger() {
        var options = ProducerOptions.builder().linger(Duration.ofMillis(300)).build();
        try (var producer = client.producer(options)) {
            var last = producer.send("one", "v0");
            for (var i = 1; i < 50; i++) {
                last = producer.send("one", "v" + i);
            }
            last.orTimeout(20, TimeUnit.SECONDS).join();
        }
        assertEquals(1, broker.batchCount("one", 0));
    }

    @Test
    void flushDoesNotLinger() {
        try (var producer =
                client.producer(ProducerOptions.builder().linger(ENDLESS).build())) {
            var sent = producer.send("one", "a");
            producer.flush(PATIENCE);
            assertTrue(sent.isDone());
        }
    }

    @Test
    void aRecordLargerThanABatchGoesAlone() {
        var options = ProducerOptions.builder().batchBytes(256).build();
        try (var producer = client.producer(options)) {
            var unused = producer.send("one", "small");
            producer.send(ProducerRecord.of("one", new byte[5_000])).join();
        }
        assertEquals(
                5_000, Objects.requireNonNull(broker.records("one", 0).get(1).value()).length);
        assertEquals(2, broker.batchCount("one", 0));
    }

    @Test
    void recordsWithoutKeysShareABatchAndThenMoveOn() {
        var options =
                ProducerOptions.builder().batchBytes(2_000).linger(ENDLESS).build();
        try (var producer = client.producer(options)) {
            for (var i = 0; i < 100; i++) {
                var unused = producer.send(ProducerRecord.of("many", new byte[180]));
            }
        }
        for (var partition = 0; partition < 5; partition++) {
            assertEquals(2, broker.batchCount("many", partition), "batches take turns");
            assertEquals(20, broker.records("many", partition).size());
        }
    }

    @Test
    void callbacksAreToldWithoutAFuture() {
        var told = new ArrayList<String>();
        var callback = new SendCallback() {
            @Override
            public void onAcknowledged(Acknowledgement acknowledgement) {
                told.add(acknowledgement.toString());
                throw new IllegalStateException("a user's mistake: the others must be told all the same");
            }

            @Override
            public void onFailed(WeirlogException failure) {
                told.add(failure.toString());
            }
        };
        try (var producer = client.producer()) {
            producer.send(ProducerRecord.of("one", "a"), callback);
            producer.send(ProducerRecord.of("one", "b"), callback);
            producer.flush(PATIENCE);
        }
        assertEquals(List.of("one-0@0", "one-0@1"), told);
    }

    @Test
    void aCallbackMaySendOnButNotWaitForItself() {
        try (var producer = client.producer()) {
            var second = producer.send("one", "a").thenCompose(ack -> {
                assertThrows(IllegalStateException.class, () -> producer.flush(PATIENCE));
                return producer.send("one", "b");
            });
            assertEquals(
                    OptionalLong.of(1),
                    second.orTimeout(20, TimeUnit.SECONDS).join().offset());
        }
    }

    @Test
    void anUnknownTopicFailsAtOnce() {
        try (var producer = client.producer()) {
            var failure = failure(producer.send("none", "a"));
            assertEquals(ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, failure.reason());
            assertEquals("none", failure.metadata().get("topic"));
            broker.createTopic("none", 1);
            producer.send("none", "a").orTimeout(20, TimeUnit.SECONDS).join();
        }
    }

    @Test
    void anUnknownPartitionFailsAtOnceUnlessItWasAdded() {
        try (var producer = client.producer()) {
            producer.send("one", "a").join();
            var failure = failure(producer.send(ProducerRecord.of("one", "b").toPartition(1)));
            assertEquals(ErrorReason.ERROR_REASON_UNKNOWN_PARTITION, failure.reason());
            assertEquals("1", failure.metadata().get("partition_count"));
            broker.createTopic("one", 2);
            producer.send(ProducerRecord.of("one", "b").toPartition(1))
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join();
        }
    }

    static WeirlogException failure(CompletableFuture<Acknowledgement> sent) {
        var failure = assertThrows(ExecutionException.class, () -> sent.get(20, TimeUnit.SECONDS));
        return (WeirlogException) Objects.requireNonNull(failure.getCause());
    }

    @Test
    void closingSendsTheRestAndRefusesMore() {
        var producer = client.producer(ProducerOptions.builder().linger(ENDLESS).build());
        var sent = producer.send("one", "a");
        producer.close();
        assertTrue(sent.isDone() && !sent.isCompletedExceptionally());
        assertThrows(IllegalStateException.class, () -> producer.send("one", "b"));
        producer.close();
    }

    @Test
    void closingTheClientClosesItsProducers() {
        var sent = client.producer(ProducerOptions.builder().linger(ENDLESS).build())
                .send("one", "a");
        client.close();
        assertEquals(OptionalLong.of(0), sent.join().offset());
    }
}
