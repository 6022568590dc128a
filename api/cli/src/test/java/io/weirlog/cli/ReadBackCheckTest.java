package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadBackCheckTest {
    private static final int LINES = 5_000;
    private static final int PARTITIONS = 3;
    private static final long FIRST_OFFSET = 40;

    @TempDir
    Path folder;

    private final List<Came> log = new ArrayList<>();
    private QuickstartInput input = QuickstartInput.ofFile(Path.of(""));

    /// A record as it comes back.
    private record Came(int partition, long offset, Optional<String> key, String value) {
        Came withOffset(long newOffset) {
            return new Came(partition, newOffset, key, value);
        }
    }

    @BeforeEach
    void writeTheLines() throws IOException {
        var text = new StringBuilder();
        for (int line = 0; line < LINES; line++) {
            text.append(line % 7 == 0 ? "" : "line " + line).append('\n');
        }
        input = QuickstartInput.ofFile(Files.writeString(folder.resolve("lines"), text));
        var ends = new long[PARTITIONS];
        input.forEach((line, bytes, bytesSoFar) -> {
            int partition = ReadBackCheck.partitionOf(line, PARTITIONS);
            var key = new String(ReadBackCheck.keyOf(line), StandardCharsets.UTF_8);
            log.add(new Came(
                    partition,
                    FIRST_OFFSET + ends[partition]++,
                    Optional.of(key),
                    new String(bytes, StandardCharsets.UTF_8)));
            return true;
        });
    }

    @Test
    void whatComesBackAsItWasIsClean() throws IOException {
        assertCounts(0, 0, 0, 0);
    }

    @Test
    void partitionsMayComeInAnyOrder() throws IOException {
        log.sort(Comparator.comparingInt(came -> -came.partition()));
        assertCounts(0, 0, 0, 0);
    }

    @Test
    void aMissingRecordIsLost() throws IOException {
        log.remove(0);
        log.remove(log.size() / 2);
        log.remove(log.size() - 1);
        assertCounts(3, 0, 0, 0);
    }

    @Test
    void aRecordTwiceInTheLogIsDoubled() throws IOException {
        var last = log.getLast();
        log.add(last.withOffset(last.offset() + 1));
        assertCounts(0, 1, 0, 0);
    }

    @Test
    void aRecordDeliveredTwiceIsDoubledAndOutOfOrder() throws IOException {
        log.add(100, log.get(99));
        assertCounts(0, 1, 1, 0);
    }

    @Test
    void aRecordAfterALaterOneIsOutOfOrder() throws IOException {
        var first = log.get(1_000);
        var second = log.get(1_001);
        assertEquals(first.partition(), second.partition());
        log.set(1_000, second.withOffset(first.offset()));
        log.set(1_001, first.withOffset(second.offset()));
        assertCounts(0, 0, 1, 0);
    }

    @Test
    void otherBytesAreSeen() throws IOException {
        var came = log.get(8);
        log.set(8, new Came(came.partition(), came.offset(), came.key(), "line 8 "));
        assertCounts(0, 0, 0, 1);
    }

    @Test
    void aStrangersRecordIsSeen() throws IOException {
        for (var key : List.of("", "0", "-1", "5001", "99999999999999999999", "x")) {
            log.add(new Came(0, 1_000_000, Optional.of(key), "line"));
        }
        log.add(new Came(0, 1_000_000, Optional.empty(), "line"));
        // Of another partition:
        log.add(new Came(1, 1_000_000, Optional.of("1"), ""));
        assertCounts(0, 0, 0, 8);
    }

    @Test
    void noShuffleGoesUnseen() throws IOException {
        long seed = 42;
        Collections.shuffle(log, new Random(seed));
        var random = new SplittableRandom(seed);
        log.remove(random.nextInt(log.size()));
        try (var check = checked()) {
            assertFalse(check.isClean(), () -> "seed " + seed);
            assertEquals(1, check.lost(), () -> "seed " + seed);
            assertEquals(0, check.doubled(), () -> "seed " + seed);
            assertEquals(0, check.different(), () -> "seed " + seed);
            assertTrue(check.disordered() > LINES / 2, () -> "seed " + seed);
        }
    }

    private void assertCounts(long lost, long doubled, long disordered, long different) throws IOException {
        try (var check = checked()) {
            assertEquals(
                    List.of(lost, doubled, disordered, different),
                    List.of(check.lost(), check.doubled(), check.disordered(), check.different()));
            assertEquals(log.size(), check.read());
            assertEquals(lost + doubled + disordered + different == 0, check.isClean());
        }
    }

    private ReadBackCheck checked() throws IOException {
        var check = new ReadBackCheck(input, Collections.nCopies(PARTITIONS, FIRST_OFFSET));
        for (var came : log) {
            check.accept(
                    came.partition(), came.offset(), came.key(), came.value().getBytes(StandardCharsets.UTF_8));
        }
        return check;
    }
}
