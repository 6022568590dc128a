package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordHeader;
import io.weirlog.record.TimestampType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.tools.DumpLogSegments;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Kafka's own code reads what Weirlog writes, and the other way round.
class KafkaOracleTest {
    private static final int SEEDS = 100;
    private static final Pattern COMPLAINT = Pattern.compile(
            "(?im)^.*(mismatch|non-consecutive|out of order|isvalid: false|not found|trailing|exception|failed).*$");

    /// In every file this version of the tool expects the first offset to be 0, so it takes the beginning of each
    /// segment but the first for a gap, in Kafka's own logs too.
    private static final Pattern FIRST_OF_LATER_SEGMENT =
            Pattern.compile("Non-consecutive offsets in \\S*/0*(\\d+)\\.log\\s+-1 is followed by \\1\\n");

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Compression.class)
    void kafkaReadsOurBatches(Compression compression) {
        for (var seed = 0; seed < SEEDS; seed++) {
            var random = new Random(seed);
            var expected = randomRecords(random);
            var builder = new RecordBatchBuilder(compression, 100);
            builder.producer(7, (short) 1, 10);
            expected.forEach(r -> builder.append(r.timestampMillis(), r.key(), r.value(), r.headers()));

            var batches = MemoryRecords.readableRecords(builder.build()).batches();
            var actual = new ArrayList<Record>();
            for (var batch : batches) {
                batch.ensureValid();
                assertEquals(expected.size(), batch.countOrNull(), "seed " + seed);
                assertEquals(7, batch.producerId(), "seed " + seed);
                assertEquals(compression.configValue(), batch.compressionType().name, "seed " + seed);
                for (var record : batch) {
                    record.ensureValid();
                    actual.add(new Record(
                            record.offset(),
                            record.timestamp(),
                            bytes(record.key()),
                            bytes(record.value()),
                            ours(record.headers())));
                }
            }
            assertEquals(expected, actual, "seed " + seed);
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void aLogTakesAndReturnsKafkasBatches(Compression compression) throws Exception {
        try (var log = TestLogs.openLeader(directory.resolve("log"), LogConfig.defaults())) {
            for (var seed = 0; seed < SEEDS; seed++) {
                var expected = randomRecords(new Random(seed));
                var batch = kafkaBatch(compression, expected);
                assertEquals(
                        new BatchVerdict.Valid(
                                expected.size(), RecordBatch.of(batch).maxTimestamp()),
                        BatchValidator.validate(batch, log.config().batchLimits()),
                        "seed " + seed);
                var base = log.append(List.of(batch), TestLogs.EPOCH, 0).baseOffset(0);
                var end = log.logEndOffset();
                var actual = TestLogs.readAll(log, base, 1 << 20, end);
                var shifted = expected.stream()
                        .map(r -> new Record(
                                base.value() + r.offset(), r.timestampMillis(), r.key(), r.value(), r.headers()))
                        .toList();
                assertEquals(shifted, actual, "seed " + seed);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TimestampType.class)
    void dumpLogSegmentsFindsNothingWrong(TimestampType timestampType) throws Exception {
        var config = LogConfig.builder()
                .segmentBytes(40_000)
                .indexIntervalBytes(1000)
                .segmentIndexBytes(2000)
                .timestampType(timestampType)
                .build();
        var place = directory.resolve("orders-3");
        var batches = 0;
        var random = new Random(1);
        try (var log = TestLogs.openLeader(place, config)) {
            for (var turn = 0; turn < 100; turn++) {
                var buffers = new ArrayList<ByteBuffer>();
                for (var i = random.nextInt(5); i >= 0; i--) {
                    var compression = Compression.fromId(random.nextInt(5)).orElseThrow();
                    // Times go back now and then: the time index must only rise.
                    var time = TestLogs.NOW + turn * 1000L - random.nextInt(5000);
                    buffers.add(TestLogs.batch(compression, time, 1 + random.nextInt(20), 50, random));
                }
                batches += buffers.size();
                log.append(buffers, TestLogs.EPOCH, TestLogs.NOW + turn * 1000L);
            }
            assertEquals(Optional.empty(), complaints(dump(place, ".log", ".index", ".timeindex")));
        }
        var files = TestLogs.names(place);
        assertTrue(files.stream().filter(name -> name.endsWith(".log")).count() > 3, files.toString());
        var dump = dump(place, ".log", ".index", ".timeindex");
        assertEquals(Optional.empty(), complaints(dump));
        assertEquals(
                batches,
                dump.lines().filter(line -> line.startsWith("baseOffset: ")).count());
        assertTrue(dump.lines().filter(line -> line.startsWith("offset: ")).count() > 100, "index entries");
        assertTrue(dump.lines().filter(line -> line.startsWith("timestamp: ")).count() > 50, "time index entries");

        // What recovery makes anew is as good.
        for (var name : files) {
            if (name.endsWith("index") || name.equals(LogFileNames.CLEAN_SHUTDOWN)) {
                Files.delete(place.resolve(name));
            }
        }
        try (var log = TestLogs.open(place, config)) {
            assertFalse(log.recovery().clean());
            log.findByTimestamp(0, log.logEndOffset());
            for (var at = log.logStartOffset(); at.isBefore(log.logEndOffset()); ) {
                try (var slice = TestLogs.slice(log, at, 1, log.logEndOffset())) {
                    at = slice.nextOffset();
                }
            }
        }
        assertEquals(Optional.empty(), complaints(dump(place, ".log", ".index", ".timeindex")));
    }

    /// The check above would pass if the tool never complained.
    @Test
    void dumpLogSegmentsDoesComplain() throws Exception {
        var config = LogConfig.builder()
                .indexIntervalBytes(100)
                .segmentIndexBytes(2000)
                .build();
        var place = directory.resolve("orders-3");
        try (var log = TestLogs.openLeader(place, config)) {
            for (var i = 0; i < 20; i++) {
                log.append(List.of(TestLogs.batch(2, 100)), TestLogs.EPOCH, 0);
            }
        }
        var index = place.resolve("00000000000000000000.index");
        var bytes = Files.readAllBytes(index);
        bytes[3]++;
        Files.write(index, bytes);
        var dump = dump(place, ".index");
        assertTrue(complaints(dump).isPresent(), dump);
    }

    static Optional<String> complaints(String dump) {
        var matcher = COMPLAINT.matcher(FIRST_OF_LATER_SEGMENT.matcher(dump).replaceAll(""));
        return matcher.find() ? Optional.of(matcher.group()) : Optional.empty();
    }

    static String dump(Path directory, String... suffixes) throws IOException {
        var files = TestLogs.names(directory).stream()
                .filter(name -> Arrays.stream(suffixes).anyMatch(name::endsWith))
                .map(name -> directory.resolve(name).toString())
                .collect(Collectors.joining(","));
        var standardOut = System.out;
        var standardError = System.err;
        var captured = new ByteArrayOutputStream();
        try (var out = new PrintStream(captured, true, UTF_8)) {
            System.setOut(out);
            System.setErr(out);
            DumpLogSegments.main(new String[] {"--deep-iteration", "--files", files});
        } finally {
            System.setOut(standardOut);
            System.setErr(standardError);
        }
        return captured.toString(UTF_8);
    }

    private static ByteBuffer kafkaBatch(Compression compression, List<Record> records) {
        var simple = records.stream()
                .map(r -> new SimpleRecord(
                        r.timestampMillis(),
                        r.key(),
                        r.value(),
                        r.headers().stream()
                                .map(h -> (Header)
                                        new org.apache.kafka.common.header.internals.RecordHeader(h.key(), h.value()))
                                .toArray(Header[]::new)))
                .toArray(SimpleRecord[]::new);
        var type = CompressionType.forName(compression.configValue());
        return MemoryRecords.withRecords(
                        org.apache.kafka.common.compress.Compression.of(type).build(), simple)
                .buffer();
    }

    private static List<RecordHeader> ours(Header[] headers) {
        return Arrays.stream(new RecordHeaders(headers).toArray())
                .map(header -> new RecordHeader(header.key(), header.value()))
                .toList();
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        var bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    private static List<Record> randomRecords(Random random) {
        var records = new ArrayList<Record>();
        for (var i = random.nextInt(random.nextInt(20) == 0 ? 3000 : 20); i >= 0; i--) {
            var headers = new ArrayList<RecordHeader>();
            for (var h = random.nextInt(3); h > 0; h--) {
                headers.add(new RecordHeader("h" + h + "é€", randomBytes(random)));
            }
            records.add(new Record(
                    records.size(),
                    TestLogs.NOW + random.nextInt(1000) - 500,
                    randomBytes(random),
                    randomBytes(random),
                    headers));
        }
        return records;
    }

    private static byte @Nullable [] randomBytes(Random random) {
        if (random.nextInt(8) == 0) {
            return null;
        }
        var bytes = new byte[random.nextInt(200)];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        }
        return bytes;
    }

    @Test
    void aReadGivesWhatKafkaCanIterate() throws Exception {
        try (var log = TestLogs.openLeader(directory.resolve("log"), LogConfig.defaults())) {
            for (var i = 1; i <= 10; i++) {
                log.append(List.of(TestLogs.batch(i, 10)), TestLogs.EPOCH, 0);
            }
            var result = log.read(new Offset(4), 1 << 20, log.logEndOffset());
            try (var slice = assertInstanceOf(ReadResult.Slice.class, result).slice()) {
                var out = new ByteArrayOutputStream();
                slice.writeTo(out);
                var offsets = new ArrayList<Long>();
                for (var record : MemoryRecords.readableRecords(ByteBuffer.wrap(out.toByteArray()))
                        .records()) {
                    offsets.add(record.offset());
                }
                assertEquals(3, offsets.getFirst());
                assertEquals(54, offsets.getLast());
                assertEquals(52, offsets.size());
            }
        }
    }
}
