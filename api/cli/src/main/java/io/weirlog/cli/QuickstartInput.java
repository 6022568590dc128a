package io.weirlog.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Optional;

/// The lines that a quickstart writes: read once from front to back, and again from any block on to compare with what
/// comes back. Only where each block begins is kept in memory: 16 bytes for a thousand lines.
final class QuickstartInput {
    /// Lines that go to one partition before the next one's turn.
    static final int LINES_PER_BLOCK = 500;

    /// Leaves room for the rest of a batch within a topic's `max.message.bytes` of a quickstart.
    static final int LINE_BYTES_MAX = 7 * 1024 * 1024;

    private final Path file;
    private long[] blockStarts = new long[64];
    private long lines;

    private QuickstartInput(Path file) {
        this.file = file;
    }

    /// The lines of a file that stays where it is.
    static QuickstartInput ofFile(Path file) {
        return new QuickstartInput(file);
    }

    /// The lines of a stream, which is read to its end and kept in `spool`.
    static QuickstartInput ofStream(InputStream stream, Path spool) throws IOException {
        Files.copy(stream, spool, StandardCopyOption.REPLACE_EXISTING);
        return new QuickstartInput(spool);
    }

    Path file() {
        return file;
    }

    long sizeBytes() throws IOException {
        return Files.size(file);
    }

    /// How many lines [#forEach] has read.
    long lines() {
        return lines;
    }

    /// Does something with each line, numbered from 0, until it says that it has had enough.
    interface LineAction {
        boolean takesMore(long number, byte[] line, long bytesSoFar);
    }

    void forEach(LineAction action) throws IOException {
        try (var stream = Files.newInputStream(file)) {
            var reader = new LineReader(stream, LINE_BYTES_MAX);
            while (true) {
                long start = reader.bytes();
                var line = reader.next();
                if (line.isEmpty()) {
                    return;
                }
                if (lines % LINES_PER_BLOCK == 0) {
                    addBlock(start);
                }
                if (!action.takesMore(lines++, line.get(), reader.bytes())) {
                    return;
                }
            }
        }
    }

    private void addBlock(long start) throws IOException {
        if (lines > Integer.MAX_VALUE - LINES_PER_BLOCK) {
            throw new IOException("more than " + Quantities.number(lines) + " lines");
        }
        int block = Math.toIntExact(lines / LINES_PER_BLOCK);
        if (block == blockStarts.length) {
            blockStarts = Arrays.copyOf(blockStarts, block * 2);
        }
        blockStarts[block] = start;
    }

    /// Reads lines a second time.
    Cursor cursor() throws IOException {
        return new Cursor();
    }

    /// Reads single lines; those that ascend within a block cost no more than reading on.
    final class Cursor implements AutoCloseable {
        private InputStream stream = InputStream.nullInputStream();
        private LineReader reader = new LineReader(stream, LINE_BYTES_MAX);
        private long next;
        private long blockEnd;

        private Cursor() {}

        /// The line with this number, from 0; empty if the file has become shorter.
        Optional<byte[]> line(long number) throws IOException {
            if (number < next || number >= blockEnd) {
                open(Math.toIntExact(number / LINES_PER_BLOCK));
            }
            while (next < number && reader.next().isPresent()) {
                next++;
            }
            next++;
            return reader.next();
        }

        private void open(int block) throws IOException {
            stream.close();
            var channel = Files.newByteChannel(file).position(blockStarts[block]);
            stream = Channels.newInputStream(channel);
            reader = new LineReader(stream, LINE_BYTES_MAX);
            next = (long) block * LINES_PER_BLOCK;
            blockEnd = next + LINES_PER_BLOCK;
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }
}
