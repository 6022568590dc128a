package io.weirlog.log;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Walks over the headers of the batches that lie in a part of a segment, by their lengths; the records between them
/// are not read, or only because they are near.
final class HeaderCursor implements AutoCloseable {
    private static final int WINDOW_BYTES = 4096;

    private final Storage.ReadableFile file;
    private final Path path;
    private final int start;
    private final int end;
    private final ByteBuffer window = ChunkPool.DIRECT.take();
    private int windowAt;
    private int at;
    private int next;

    /// @param start where a batch begins
    /// @param end where a batch ends
    HeaderCursor(Storage.ReadableFile file, Path path, int start, int end) {
        this.file = file;
        this.path = path;
        this.start = start;
        this.end = end;
        this.next = start;
        window.limit(0);
    }

    /// Moves to the next batch; false at the end.
    ///
    /// @throws CorruptLogException if there is no batch that fits before the end
    boolean next() throws IOException {
        if (next == end) {
            return false;
        }
        at = next;
        if (end - at < BatchFormat.HEADER_BYTES) {
            throw new CorruptLogException(path, at, "a batch header is cut off");
        }
        if (at < windowAt || at + BatchFormat.HEADER_BYTES > windowAt + window.limit()) {
            windowAt = at;
            window.clear().limit(Math.min(WINDOW_BYTES, end - at));
            file.read(at, window);
            window.flip();
        }
        var sizeBytes = header().sizeBytes();
        if (sizeBytes < BatchFormat.HEADER_BYTES || sizeBytes > end - at) {
            throw new CorruptLogException(path, at, "a batch claims " + sizeBytes + " of " + (end - at) + " bytes");
        }
        next = at + sizeBytes;
        return true;
    }

    /// Whether the next batch, if there is one, ends with this offset. It stays the next one.
    boolean nextEndsWith(long lastOffset) throws IOException {
        try {
            if (!next()) {
                return false;
            }
        } catch (CorruptLogException e) {
            return false; // Whoever steps on it will be told.
        }
        next = at;
        return header().magic() == BatchFormat.MAGIC && header().lastOffset() == lastOffset;
    }

    /// Where the walk began.
    int startPosition() {
        return start;
    }

    /// The current batch's header; there are no records behind it.
    RecordBatch header() {
        return RecordBatch.at(window, at - windowAt);
    }

    /// Where the current batch begins.
    int position() {
        return at;
    }

    /// Where the current batch ends.
    int endPosition() {
        return next;
    }

    @Override
    public void close() {
        ChunkPool.DIRECT.giveBack(window);
    }
}
