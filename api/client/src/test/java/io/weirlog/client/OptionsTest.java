package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:7171, 127.0.0.1, 7171",
        "broker-1.example:80, broker-1.example, 80",
        "localhost, localhost, 7171",
        "[::1]:9000, ::1, 9000",
        "[fe80::1%eth0], fe80::1%eth0, 7171"
    })
    void readsAddresses(String text, String host, int port) {
        assertEquals(new Address(host, port), Address.parse(text));
        assertEquals(Optional.of(new Address(host, port)), Address.tryParse(new Address(host, port).toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":7171", "host:", "host:0", "host:65536", "host:port", "::1", "http://host:1", "a b:1"})
    void refusesOtherAddresses(String text) {
        var problem = assertThrows(IllegalArgumentException.class, () -> WeirlogClient.connect(text));
        assertTrue(String.valueOf(problem.getMessage()).contains("\"" + text + "\""), problem::getMessage);
    }

    private static void refused(String word, Executable what) {
        var problem = assertThrows(IllegalArgumentException.class, what);
        assertTrue(String.valueOf(problem.getMessage()).contains(word), problem::getMessage);
    }

    @Test
    void refusesWhatCannotBe() {
        var producer = ProducerOptions.builder();
        refused("linger", () -> producer.linger(Duration.ofMillis(-1)));
        refused("batchBytes", () -> producer.batchBytes(0));
        refused("bufferBytes", () -> producer.bufferBytes(-1));
        refused("maxBlock", () -> producer.maxBlock(Duration.ofMillis(-1)));
        refused("deliveryTimeout", () -> producer.deliveryTimeout(Duration.ZERO));
        refused("requestTimeout", () -> producer.requestTimeout(Duration.ZERO));
        refused("maxInFlightPerPartition", () -> producer.maxInFlightPerPartition(0));
        refused(
                "at most 5",
                () -> ProducerOptions.builder().maxInFlightPerPartition(6).build());
        var consumer = ConsumerOptions.builder();
        refused("needs a topic", consumer::build);
        refused("maxPollRecords", () -> consumer.maxPollRecords(0));
        refused("bufferRecords", () -> consumer.bufferRecords(0));
        refused("bufferBytes", () -> consumer.bufferBytes(0));
        refused("is read whole", () -> consumer.topic("t").partition("t", 1).build());
        refused("at least one broker", () -> WeirlogClient.builder().build());
        refused("requestTimeout", () -> WeirlogClient.builder().requestTimeout(Duration.ZERO));
        refused("maxMessageBytes", () -> WeirlogClient.builder().maxMessageBytes(1));
        refused("-1", () -> StartAt.offset(-1));
        refused("-1", () -> ProducerRecord.of("t", "v").toPartition(-1));
        refused("before 1970", () -> ProducerRecord.of("t", "v").at(-1));
    }

    @Test
    void producersAreIdempotentUnlessToldOtherwise() {
        assertTrue(ProducerOptions.defaults().isIdempotent());
        assertEquals(5, ProducerOptions.defaults().maxInFlightPerPartition());
        var plain = ProducerOptions.builder().idempotent(false);
        assertEquals(1, plain.build().maxInFlightPerPartition());
        assertEquals(6, plain.maxInFlightPerPartition(6).build().maxInFlightPerPartition());
    }

    @Test
    void builtOptionsDoNotChangeWithTheirBuilder() {
        var builder = ProducerOptions.builder().linger(Duration.ofMillis(1));
        var options = builder.build();
        builder.linger(Duration.ofMillis(2));
        assertEquals(Duration.ofMillis(1), options.linger());
    }

    @Test
    void endlessTimesAreTakenForVeryLongOnes() {
        var endless = Duration.ofSeconds(Long.MAX_VALUE);
        assertTrue(
                ProducerOptions.builder().maxBlock(endless).build().maxBlock().toNanos() > 0);
    }

    @Test
    void partitionsBeginWhereTheySayOrWhereAllDo() {
        var options = ConsumerOptions.builder()
                .partition("t", 0)
                .partition("t", 1, StartAt.offset(5))
                .start(StartAt.latest())
                .build();
        assertEquals(
                Map.of(new PartitionRef("t", 0), StartAt.latest(), new PartitionRef("t", 1), StartAt.offset(5)),
                options.partitions());
    }

    @Test
    void recordsAreValues() {
        var record = ProducerRecord.of("t", "k", "v");
        assertEquals(OptionalInt.empty(), record.partition());
        assertEquals(OptionalLong.empty(), record.timestampMillis());
        assertEquals(OptionalInt.of(3), record.toPartition(3).partition());
        assertEquals(OptionalLong.of(7), record.at(Instant.ofEpochMilli(7)).timestampMillis());
        assertEquals(1, record.withHeader("h", new byte[0]).headers().size());
        assertEquals(0, record.headers().size());
    }
}
