package io.weirlog.log.inspect;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Walks over the batches of one segment, mapped into memory until it is closed.
public final class SegmentWalk implements AutoCloseable {
    private final Path file;
    private final Arena arena;
    private final ByteBuffer bytes;
    private int at;
    private int next;

    private SegmentWalk(Path file, Arena arena, ByteBuffer bytes) {
        this.file = file;
        this.arena = arena;
        this.bytes = bytes;
    }

    public static SegmentWalk open(Path file) throws IOException {
        var arena = Arena.ofConfined();
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() > Integer.MAX_VALUE) {
                throw new IOException(file + " has " + channel.size() + " bytes, more than a segment can have");
            }
            var bytes = channel.size() == 0
                    ? ByteBuffer.allocate(0)
                    : channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena)
                            .asByteBuffer();
            return new SegmentWalk(file, arena, bytes);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /// Moves to the next batch whose length fits into the file; false at the end of these, see [#restProblem].
    public boolean next() {
        at = next;
        if (bytes.limit() - at < BatchFormat.HEADER_BYTES) {
            return false;
        }
        var batch = batch();
        if (batch.magic() != BatchFormat.MAGIC
                || batch.sizeBytes() < BatchFormat.HEADER_BYTES
                || batch.sizeBytes() > bytes.limit() - at) {
            return false;
        }
        next = at + batch.sizeBytes();
        return true;
    }

    public RecordBatch batch() {
        return RecordBatch.at(bytes, at);
    }

    /// Where the current batch begins; after the last, where it ended.
    public int position() {
        return at;
    }

    /// What is wrong with the bytes after the last batch; empty if there are none.
    public Optional<Finding> restProblem() {
        var left = bytes.limit() - at;
        if (left == 0) {
            return Optional.empty();
        }
        if (left < BatchFormat.HEADER_BYTES) {
            return Optional.of(new Finding(file, at, "a batch header is cut off after " + left + " bytes"));
        }
        if (isZero()) {
            return Optional.of(new Finding(file, at, "the last " + left + " bytes are zeros"));
        }
        var batch = batch();
        return Optional.of(new Finding(
                file,
                at,
                batch.sizeBytes() < BatchFormat.HEADER_BYTES || batch.sizeBytes() > left
                        ? "a batch claims " + batch.sizeBytes() + " bytes, " + left + " are left"
                        : "a batch has the format (magic) " + batch.magic()));
    }

    private boolean isZero() {
        var rest = bytes.slice(at, bytes.limit() - at);
        while (rest.remaining() >= Long.BYTES) {
            if (rest.getLong() != 0) {
                return false;
            }
        }
        while (rest.hasRemaining()) {
            if (rest.get() != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        arena.close();
    }
}
