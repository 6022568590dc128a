package io.weirlog.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.KeyHash;
import io.weirlog.record.RecordHeader;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What users may plug into a producer: partitioners and interceptors, good ones and bad ones.
class ProducerHooksTest {
    private static final Duration ENDLESS = Duration.ofMinutes(10);

    private final InMemoryBroker broker = InMemoryBroker.start();
    private final WeirlogClient client = WeirlogClient.connect(broker.address());
    private final List<String> told = new CopyOnWriteArrayList<>();

    @BeforeEach
    void createTopics() {
        broker.createTopic("one", 1);
        broker.createTopic("two", 2);
        broker.createTopic("many", 5);
    }

    @AfterEach
    void close() {
        client.close();
        broker.close();
    }

    private Producer producer(Partitioner partitioner) {
        return client.producer(
                ProducerOptions.builder().partitioner(partitioner).build());
    }

    private Producer producer(ProducerInterceptor... interceptors) {
        return client.producer(
                ProducerOptions.builder().interceptors(interceptors).build());
    }

    private List<Integer> counts(String topic, int partitions) {
        return IntStream.range(0, partitions)
                .mapToObj(partition -> broker.records(topic, partition).size())
                .toList();
    }

    @Test
    void keysAreHashedUnlessToldOtherwise() {
        assertSame(Partitioner.keyHash(), ProducerOptions.defaults().partitioner());
        var keyed = ProducerRecord.of("many", "a key", "a");
        assertEquals(
                OptionalInt.of(KeyHash.partition("a key".getBytes(UTF_8), 5)),
                Partitioner.keyHash().partition(keyed, 5));
        assertEquals(OptionalInt.empty(), Partitioner.keyHash().partition(ProducerRecord.of("many", "a"), 5));
    }

    @Test
    void aStickyPartitionerFillsBatchesWhateverTheKey() {
        var options = ProducerOptions.builder()
                .partitioner(Partitioner.sticky())
                .batchBytes(2_000)
                .linger(ENDLESS)
                .build();
        try (var producer = client.producer(options)) {
            for (var i = 0; i < 100; i++) {
                var unused = producer.send(ProducerRecord.of("many", new byte[] {1}, new byte[180]));
            }
        }
        for (var partition = 0; partition < 5; partition++) {
            assertEquals(2, broker.batchCount("many", partition), "batches take turns");
        }
        assertEquals(List.of(20, 20, 20, 20, 20), counts("many", 5));
    }

    @Test
    void turnsAreTakenInEachTopicByItself() {
        try (var producer = producer(Partitioner.roundRobin())) {
            for (var i = 0; i < 20; i++) {
                var unused = producer.send("many", "the same key", "v" + i);
                unused = producer.send("two", "the same key", "v" + i);
            }
        }
        assertEquals(List.of(4, 4, 4, 4, 4), counts("many", 5));
        assertEquals(List.of(10, 10), counts("two", 2));
    }

