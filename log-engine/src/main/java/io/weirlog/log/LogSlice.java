package io.weirlog.log;

import io.weirlog.common.Offset;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Whole batches as they lie in one segment. Holds the segment's file open until it is closed, so nothing that
/// happens to the log in between cuts it short. Not for several threads at a time.
public final class LogSlice implements AutoCloseable {
    private final AtomicReference<@Nullable Segment> segment;
    private final Storage.@Nullable ReadableFile file;
    private final int position;
    private final int length;
    private final Offset baseOffset;
    private final Offset nextOffset;

    /// Takes over the caller's count on the segment.
    LogSlice(Segment retained, Storage.ReadableFile file, int position, int length, long baseOffset, long nextOffset) {
        this.segment = new AtomicReference<>(retained);
        this.file = file;
        this.position = position;
        this.length = length;
        this.baseOffset = new Offset(baseOffset);
        this.nextOffset = new Offset(nextOffset);
    }

    private LogSlice(Offset at) {
        this.segment = new AtomicReference<>();
        this.file = null;
        this.position = 0;
        this.length = 0;
        this.baseOffset = at;
        this.nextOffset = at;
    }

    static LogSlice empty(long offset) {
        return new LogSlice(new Offset(offset));
    }

    /// The number of bytes.
    public int length() {
        return length;
    }

    public boolean isEmpty() {
        return length == 0;
    }

    /// The base offset of the first batch, which may be before the offset that was asked for; that offset itself
    /// if the slice is empty.
    public Offset baseOffset() {
        return baseOffset;
    }

    /// Where to read on.
    public Offset nextOffset() {
        return nextOffset;
    }

    /// Writes all bytes, in pieces of at most 64 KiB.
    public void writeTo(OutputStream out) throws IOException {
        writeTo(out, 0, length);
    }

    /// Writes `count` bytes from `from` on, in pieces of at most 64 KiB.
    public void writeTo(OutputStream out, int from, int count) throws IOException {
        Objects.checkFromIndexSize(from, count, length);
        var chunk = ChunkPool.HEAP.take();
        try {
            for (int at = from, end = from + count; at < end; at += chunk.limit()) {
                chunk.clear().limit(Math.min(chunk.capacity(), end - at));
                read(at, chunk);
                out.write(chunk.array(), chunk.arrayOffset(), chunk.limit());
            }
        } finally {
            ChunkPool.HEAP.giveBack(chunk);
        }
    }

    /// Copies all bytes to the target's position.
    ///
    /// @throws java.nio.BufferOverflowException if they do not fit
    public void copyTo(ByteBuffer target) throws IOException {
        if (target.remaining() < length) {
            throw new BufferOverflowException();
        }
        copyTo(0, target.slice(target.position(), length));
        target.position(target.position() + length);
    }

    /// Fills the target's remaining bytes from `from` on.
    public void copyTo(int from, ByteBuffer target) throws IOException {
        Objects.checkFromIndexSize(from, target.remaining(), length);
        read(from, target);
    }

    private void read(int from, ByteBuffer target) throws IOException {
        if (segment.get() == null && length > 0) {
            throw new IllegalStateException("the slice is closed");
        }
        if (file != null) {
            file.read((long) position + from, target);
        }
    }

    @Override
    public void close() {
        var retained = segment.getAndSet(null);
        if (retained != null) {
            retained.release();
        }
    }
}
