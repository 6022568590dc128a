package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineReaderTest {
    private static final int LINE_BYTES_MAX = 200_000;

    @TempDir
    Path folder;

    @Test
    void whatCountsAsALine() throws IOException {
        assertEquals(List.of(), lines(""));
        assertEquals(List.of("a"), lines("a"));
        assertEquals(List.of("a"), lines("a\n"));
        assertEquals(List.of("a", ""), lines("a\n\n"));
        assertEquals(List.of("", "a\r", "b"), lines("\na\r\nb"));
    }

    @Test
    void aLineBeyondTheLimitFailsAndSaysWhich() throws IOException {
        var fits = "x".repeat(LINE_BYTES_MAX);
        assertEquals(List.of("a", fits, "b"), lines("a\n" + fits + "\nb"));
        for (var end : List.of("", "\n", "\nb", "x".repeat(1_000_000))) {
            var failure = assertThrows(IOException.class, () -> lines("a\n" + fits + "x" + end));
            assertEquals("line 2 is longer than 195.3 KiB", failure.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void readsTheSameAsCuttingTheWholeAtOnce(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        var written = new ByteArrayOutputStream();
        var expected = new ArrayList<byte[]>();
        for (int line = 0; line < 3_000; line++) {
            var bytes = new byte[random.nextInt(100) == 0 ? random.nextInt(LINE_BYTES_MAX) : random.nextInt(80)];
            random.nextBytes(bytes);
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = bytes[i] == '\n' ? (byte) '\r' : bytes[i];
            }
            expected.add(bytes);
            written.writeBytes(bytes);
            written.write('\n');
        }
        var reader = new LineReader(dribbling(written.toByteArray(), random), LINE_BYTES_MAX);
        long bytes = 0;
        for (var line : expected) {
            assertEquals(bytes, reader.bytes(), () -> "seed " + seed);
            assertArrayEquals(line, reader.next().orElseThrow(), () -> "seed " + seed);
            bytes += line.length + 1;
        }
        assertTrue(reader.next().isEmpty());
        assertEquals(written.size(), reader.bytes());
        assertCursorsFindLines(written.toByteArray(), expected, random, seed);
    }

    private void assertCursorsFindLines(byte[] file, List<byte[]> expected, SplittableRandom random, long seed)
            throws IOException {
        var input = QuickstartInput.ofStream(new ByteArrayInputStream(file), folder.resolve("spool"));
        input.forEach((number, line, bytesSoFar) -> true);
        assertEquals(expected.size(), input.lines());
        try (var cursor = input.cursor()) {
            for (int round = 0; round < 200; round++) {
                int first = random.nextInt(expected.size());
                int step = random.nextInt(1, 4);
                for (int line = first; line < Math.min(first + 20, expected.size()); line += step) {
                    assertArrayEquals(expected.get(line), cursor.line(line).orElseThrow(), () -> "seed " + seed);
                }
            }
        }
    }

    @Test
    void aFileThatShrankHasNoMoreLines() throws IOException {
        var file = Files.writeString(folder.resolve("file"), "a\nb\nc\n");
        var input = QuickstartInput.ofFile(file);
        input.forEach((number, line, bytesSoFar) -> true);
        Files.writeString(file, "a\n");
        try (var cursor = input.cursor()) {
            assertTrue(cursor.line(2).isEmpty());
            assertTrue(cursor.line(0).isPresent());
        }
    }

    private static List<String> lines(String text) throws IOException {
        var reader = new LineReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), LINE_BYTES_MAX);
        var lines = new ArrayList<String>();
        for (var line = reader.next(); line.isPresent(); line = reader.next()) {
            lines.add(new String(line.get(), StandardCharsets.UTF_8));
        }
        return lines;
    }

    /// A stream that gives less than it is asked for, as pipes do.
    private static InputStream dribbling(byte[] bytes, SplittableRandom random) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, random.nextInt(1, length + 1));
            }
        };
    }
}