    @Test
    void turnsGoOnWhereTheirCountEnds() {
        // More than one way round, from wherever it begins, in a topic that grows meanwhile.
        var roundRobin = Partitioner.roundRobin();
        var record = ProducerRecord.of("t", "v");
        var last = roundRobin.partition(record, 3).orElseThrow();
        for (var i = 0; i < 10; i++) {
            var next = roundRobin.partition(record, 3).orElseThrow();
            assertEquals((last + 1) % 3, next);
            last = next;
        }
        var grown = IntStream.range(0, 7)
                .map(i -> roundRobin.partition(record, 7).orElseThrow())
                .sorted()
                .toArray();
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6), IntStream.of(grown).boxed().toList());
    }

    @Test
    void anOwnPartitionerMayBuildUponOthers() {
        try (var producer = producer((record, partitions) -> record.key() == null
                ? OptionalInt.of(partitions - 1)
                : Partitioner.keyHash().partition(record, partitions))) {
            assertEquals(4, producer.send("many", "a").join().partition());
            var hashed = KeyHash.partition("k".getBytes(UTF_8), 5);
            assertEquals(hashed, producer.send("many", "k", "b").join().partition());
            var own = producer.send(ProducerRecord.of("many", "c").toPartition(2));
            assertEquals(2, own.join().partition(), "the record says so itself");
        }
    }

    /// The buffer holds only some of these records: had one kept its place, the last one would find none.
    @Test
    void aBadPartitionerHarmsOnlyItsRecords() {
        var mistake = new IllegalArgumentException("no tenant");
        var options = ProducerOptions.builder()
                .bufferBytes(2_000)
                .maxBlock(Duration.ZERO)
                .partitioner((record, partitions) -> switch (text(record)) {
                    case "throws" -> throw mistake;
                    case "null" -> nothing();
                    case "too large" -> OptionalInt.of(partitions);
                    case "negative" -> OptionalInt.of(-1);
                    default -> OptionalInt.of(0);
                })
                .build();
        // What is known needs no waiting.
        try (var warming = client.producer()) {
            warming.send("two", "good").join();
        }
        try (var producer = client.producer(options)) {
            for (var i = 0; i < 100; i++) {
                var thrown = ProducerTest.failure(producer.send("two", "throws"));
                assertSame(mistake, thrown.getCause());
                assertTrue(
                        thrown.getMessage().contains("partitioner failed for a record of topic two"),
                        thrown::getMessage);
                assertTrue(thrown.getMessage().contains("no tenant"), thrown::getMessage);
                assertEquals(Optional.of(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED), thrown.outcome());
                var none = ProducerTest.failure(producer.send("two", "null"));
                assertTrue(none.getMessage().contains("it answered null"), none::getMessage);
                for (var outside : List.of("too large", "negative")) {
                    var failure = ProducerTest.failure(producer.send("two", outside));
                    assertEquals(ErrorReason.ERROR_REASON_UNKNOWN_PARTITION, failure.reason());
                    assertEquals("2", failure.metadata().get("partition_count"));
                    assertTrue(
                            failure.getMessage()
                                    .contains(
                                            "topic two has the partitions 0 to 1, and the producer's partitioner chose "
                                                    + (outside.equals("negative") ? "-1" : "2")),
                            failure::getMessage);
                }
            }
            assertEquals(0, producer.send("two", "good").join().partition());
        }
    }

    private static String text(ProducerRecord record) {
        return new String(Objects.requireNonNull(record.value()), UTF_8);
    }

    @SuppressWarnings({"NullAway", "NullOptional"}) // A user's mistake.
    private static OptionalInt nothing() {
        return null;
    }

    /// Adds a header of its name, and notes what it is told.
    private final class Noting implements ProducerInterceptor {
        private final String name;

        Noting(String name) {
            this.name = name;
        }

        @Override
        public ProducerRecord onSend(ProducerRecord record) {
            return record.withHeader(name, null);
        }

        @Override
        public void onAcknowledged(ProducerRecord record, Acknowledgement acknowledgement) {
            told.add(name + " " + headers(record) + " " + acknowledgement);
        }

        @Override
        public void onFailed(ProducerRecord record, WeirlogException failure) {
            told.add(name + " " + headers(record) + " " + failure.reason() + " "
                    + failure.outcome().orElseThrow());
        }

        private static String headers(ProducerRecord record) {
            return String.join(
                    "", record.headers().stream().map(RecordHeader::key).toList());
        }
    }

    private final class Bad implements ProducerInterceptor {
        @Override
        public ProducerRecord onSend(ProducerRecord record) {
            throw new IllegalStateException("an interceptor's mistake");
        }

        @Override
        public void onAcknowledged(ProducerRecord record, Acknowledgement acknowledgement) {
            told.add("bad");
            throw new IllegalStateException("an interceptor's mistake");
        }

        @Override
        public void onFailed(ProducerRecord record, WeirlogException failure) {
            told.add("bad");
            throw new IllegalStateException("an interceptor's mistake");
        }
    }

    /// Into the list of what is told, after the interceptors.
    private SendCallback callback() {
        return new SendCallback() {
            @Override
            public void onAcknowledged(Acknowledgement acknowledgement) {
                told.add("sender " + acknowledgement);
            }

            @Override
            public void onFailed(WeirlogException failure) {
                told.add("sender " + failure.reason());
            }
        };
    }

    @Test
    void interceptorsSeeRecordsInTheirOrder() {
        try (var producer = producer(new Noting("a"), new Noting("b"))) {
            producer.send(ProducerRecord.of("one", "v"), callback());
        }
        assertEquals(List.of("a ab one-0@0", "b ab one-0@0", "sender one-0@0"), told);
        var written = broker.records("one", 0).get(0);
        assertEquals(List.of(new RecordHeader("a", null), new RecordHeader("b", null)), written.headers());
    }

    @Test
    void anInterceptorMaySendAnotherRecord() {
        var elsewhere = new ProducerInterceptor() {
            @Override
            public ProducerRecord onSend(ProducerRecord record) {
                return ProducerRecord.of("many", text(record)).toPartition(3);
            }
        };
        try (var producer = producer(elsewhere)) {
            assertEquals("many-3@0", producer.send("nowhere", "v").join().toString());
        }
        assertEquals(List.of("v"), broker.values("many", 3));
    }

    @Test
    void interceptorsAreToldOfFailures() {
        try (var producer = producer(new Noting("a"))) {
            producer.send(ProducerRecord.of("nowhere", "v"), callback());
        }
        assertEquals(
                List.of(
                        "a a ERROR_REASON_UNKNOWN_TOPIC APPEND_OUTCOME_NOT_APPENDED",
                        "sender ERROR_REASON_UNKNOWN_TOPIC"),
                told);
    }

    /// As Kafka's clients do it: what only watches must not keep records from being written.
    @Test
    void anInterceptorThatFailsIsPassedOver() {
        var returnsNothing = new ProducerInterceptor() {
            @Override
            @SuppressWarnings("NullAway") // A user's mistake.
            public ProducerRecord onSend(ProducerRecord record) {
                return null;
            }
        };
        try (var producer = producer(new Noting("a"), new Bad(), returnsNothing, new Noting("b"))) {
            assertEquals("one-0@0", producer.send("one", "v").join().toString());
            var failure = ProducerTest.failure(producer.send("nowhere", "v"));
            assertEquals(ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, failure.reason());
        }
        var failed = "ERROR_REASON_UNKNOWN_TOPIC APPEND_OUTCOME_NOT_APPENDED";
        assertEquals(List.of("a ab one-0@0", "bad", "b ab one-0@0", "a ab " + failed, "bad", "b ab " + failed), told);
    }

    @Test
    void whatWasInterceptedWhileTheProducerClosedHasFailed() {
        var producers = new CopyOnWriteArrayList<Producer>();
        var closing = new ProducerInterceptor() {
            @Override
            public ProducerRecord onSend(ProducerRecord record) {
                producers.get(0).close();
                return record;
            }
        };
        var producer = producer(new Noting("a"), closing);
        producers.add(producer);
        var record = ProducerRecord.of("one", "v");
        assertThrows(IllegalStateException.class, () -> producer.send(record, callback()));
        assertEquals(List.of("a a ERROR_REASON_UNSPECIFIED APPEND_OUTCOME_NOT_APPENDED"), told);
        assertThrows(IllegalStateException.class, () -> producer.send(record, callback()));
        assertEquals(1, told.size(), "a closed producer asks nobody");
    }
}
