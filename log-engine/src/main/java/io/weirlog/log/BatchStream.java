package io.weirlog.log;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Walks over whole batches of segments, one segment after the other, in large reads into one buffer. Every batch is
/// checked: one that was damaged must not get a new checksum.
final class BatchStream {
    /// What the processor's cache holds while it is checked, looked through and copied.
    private static final int READ_BYTES = 256 << 10;

    /// Outside the heap: the JDK would read there first, and copy.
    private ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
    private Storage.ReadableFile file;
    private Path path;
    /// Where in the file the buffer's first byte is.
    private int bufferAt;
    private int at;
    private int next;
    private int end;
    private long nextOffset;

    /// Begins with the first batches of a segment.
    ///
    /// @param sizeBytes where they end
    BatchStream(Segment segment, int sizeBytes) throws IOException {
        this.file = segment.reader();
        this.path = segment.file();
        start(segment, sizeBytes);
    }

    /// Goes on with another segment.
    void start(Segment segment, int sizeBytes) throws IOException {
        file = segment.reader();
        path = segment.file();
        bufferAt = 0;
        next = 0;
        end = sizeBytes;
        nextOffset = segment.baseOffset();
        buffer.limit(0);
    }

    /// Moves to the next batch; false at the segment's end.
    ///
    /// @throws CorruptLogException if there is no good batch
    boolean next() throws IOException {
        if (next == end) {
            return false;
        }
        at = next;
        need(BatchFormat.HEADER_BYTES);
        var sizeBytes = batch().sizeBytes();
        if (sizeBytes < BatchFormat.HEADER_BYTES) {
            throw new CorruptLogException(path, at, "a batch claims " + sizeBytes + " bytes");
        }
        need(sizeBytes);
        var batch = batch();
        if (batch.magic() != BatchFormat.MAGIC || !batch.crcIsValid()) {
            throw new CorruptLogException(path, at, "a batch's CRC is wrong");
        }
        if (batch.baseOffset() < nextOffset || batch.lastOffsetDelta() < 0) {
            throw new CorruptLogException(
                    path, at, "a batch begins at offset " + batch.baseOffset() + ", expected " + nextOffset);
        }
        next = at + sizeBytes;
        nextOffset = batch.nextOffset();
        return true;
    }

    /// The current batch; valid until the next step.
    RecordBatch batch() {
        return RecordBatch.at(buffer, at - bufferAt);
    }

    CorruptLogException corrupt(String problem) {
        return new CorruptLogException(path, at, problem);
    }

    /// Sees to it that so many bytes from the current position on are in the buffer.
    private void need(int bytes) throws IOException {
        if (bytes > end - at) {
            throw new CorruptLogException(path, at, "a batch has " + bytes + " bytes, " + (end - at) + " are left");
        }
        if (at - bufferAt + bytes <= buffer.limit()) {
            return;
        }
        var kept = bufferAt + buffer.limit() - at;
        if (bytes > buffer.capacity()) {
            var larger = ByteBuffer.allocateDirect(Math.max(bytes, (int) Math.min(2L * buffer.capacity(), 1 << 30)));
            larger.put(0, buffer, at - bufferAt, kept);
            buffer = larger;
        } else {
            buffer.put(0, buffer, at - bufferAt, kept);
        }
        buffer.clear().position(kept).limit(Math.min(buffer.capacity(), end - at));
        file.read((long) at + kept, buffer);
        buffer.flip();
        bufferAt = at;
    }
}
