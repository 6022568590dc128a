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
import io.weirlog.log.TransactionMarker;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
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

    @Test
    void producersAndTransactionsAreShown() throws IOException {
        var other = folder.resolve("payments-0");
        var identity = new PartitionIdentity("payments", new TopicPartition(new TopicId(new UUID(1, 3)), 0));
        var epoch = new LeaderEpoch(0);
        try (var log = PartitionLog.open(new FileStorage(), other, identity, LogConfig.defaults())) {
            log.beginEpoch(epoch);
            log.append(List.of(transactional(7), transactional(8)), epoch, 0);
            log.appendMarker(new TransactionMarker(7, (short) 1, TransactionMarker.Outcome.ABORT, 5), epoch, 1_000_000);
        }
        var dump = Console.run("log", "dump", other.toString()).lines();
        assertTrue(
                dump.stream()
                        .anyMatch(line -> line.startsWith("aborted")
                                && line.contains("producer_id=7  first_offset=0  last_offset=2")),
                dump.toString());
        assertTrue(
                dump.stream()
                        .anyMatch(line -> line.startsWith("producer")
                                && line.contains("producer_id=7")
                                && line.contains("coordinator_epoch=5")),
                dump.toString());
        assertTrue(
                dump.stream()
                        .anyMatch(line -> line.startsWith("producer")
                                && line.contains("producer_id=8")
                                && line.contains("last_offset=1")
                                && line.contains("open_transaction_from=1")),
                dump.toString());
        var stats = JsonParser.parseString(Console.run("log", "stats", other.toString(), "-o", "json")
                        .out())
                .getAsJsonObject()
                .getAsJsonObject(other.toString());
        assertEquals(2, stats.get("producers").getAsInt());
        assertEquals(1, stats.get("open_transactions").getAsInt());
        assertEquals(3, stats.get("producers_as_of_offset").getAsInt());

        Files.write(other.resolve("00000000000000000003.snapshot"), new byte[3]);
        assertTrue(Console.run("log", "dump", other.toString()).out().contains("it is no snapshot, or a damaged one"));
    }

    private static ByteBuffer transactional(long producerId) {
        var builder = new RecordBatchBuilder(Compression.NONE, 256);
        builder.append(1_000_000, null, "v".getBytes(UTF_8), List.of());
        builder.producer(producerId, (short) 0, 0);
        builder.transactional();
        return builder.build();
    }

    @FunctionalInterface
    private interface Damage {
        void apply(Path file) throws IOException;
    }

    private void assertNamed(String name, int position, String problem, Damage damage) throws IOException {
        var file = partition.resolve(name);
        var existed = Files.exists(file);
        var before = existed ? Files.readAllBytes(file) : new byte[0];
        damage.apply(file);
        var result = verify();
        assertEquals(1, result.code(), name + ": " + result.out());
        assertTrue(
                result.out().contains(file + ", byte " + position + ": " + problem),
                name + ", " + problem + ": " + result.out());
        if (existed) {
            Files.write(file, before);
        } else {
            Files.delete(file);
        }
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

    private int sizeOf(String name) throws IOException {
        return (int) Files.size(partition.resolve(name));
    }

    /// Where the second batch of a segment begins.
    private int secondBatch(String name) throws IOException {
        return 12 + ByteBuffer.wrap(Files.readAllBytes(partition.resolve(name))).getInt(8);
    }

    private String secondSegment() throws IOException {
        try (var files = Files.list(partition)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".log") && !name.startsWith(FIRST))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static Damage withoutRange(int from, int to) {
        return file -> {
            var bytes = Files.readAllBytes(file);
            var left = Arrays.copyOf(bytes, from + bytes.length - to);
            System.arraycopy(bytes, to, left, from, bytes.length - to);
            Files.write(file, left);
        };
    }

    private static Damage append(int... bytes) {
        return file -> {
            var longer = new byte[bytes.length];
            for (var i = 0; i < bytes.length; i++) {
                longer[i] = (byte) bytes[i];
            }
            Files.write(file, longer, StandardOpenOption.APPEND);
        };
    }

    @Test
    void everyKindOfDamageIsNamedWithItsPlace() throws IOException {
        var log = FIRST + ".log";
        var second = secondBatch(log);
        assertNamed(log, 0, "the CRC is wrong", set(100, 'x'));
        assertNamed(log, second, "the CRC is wrong", set(second + 70, 'x'));
        assertNamed(log, 0, "a batch of offsets 256 to", set(6, 1));
        assertNamed(log, 0, "a batch claims", set(8, 1));
        assertNamed(log, 0, "a batch has the format (magic) 9", set(16, 9));
        assertNamed(log, 0, "a batch of epoch 7 is where by leader-epoch-checkpoint epoch 0 is", set(15, 7));
        assertNamed(log, 0, "a batch header is cut off after 50 bytes", cutTo(50));
        assertNamed(log, second, "a batch claims", cutTo(second + 90));
        assertNamed(log, sizeOf(log), "the last 100 bytes are zeros", append(new int[100]));
        assertNamed(log, 0, "a batch of offsets 2 to 3 comes where the log is at 0", withoutRange(0, second));
        assertNamed(FIRST + ".index", 0, "the index is missing", Files::delete);
        assertNamed(FIRST + ".index", 0, "OfOffset[lastOffset=", set(7, 99));
        assertNamed(FIRST + ".index", sizeOf(FIRST + ".index"), "an entry is cut off", append(1, 2, 3));
        assertNamed(FIRST + ".timeindex", 0, "OfTime[timestampMillis=", set(7, 99));
        assertNamed(FIRST + ".txnindex", 0, "an entry is cut off", file -> Files.write(file, new byte[33]));
        assertNamed(FIRST + ".txnindex", 0, "the transaction of producer 0", file -> Files.write(file, new byte[34]));
        assertNamed(FIRST + ".snapshot", 0, "the version is 0", file -> Files.write(file, new byte[10]));
        assertNamed(FIRST + ".snapshot", 2, "the CRC is wrong", file -> Files.write(file, snapshot(1)));
        assertNamed("leader-epoch-checkpoint", 0, "it is not a version, a count and as many epochs", cutTo(3));
        assertNamed("clean-shutdown", 0, "it says that the log ends at 90, it ends at 80", set(2, '9'));
        assertNamed("partition.metadata", 0, "the file is missing", Files::delete);
        assertNamed("partition.metadata", 0, "it is not a version and a topic id", cutTo(20));
        assertNamed("synced-offset", 0, "neither slot has a right CRC", file -> Files.write(file, new byte[32]));
        assertNamed("synced-offset", 20, "it has 20 bytes, 32 are expected", cutTo(20));
        assertNamed("log-start-offset", 0, "it is not version 0 and an offset", file -> Files.writeString(file, "x"));
        assertNamed("log-start-offset", 0, "the log begins at 81", file -> Files.writeString(file, "0\n81\n"));
    }

    /// An empty snapshot whose CRC is off by so much.
    private static byte[] snapshot(int off) {
        var crc = new CRC32C();
        crc.update(new byte[4]);
        return ByteBuffer.allocate(10)
                .putShort((short) 1)
                .putInt((int) crc.getValue() + off)
                .putInt(0)
                .array();
    }

    @Test
    void aMissingSegmentIsNamedByTheOneAfterIt() throws IOException {
        Files.delete(partition.resolve(secondSegment()));
        var middle = verify();
        assertEquals(1, middle.code());
        assertTrue(middle.out().contains("byte 0: the segment begins at "), middle.out());
        Files.delete(partition.resolve(FIRST + ".log"));
        var first = verify();
        assertEquals(1, first.code());
        assertTrue(
                first.out().contains(secondSegment() + ", byte 0: the log begins at 0, the segments before this one"),
                first.out());
    }

    @Test
    void aPartitionOfAnotherTopicIsNamed() throws IOException {
        for (var name : List.of("orders-1", "orders-2")) {
            copy(partition, folder.resolve(name));
        }
        assertEquals(0, verify().code());
        var metadata = folder.resolve("orders-1/partition.metadata");
        Files.writeString(metadata, "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA\n");
        var result = verify();
        assertEquals(1, result.code());
        assertTrue(result.out().contains(metadata + ", byte 0: the topic id is AAAAAAAAAAAAAAAAAAAAAA"), result.out());
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectory(to);
        try (var files = Files.list(from)) {
            for (var file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void replicasAreCompared() throws IOException {
        var replica = folder.resolve("replica");
        copy(partition, replica);
        var log = FIRST + ".log";
        var second = secondBatch(log);
        var same = Console.run("log", "verify", partition.toString(), "--compare", replica.toString());
        assertEquals(0, same.code(), same.out());
        assertTrue(same.out().contains("40 equal batches from offset 0 to 80"), same.out());

        // A shorter replica is equal as far as it goes.
        try (var files = Files.list(replica)) {
            for (var file : files.filter(name -> name.getFileName().toString().endsWith(".log"))
                    .filter(name -> !name.endsWith(log))
                    .toList()) {
                Files.delete(file);
            }
        }
        cutTo(second).apply(replica.resolve(log));
        var shorter = Console.run("log", "verify", partition.toString(), "--compare", replica.toString());
        assertEquals(0, shorter.code(), shorter.out());
        assertTrue(shorter.out().contains("1 equal batch from offset 0 to 2"), shorter.out());

        set(second - 1, 'x').apply(replica.resolve(log));
        var differs = Console.run("log", "verify", partition.toString(), "--compare", replica.toString(), "-o", "json");
        assertEquals(1, differs.code());
        var finding = JsonParser.parseString(differs.out())
                .getAsJsonObject()
                .getAsJsonArray("findings")
                .get(0)
                .getAsJsonObject();
        assertEquals(replica.resolve(log).toString(), finding.get("file").getAsString());
        assertEquals(second - 1, finding.get("position").getAsInt());
        assertEquals(
                0,
                Console.run("log", "verify", partition.toString(), "--compare", replica.toString(), "--up-to", "0")
                        .code());
    }
}
