package io.weirlog.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/// Cuts a stream into lines: the bytes up to a line feed, which belongs to none, or up to the end. Carriage returns and
/// bytes that are no text stay as they are.
final class LineReader {
    private static final int BUFFER_BYTES_AT_FIRST = 64 * 1024;

    private final InputStream input;
    private final int lineBytesMax;
    private byte[] buffer = new byte[BUFFER_BYTES_AT_FIRST];
    private int lineStart;
    private int limit;
    private long lines;
    private long bytesBeforeBuffer;

    /// @param lineBytesMax a longer line fails before it takes more memory
    LineReader(InputStream input, int lineBytesMax) {
        this.input = input;
        this.lineBytesMax = lineBytesMax;
    }

    /// How many bytes of the stream are behind the lines read so far: where the next line begins.
    long bytes() {
        return bytesBeforeBuffer + lineStart;
    }

    /// The next line, in an array of its own; empty at the end.
    Optional<byte[]> next() throws IOException {
        int searched = lineStart;
        while (true) {
            for (int i = searched; i < limit; i++) {
                if (buffer[i] == '\n') {
                    return Optional.of(take(i, i + 1));
                }
            }
            searched = limit;
            if (limit - lineStart > lineBytesMax) {
                throw tooLong();
            }
            if (limit == buffer.length) {
                makeRoom();
                searched = limit;
            }
            int count = input.read(buffer, limit, buffer.length - limit);
            if (count < 0) {
                return lineStart == limit ? Optional.empty() : Optional.of(take(limit, limit));
            }
            limit += count;
        }
    }

    private byte[] take(int lineEnd, int nextLineStart) throws IOException {
        if (lineEnd - lineStart > lineBytesMax) {
            throw tooLong();
        }
        var line = Arrays.copyOfRange(buffer, lineStart, lineEnd);
        lineStart = nextLineStart;
        lines++;
        return line;
    }

    /// Moves the begun line to the front, and doubles the buffer if it fills that.
    private void makeRoom() {
        int begun = limit - lineStart;
        var roomier = begun > buffer.length / 2 ? new byte[buffer.length * 2] : buffer;
        System.arraycopy(buffer, lineStart, roomier, 0, begun);
        bytesBeforeBuffer += lineStart;
        buffer = roomier;
        lineStart = 0;
        limit = begun;
    }

    private IOException tooLong() {
        return new IOException("line " + (lines + 1) + " is longer than " + Quantities.bytes(lineBytesMax));
    }
}
