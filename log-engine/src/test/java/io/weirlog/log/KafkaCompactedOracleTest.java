package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.record.Compression;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Kafka's own code reads what compaction leaves.
class KafkaCompactedOracleTest {
    /// Gaps between offsets are no fault here.
    private static final Pattern COMPLAINT =
            Pattern.compile("(?im)^.*(mismatch|out of order|isvalid: false|not found|trailing|exception|failed).*$");

    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(20_000)
            .indexIntervalBytes(500)
            .segmentIndexBytes(2000)
            .compacted(true)
            .build();

    @TempDir
    Path directory;

    @Test
    void dumpLogSegmentsAcceptsCompactedSegments() throws Exception {
        var place = directory.resolve("orders-3");
        try (var log = TestLogs.openLeader(place, CONFIG)) {
            var random = new Random(1);
            for (var round = 0; round < 3; round++) {
                append(log, random);
                log.roll();
                assertInstanceOf(
                        CleaningOutcome.Cleaned.class, CompactionTest.clean(log, TestLogs.NOW + round * 50_000_000L));
                // Of an empty segment the tool cannot read the index, which has room for more.
                append(log, random);
                var dump = KafkaOracleTest.dump(place, ".log", ".index", ".timeindex");
                assertEquals(
                        List.of(),
                        COMPLAINT
                                .matcher(dump)
                                .results()
                                .map(MatchResult::group)
                                .toList());
                assertTrue(
                        dump.lines().filter(line -> line.startsWith("offset: ")).count() > 10, "index entries");
                assertTrue(dump.contains("deleteHorizonMs: OptionalLong["), "a delete horizon");
                assertEquals(TestLogs.readAll(log).size(), kafkaReads(log));
            }
        }
    }

    private static void append(PartitionLog log, Random random) throws Exception {
        var compressions = List.of(Compression.values());
        for (var i = 0; i < 400; i++) {
            var records = new ArrayList<String>();
            for (var j = random.nextInt(8); j >= 0; j--) {
                var key = "k" + random.nextInt(900);
                records.add(random.nextInt(6) == 0 ? key : key + "=" + "v".repeat(random.nextInt(60)));
            }
            var compression = compressions.get(random.nextInt(compressions.size()));
            log.append(
                    List.of(CompactionTest.batch(compression, records.toArray(String[]::new))),
                    TestLogs.EPOCH,
                    TestLogs.NOW);
        }
    }

    /// How many records Kafka's classes find, each valid and equal to ours.
    private static int kafkaReads(PartitionLog log) throws Exception {
        var ours = TestLogs.readAll(log).iterator();
        var count = 0;
        for (var at = log.logStartOffset(); at.isBefore(log.logEndOffset()); ) {
            try (var slice = TestLogs.slice(log, at, 1 << 20, log.logEndOffset())) {
                for (var batch :
                        MemoryRecords.readableRecords(TestLogs.bytes(slice)).batches()) {
                    batch.ensureValid();
                    for (var record : batch) {
                        var our = ours.next();
                        assertEquals(our.offset(), record.offset());
                        assertEquals(our.timestampMillis(), record.timestamp());
                        assertEquals(ByteBuffer.wrap(our.key()), record.key());
                        assertEquals(our.headers().size(), record.headers().length);
                        count++;
                    }
                }
                at = slice.nextOffset();
            }
        }
        return count;
    }
}
