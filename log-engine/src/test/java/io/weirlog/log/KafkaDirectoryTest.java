package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordHeader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whole directories go from Kafka's log to Weirlog's and back.
class KafkaDirectoryTest {
    private static final Map<String, String> KAFKA =
            Map.of("internal.segment.bytes", "20000", "index.interval.bytes", "1000");
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(20_000)
            .indexIntervalBytes(1000)
            .segmentIndexBytes(10 << 10)
            .build();
    private static final long PRODUCER = 9;

    @TempDir
    Path folder;

    private Path place() {
        return folder.resolve("orders-3");
    }

    private static List<Record> records(Random random, int step) {
        var records = new ArrayList<Record>();
        for (var i = random.nextInt(30); i >= 0; i--) {
            var value = new byte[random.nextInt(200)];
            random.nextBytes(value);
            records.add(new Record(
                    records.size(),
                    TestLogs.NOW + step * 1000L + random.nextInt(500),
                    random.nextInt(4) == 0 ? null : ("key" + i).getBytes(UTF_8),
                    random.nextInt(5) == 0 ? null : value,
                    random.nextInt(3) == 0 ? List.of(new RecordHeader("h", value)) : List.of()));
        }
        return records;
    }

    /// Plain, idempotent and transactional batches, markers, three epochs, several segments.
    private static void fill(KafkaLogs kafka, Compression compression) throws Exception {
        var random = new Random(compression.id());
        var packing = KafkaLogs.compression(compression);
        var sequence = 0;
        for (var step = 0; step < 60; step++) {
            var epoch = step / 25;
            var batch = KafkaLogs.simple(records(random, step));
            switch (step % 4) {
                case 0, 1 -> kafka.append(MemoryRecords.withRecords(packing, batch), epoch);
                case 2 -> {
                    kafka.append(
                            MemoryRecords.withTransactionalRecords(packing, PRODUCER, (short) 0, sequence, batch),
                            epoch);
                    sequence += batch.length;
                }
                default -> {
                    var outcome = step % 8 == 3 ? ControlRecordType.ABORT : ControlRecordType.COMMIT;
                    kafka.appendMarker(
                            MemoryRecords.withEndTransactionMarker(
                                    PRODUCER, (short) 0, new EndTransactionMarker(outcome, 1)),
                            epoch);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void weirlogOpensWhatKafkaWrote(Compression compression) throws Exception {
        List<Record> expected;
        var epochEnds = new ArrayList<Long>();
        long end;
        try (var kafka = new KafkaLogs(place(), true, KAFKA)) {
            fill(kafka, compression);
            expected = kafka.records();
            end = kafka.log().logEndOffset();
            for (var epoch = 0; epoch < 3; epoch++) {
                epochEnds.add(kafka.log().endOffsetForEpoch(epoch).orElseThrow().offset());
            }
            assertTrue(
                    kafka.log().numberOfSegments() > 2,
                    "segments: " + kafka.log().numberOfSegments());
        }
        try (var log = TestLogs.open(place(), CONFIG)) {
            assertEquals(end, log.logEndOffset().value());
            assertEquals(expected, TestLogs.readAll(log));
            assertEquals(0, log.recovery().cutBytes());
            for (var epoch = 0; epoch < 3; epoch++) {
                assertEquals(
                        new EpochEnd(new LeaderEpoch(epoch), new Offset(epochEnds.get(epoch))),
                        log.endOffsetForEpoch(new LeaderEpoch(epoch)));
            }
            // Every offset is found, by index or by scan.
            for (var offset = 0L; offset < end; offset++) {
                try (var slice = TestLogs.slice(log, new Offset(offset), 1, log.logEndOffset())) {
                    assertTrue(slice.baseOffset().value() <= offset
                            && slice.nextOffset().value() > offset);
                }
            }
        }
        // A second time, after Weirlog's own clean shutdown.
        try (var log = TestLogs.open(place(), CONFIG)) {
            assertTrue(log.recovery().clean());
            assertEquals(expected, TestLogs.readAll(log));
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void kafkaOpensWhatWeirlogWrote(Compression compression) throws Exception {
        List<Record> expected;
        try (var log = TestLogs.open(place(), CONFIG)) {
            var random = new Random(compression.id());
            for (var step = 0; step < 60; step++) {
                var epoch = new LeaderEpoch(step / 25);
                log.beginEpoch(epoch);
                log.append(
                        List.of(TestLogs.batch(compression, TestLogs.NOW + step, 1 + random.nextInt(30), 100, random)),
                        epoch,
                        TestLogs.NOW);
            }
            expected = TestLogs.readAll(log);
        }
        for (var clean : List.of(true, false)) {
            try (var kafka = new KafkaLogs(place(), clean, KAFKA)) {
                assertEquals(expected, kafka.records());
                assertEquals(expected.size(), kafka.log().logEndOffset());
                assertEquals(50, epochStartOf(kafka, 2, expected));
                assertTrue(kafka.log().numberOfSegments() > 2);
            }
        }
        // And Weirlog again, after Kafka has had it open.
        try (var log = TestLogs.open(place(), CONFIG)) {
            assertEquals(expected, TestLogs.readAll(log));
        }
    }

    /// The number of the batch, one per millisecond, in which an epoch begins.
    private static long epochStartOf(KafkaLogs kafka, int epoch, List<Record> records) {
        var start = kafka.log().endOffsetForEpoch(epoch - 1).orElseThrow().offset();
        return records.get((int) start).timestampMillis() - TestLogs.NOW;
    }

    /// A follower takes Kafka's markers as they are, and Kafka reads them from its log.
    @Test
    void markersSurviveBothWays() throws Exception {
        try (var log = TestLogs.openLeader(place(), CONFIG)) {
            log.append(List.of(TestLogs.batch(3, 10)), TestLogs.EPOCH, 0);
            var marker = MemoryRecords.withEndTransactionMarker(
                            3, System.currentTimeMillis(), 0, PRODUCER, (short) 0, marker(ControlRecordType.COMMIT))
                    .buffer();
            log.appendAsFollower(marker);
            assertEquals(4, log.logEndOffset().value());
            try (var slice = TestLogs.slice(log, new Offset(3), 1 << 20, log.logEndOffset())) {
                ByteBuffer bytes = TestLogs.bytes(slice);
                assertTrue(RecordBatch.of(bytes).isControl());
                assertEquals(marker, bytes);
            }
        }
        var dump = KafkaOracleTest.dump(place(), ".log");
        assertTrue(dump.contains("endTxnMarker: COMMIT"), dump);
    }

    private static EndTransactionMarker marker(ControlRecordType type) {
        return new EndTransactionMarker(type, 7);
    }
}
