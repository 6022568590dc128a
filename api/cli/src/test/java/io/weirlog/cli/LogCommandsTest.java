package io.weirlog.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.log.PartitionLog;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogCommandsTest {
    private static final String FIRST = "00000000000000000000";
    private static final int BATCHES = 40;

    @TempDir
    Path folder;

    private Path partition = Path.of("");

    /// Forty batches of two records in three epochs and several segments.
    @BeforeEach
    void writeLog() throws IOException {
        partition = folder.resolve("orders-0");
        var identity = new PartitionIdentity("orders", new TopicPartition(new TopicId(new UUID(1, 2)), 0));
        var config = LogConfig.builder()
                .segmentBytes(2000)
                .indexIntervalBytes(300)
                .segmentIndexBytes(240)
                .build();
        try (var log = PartitionLog.open(new FileStorage(), partition, identity, config)) {
            for (var i = 0; i < BATCHES; i++) {
                var epoch = new LeaderEpoch(i / 15);
                log.beginEpoch(epoch);
                var builder = new RecordBatchBuilder(i % 2 == 0 ? Compression.NONE : Compression.ZSTD, 256);
                for (var record = 0; record < 2; record++) {
                    builder.append(
                            1_000_000 + i,
                            ("k" + i).getBytes(UTF_8),
                            "v".repeat(100).getBytes(UTF_8),
                            List.of());
                }
                log.append(List.of(builder.build()), epoch, 0);
            }
        }
    }

    private Console verify() {
        return Console.run("log", "verify", folder.toString());
    }

    @Test
    void aGoodLogHasNoFaults() {
        assertEquals(new Console(0, "1 log, 0 faults" + System.lineSeparator(), ""), verify());
        assertEquals(0, Console.run("log", "verify", partition.toString()).code());
        assertEquals("no partition's log in " + partition.resolveSibling("x"), message("x"));
    }

    private String message(String empty) {
        var place = folder.resolve(empty);
        assertTrue(place.toFile().mkdir());
        return Console.run("log", "stats", place.toString()).err().strip().replace("weirlog: ", "");
    }

    @Test
    void statsAndDumpTellWhatIsThere() throws IOException {
        var stats = JsonParser.parseString(Console.run("log", "stats", partition.toString(), "-o", "json")
                        .out())
                .getAsJsonObject()
                .getAsJsonObject(partition.toString());
        assertEquals(BATCHES, stats.get("batches").getAsInt());
        assertEquals(2 * BATCHES, stats.get("records").getAsInt());
        assertEquals(2 * BATCHES, stats.get("log_end_offset").getAsInt());
        assertEquals(1_000_000, stats.get("first_timestamp_ms").getAsInt());
        assertEquals(1_000_000 + BATCHES - 1, stats.get("last_timestamp_ms").getAsInt());
        assertTrue(stats.get("compression_ratio").getAsDouble() > 1.1, stats.toString());
        assertTrue(stats.get("segments").getAsInt() > 2, stats.toString());
        assertTrue(Console.run("log", "stats", folder.toString()).lines().get(1).startsWith(partition.toString()));

        var dump = Console.run("log", "dump", "--records", partition.toString(), "-o", "json").lines().stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
        assertEquals(
                BATCHES,
                dump.stream()
                        .filter(line -> line.get("what").getAsString().equals("batch"))
                        .count());
        assertEquals(
                2 * BATCHES,
                dump.stream()
                        .filter(line -> line.get("what").getAsString().equals("record"))
                        .count());
        assertTrue(dump.stream().anyMatch(line -> line.get("what").getAsString().equals("index")));
        assertTrue(dump.stream()
                .anyMatch(line ->
                        line.has("text") && line.get("text").getAsString().equals("1 30")));
        assertTrue(Console.run("log", "dump", partition.toString()).out().contains("crc_valid=true"));
    }

    @FunctionalInterface
    private interface Damage {
        void apply(Path file) throws IOException;
    }

    private void assertNamed(String name, int position, String problem, Damage damage) throws IOException {
        var file = partition.resolve(name);
        var before = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
        damage.apply(file);
        var result = verify();
        assertEquals(1, result.code(), name + ": " + result.out());
        assertTrue(
                result.out().contains(file + ", byte " + position + ": " + problem),
                name + ", " + problem + ": " + result.out());
        Files.write(file, before);
        assertEquals(0, verify().code());
    }

    private static Damage set(int position, int value) {
        return file -> {
            var bytes = Files.readAllBytes(file);
            bytes[position] = (byte) value;
            Files.write(file, bytes);
        };
    }

    private static Damage cutTo(int bytes) {
        return file -> Files.write(file, Arrays.copyOf(Files.readAllBytes(file), bytes));
    }

    @Test
    void everyKindOfDamageIsNamedWithItsPlace() throws IOException {
        var log = FIRST + ".log";
        assertNamed(log, 0, "the CRC is wrong", set(100, 'x'));
        assertNamed(log, 0, "a batch of offsets 256 to", set(6, 1));
        assertNamed(log, 0, "a batch claims", set(8, 1));
        assertNamed(log, 0, "a batch has the format (magic) 9", set(16, 9));
        assertNamed(log, 0, "a batch of epoch 7 is where by leader-epoch-checkpoint epoch 0 is", set(15, 7));
        assertNamed(log, 0, "a batch header is cut off after 50 bytes", cutTo(50));
        assertNamed(FIRST + ".index", 0, "the index is missing", Files::delete);
        assertNamed(FIRST + ".index", 0, "OfOffset[lastOffset=", set(7, 99));
        assertNamed(FIRST + ".timeindex", 0, "OfTime[timestampMillis=", set(7, 99));
        assertNamed("leader-epoch-checkpoint", 0, "it is not a version, a count and as many epochs", cutTo(3));
        assertNamed("clean-shutdown", 0, "it does not say version 0 and that the log ends at 80", set(2, '9'));
        assertNamed("partition.metadata", 0, "the file is missing", Files::delete);
    }
}
