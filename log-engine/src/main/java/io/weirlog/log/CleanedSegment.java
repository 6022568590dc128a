package io.weirlog.log;

import io.weirlog.common.Invariant;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/// A segment that compaction writes, with its indexes, under names that say that it is not finished.
final class CleanedSegment implements AutoCloseable {
    private static final int WRITE_BYTES = 1 << 20;

    private final LogContext context;
    private final Segment segment;
    private final ByteBuffer pending = ByteBuffer.allocateDirect(WRITE_BYTES);
    private int writtenBytes;
    private long endOffset;

    CleanedSegment(LogContext context, long baseOffset) throws IOException {
        this.context = context;
        this.segment = Segment.create(context.cleaned(), baseOffset);
        this.endOffset = baseOffset;
    }

    /// Adds one batch.
    ///
    /// @throws IOException if a segment cannot be that large
    void add(ByteBuffer bytes) throws IOException {
        var batch = RecordBatch.of(bytes);
        var position = sizeBytes();
        if (batch.sizeBytes() > Integer.MAX_VALUE - BatchFormat.HEADER_BYTES - position) {
            throw new IOException(segment.file() + " would become too large");
        }
        Invariant.check(batch.baseOffset() >= endOffset, "C1: %s follows offset %s", batch, endOffset);
        endOffset = batch.nextOffset();
        segment.indexes().add(batch, position);
        if (bytes.remaining() > pending.remaining()) {
            flush();
        }
        if (bytes.remaining() > pending.remaining()) {
            segment.writer().write(writtenBytes, bytes);
            writtenBytes += batch.sizeBytes();
        } else {
            pending.put(bytes);
        }
    }

    /// Adds aborted transactions that readers still have to know of.
    void add(List<AbortedTransaction> aborted) throws IOException {
        for (var transaction : aborted) {
            segment.transactions().append(transaction);
        }
    }

    private void flush() throws IOException {
        pending.flip();
        if (pending.hasRemaining()) {
            var bytes = pending.remaining();
            segment.writer().write(writtenBytes, pending);
            writtenBytes += bytes;
        }
        pending.clear();
    }

    int sizeBytes() {
        return writtenBytes + pending.position();
    }

    /// Makes all of it durable.
    ///
    /// @param nextBaseOffset where the segment behind it begins
    void finish(long nextBaseOffset) throws IOException {
        Invariant.check(
                endOffset == nextBaseOffset, "L3: it ends at %s, the next begins at %s", endOffset, nextBaseOffset);
        flush();
        segment.complete(writtenBytes, endOffset);
        segment.sync();
        // The names too, before the one that says that the segment counts.
        context.storage().syncDirectory(context.directory());
    }

    @Override
    public void close() {
        segment.release();
    }
}
