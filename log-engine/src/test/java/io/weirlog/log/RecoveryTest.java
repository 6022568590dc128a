package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.record.Record;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoveryTest {
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(1000)
            .indexIntervalBytes(100)
            .segmentIndexBytes(2000)
            .build();
    private static final int BATCHES = 12;

    @TempDir
    Path directory;

    /// Twelve batches of three records in several segments; the process then dies with the last batch not synced.
    private List<Record> writeAndDie(Path place) throws Exception {
        var log = TestLogs.openLeader(place, CONFIG);
        for (var i = 0; i < BATCHES - 1; i++) {
            log.append(List.of(TestLogs.batch(3, 50)), TestLogs.EPOCH, 0);
        }
        log.sync();
        log.append(List.of(TestLogs.batch(3, 50)), TestLogs.EPOCH, 0);
        return TestLogs.readAll(log);
    }

    @Test
    void aDeadProcessLosesNothing() throws Exception {
        var records = writeAndDie(directory);
        var log = TestLogs.open(directory, CONFIG);
        assertFalse(log.recovery().clean());
        assertEquals(0, log.recovery().cutBytes());
        assertEquals(records, TestLogs.readAll(log));
        assertEquals(new Offset((BATCHES - 1) * 3), log.syncedOffset());
        assertEquals(Optional.of(TestLogs.EPOCH), log.latestEpoch());
    }

    @Test
    void aTornEndIsCutWhereverItIsTorn() throws Exception {
        var origin = directory.resolve("origin");
        var records = writeAndDie(origin);
        var kept = records.subList(0, records.size() - 3);
        var last = lastSegment(origin);
        var sizeBytes = Files.size(origin.resolve(last));
        var batchBytes = TestLogs.batch(3, 50).remaining();
        for (var tornBytes = 1; tornBytes <= batchBytes; tornBytes++) {
            for (var zeroed : new boolean[] {false, true}) {
                if (zeroed && tornBytes == 1) {
                    continue; // The batch ends with a zero: it would be whole again.
                }
                var place = directory.resolve("torn-" + tornBytes + zeroed);
                TestLogs.copyDirectory(origin, place);
                try (var file = new RandomAccessFile(place.resolve(last).toFile(), "rw")) {
                    file.setLength(sizeBytes - tornBytes);
                    if (zeroed) {
                        file.setLength(sizeBytes
                                + 100); // As a file system may leave it: the size is there, the bytes are not.
                    }
                }
                try (var log = TestLogs.openUnsynced(place, CONFIG)) {
                    // Cut or zeroed at the very start of the batch, nothing of it is left to be cut.
                    assertEquals(kept, TestLogs.readAll(log), "torn by " + tornBytes);
                    var cut = (zeroed ? sizeBytes + 100 : sizeBytes - tornBytes) - (sizeBytes - batchBytes);
                    assertEquals(cut, log.recovery().cutBytes(), "torn by " + tornBytes);
                    log.beginEpoch(new LeaderEpoch(1));
                    log.append(List.of(TestLogs.batch(1, 5)), new LeaderEpoch(1), 0);
                    assertEquals(kept.size() + 1, TestLogs.readAll(log).size());
                }
                TestLogs.deleteDirectory(place);
            }
        }
    }

    /// L3: every byte of what was synced, in the segment that a dead process was writing to.
    @Test
    void damageToWhatWasSyncedIsToldAndNothingIsCut() throws Exception {
        var origin = directory.resolve("origin");
        writeAndDie(origin);
        var last = lastSegment(origin);
        var bytes = Files.readAllBytes(origin.resolve(last));
        var syncedBytes = bytes.length - TestLogs.batch(3, 50).remaining();
        assertTrue(syncedBytes > 0, "the last segment holds something synced");
        for (var at = 0; at < syncedBytes; at++) {
            var place = directory.resolve("damaged-" + at);
            TestLogs.copyDirectory(origin, place);
            var damaged = bytes.clone();
            damaged[at] ^= 0x10;
            Files.write(place.resolve(last), damaged);
            var message = "byte " + at;
            var e = assertThrows(LogOpenException.class, () -> TestLogs.openUnsynced(place, CONFIG), message);
            var failure = assertInstanceOf(LogOpenFailure.CorruptMiddle.class, e.failure(), message);
            assertEquals(place.resolve(last), failure.file());
            assertTrue(failure.position() <= at, message);
            assertEquals(new Offset((BATCHES - 1) * 3), failure.syncedEnd());
            assertEquals(damaged.length, Files.size(place.resolve(last)), message);
            TestLogs.deleteDirectory(place);
        }
    }

    @Test
    void aSyncedLogThatIsTooShortIsTold() throws Exception {
        writeAndDie(directory);
        Files.write(directory.resolve(lastSegment(directory)), new byte[0]);
        var e = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertInstanceOf(LogOpenFailure.CorruptMiddle.class, e.failure());
    }

    @Test
    void aLostLastSegmentIsTold() throws Exception {
        writeAndDie(directory);
        Files.delete(directory.resolve(lastSegment(directory)));
        var e = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertInstanceOf(LogOpenFailure.CorruptMiddle.class, e.failure());
    }

    @Test
    void lostSegmentsAreTold() throws Exception {
        writeAndDie(directory);
        for (var name : TestLogs.names(directory)) {
            if (name.endsWith(".log")) {
                Files.delete(directory.resolve(name));
            }
        }
        var e = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertInstanceOf(LogOpenFailure.CorruptMiddle.class, e.failure());
    }

    @Test
    void aShortenedFileIsToldAlsoAfterACleanShutdown() throws Exception {
        var records = writeAndDie(directory);
        TestLogs.open(directory, CONFIG).close();
        try (var log = TestLogs.open(directory, CONFIG)) {
            assertTrue(log.recovery().clean());
            assertEquals(records, TestLogs.readAll(log));
        }
        var last = directory.resolve(lastSegment(directory));
        try (var file = new RandomAccessFile(last.toFile(), "rw")) {
            file.setLength(file.length() - TestLogs.batch(3, 50).remaining());
        }
        var e = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertInstanceOf(LogOpenFailure.CorruptMiddle.class, e.failure());
    }

    /// L4: after the first write the marker must not vouch for the log.
    @Test
    void theCleanMarkerGoesBeforeTheFirstWrite() throws Exception {
        writeAndDie(directory);
        TestLogs.open(directory, CONFIG).close();
        var marker = directory.resolve(LogFileNames.CLEAN_SHUTDOWN);
        assertTrue(Files.exists(marker));
        var log = TestLogs.open(directory, CONFIG);
        assertTrue(Files.exists(marker), "opening alone writes nothing");
        log.beginEpoch(new LeaderEpoch(5));
        assertFalse(Files.exists(marker));
        log.append(List.of(TestLogs.batch(1, 1)), new LeaderEpoch(5), 0);
        assertFalse(TestLogs.open(directory, CONFIG).recovery().clean());
    }

    @Test
    void anotherTopicsDirectoryIsRefusedAndLeftAlone() throws Exception {
        writeAndDie(directory);
        var before = TestLogs.names(directory);
        var other = new PartitionIdentity("orders", new TopicPartition(new TopicId(new UUID(9, 9)), 3));
        var e = assertThrows(
                LogOpenException.class, () -> PartitionLog.open(new FileStorage(), directory, other, CONFIG));
        var failure = assertInstanceOf(LogOpenFailure.OtherTopic.class, e.failure());
        assertTrue(failure.message().contains(TestLogs.IDENTITY.id().topicId().toString()), failure.message());
        assertEquals(before, TestLogs.names(directory));

        Files.delete(directory.resolve(LogFileNames.METADATA));
        var nameless = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertInstanceOf(LogOpenFailure.OtherTopic.class, nameless.failure());
    }

    @Test
    void aNewerMarkerOrSyncedOffsetIsRefusedByName() throws Exception {
        writeAndDie(directory);
        TestLogs.open(directory, CONFIG).close();
        var marker = directory.resolve(LogFileNames.CLEAN_SHUTDOWN);
        var content = Files.readString(marker);
        Files.writeString(marker, content.replaceFirst("0", "3"));
        assertEquals(
                new LogOpenFailure.UnknownVersion(marker, "3"),
                assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG))
                        .failure());
        Files.delete(marker);

        var synced = directory.resolve(LogFileNames.SYNCED_OFFSET);
        var slots = Files.readAllBytes(synced);
        slots[15] = 2;
        Files.write(synced, slots);
        TestLogs.open(directory, CONFIG); // The other slot is of this version.
        slots[31] = 2;
        Files.write(synced, slots);
        assertEquals(
                new LogOpenFailure.UnknownVersion(synced, "2"),
                assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG))
                        .failure());
    }

    @Test
    void aNewerVersionIsRefusedByName() throws Exception {
        writeAndDie(directory);
        var metadata = directory.resolve(LogFileNames.METADATA);
        var content = Files.readString(metadata);
        Files.writeString(metadata, content.replace("version: 0", "version: 7"));
        var e = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertEquals(new LogOpenFailure.UnknownVersion(metadata, "7"), e.failure());

        Files.writeString(metadata, content);
        var epochs = directory.resolve(LogFileNames.EPOCHS);
        Files.writeString(epochs, "3\n0\n");
        var second = assertThrows(LogOpenException.class, () -> TestLogs.open(directory, CONFIG));
        assertEquals(new LogOpenFailure.UnknownVersion(epochs, "3"), second.failure());
    }

    @Test
    void foreignFilesAreNamedAndLeftAlone() throws Exception {
        writeAndDie(directory);
        Files.writeString(directory.resolve("notes.txt"), "mine");
        Files.writeString(directory.resolve("99999999999999999999.log"), "too large for an offset");
        Files.writeString(directory.resolve(LogFileNames.EPOCHS + ".tmp"), "left over");
        Files.writeString(directory.resolve("00000000000000000777.index"), "an index of no segment");
        var log = TestLogs.open(directory, CONFIG);
        assertEquals(
                List.of("99999999999999999999.log", "notes.txt"), log.recovery().foreignFiles());
        var names = TestLogs.names(directory);
        assertTrue(names.contains("notes.txt"));
        assertFalse(names.contains(LogFileNames.EPOCHS + ".tmp"));
        assertFalse(names.contains("00000000000000000777.index"));
    }

    @Test
    void indexesAreMadeAnewWhenMissingOrDamaged() throws Exception {
        var records = writeAndDie(directory);
        TestLogs.open(directory, CONFIG).close();
        var damage = List.<Damage>of(
                Files::delete,
                file -> Files.write(file, new byte[0]),
                file -> Files.write(file, new byte[240]),
                file -> Files.write(file, "these are no index entries at all, surely".getBytes(UTF_8)));
        for (var kind = 0; kind < damage.size(); kind++) {
            for (var name : TestLogs.names(directory)) {
                if (name.endsWith("index")) {
                    damage.get(kind).apply(directory.resolve(name));
                }
            }
            try (var log = TestLogs.open(directory, CONFIG)) {
                assertEquals(records, TestLogs.readAll(log), "damage " + kind);
                for (var record : records) {
                    var at = new Offset(record.offset());
                    assertEquals(
                            records.subList((int) record.offset(), records.size()),
                            TestLogs.readAll(log, at, 100, log.logEndOffset()),
                            "damage " + kind);
                }
                assertEquals(
                        Optional.of(new TimestampAndOffset(TestLogs.NOW + 1, new Offset(1))),
                        log.findByTimestamp(TestLogs.NOW + 1, log.logEndOffset()),
                        "damage " + kind);
            }
        }
    }

    @Test
    void epochsComeBackFromTheBatchesIfTheirFileIsGone() throws Exception {
        var log = TestLogs.openLeader(directory, CONFIG);
        for (var epoch = 0; epoch < 10; epoch += 2) {
            log.beginEpoch(new LeaderEpoch(epoch));
            log.append(List.of(TestLogs.batch(3, 100), TestLogs.batch(2, 100)), new LeaderEpoch(epoch), 0);
        }
        log.close();
        for (var content : List.of("", "0\n1\n", "0\n2\n5 5\n4 6\n", "hello")) {
            Files.writeString(directory.resolve(LogFileNames.EPOCHS), content);
            try (var reopened = TestLogs.open(directory, CONFIG)) {
                for (var epoch = 0; epoch < 12; epoch++) {
                    assertEquals(
                            new EpochEnd(
                                    new LeaderEpoch(Math.min(epoch / 2 * 2, 8)),
                                    new Offset(Math.min(25, (epoch / 2 + 1) * 5))),
                            reopened.endOffsetForEpoch(new LeaderEpoch(epoch)));
                }
            }
        }
    }

    @FunctionalInterface
    private interface Damage {
        void apply(Path file) throws IOException;
    }

    private static String lastSegment(Path place) throws IOException {
        return TestLogs.names(place).stream()
                .filter(name -> name.endsWith(".log"))
                .reduce((first, second) -> second)
                .orElseThrow();
    }
}
