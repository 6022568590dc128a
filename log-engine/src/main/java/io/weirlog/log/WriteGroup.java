package io.weirlog.log;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Batches that go to the active segment in one write: of each a copy of its header, to be stamped, and the caller's
/// own bytes behind it. So the caller's buffers may be read-only and are never changed. Small batches are copied as a
/// whole: that is cheaper than one more piece of a write.
///
/// ```
/// staged │ header 0 │ batch 1 │ header 2 │ header 3 │      pieces of the write:
/// bodies    0                    2          3              staged, 0, staged (two batches' worth), 2, staged, 3
/// ```
///
/// The staging memory is pooled, so between two appends a log holds none. By the owner.
final class WriteGroup {
    /// Up to this size a batch is copied.
    static final int COPIED_BYTES_MAX = 4096;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final int ROOM_FOR_BATCHES = 4;

    private @Nullable ByteBuffer staging;
    private int stagedBytes;
    private int batches;
    private long bytes;
    /// Of each batch: where it begins in the staging memory, and what of it is not there.
    private int[] stagedAt = new int[ROOM_FOR_BATCHES];

    private ByteBuffer[] bodies = new ByteBuffer[ROOM_FOR_BATCHES];
    private ByteBuffer[] pieces = new ByteBuffer[2 * ROOM_FOR_BATCHES + 1];

    WriteGroup() {
        Arrays.fill(bodies, NOTHING);
        Arrays.fill(pieces, NOTHING);
    }

    boolean isEmpty() {
        return batches == 0;
    }

    int count() {
        return batches;
    }

    long bytes() {
        return bytes;
    }

    boolean hasRoomFor(ByteBuffer batch) {
        return stagedBytes + copiedBytes(batch) <= ChunkPool.CHUNK_BYTES;
    }

    private static int copiedBytes(ByteBuffer batch) {
        return batch.remaining() <= COPIED_BYTES_MAX ? batch.remaining() : BatchFormat.HEADER_BYTES;
    }

    /// Puts a batch, for which there is room, after the others.
    ///
    /// @return where its header is in [#staging]
    int add(ByteBuffer batch) {
        if (batches == stagedAt.length) {
            grow();
        }
        var at = stagedBytes;
        var start = batch.position();
        var copied = copiedBytes(batch);
        staging().put(at, batch, start, copied);
        stagedAt[batches] = at;
        bodies[batches] =
                copied == batch.remaining() ? NOTHING : batch.slice(start + copied, batch.remaining() - copied);
        stagedBytes += copied;
        bytes += batch.remaining();
        batches++;
        return at;
    }

    /// Where the headers are stamped.
    ByteBuffer staging() {
        var memory = staging;
        if (memory == null) {
            memory = ChunkPool.DIRECT.take();
            staging = memory;
        }
        return memory;
    }

    /// A batch's header as it is written; records need not be behind it.
    RecordBatch header(int index) {
        return RecordBatch.at(staging(), stagedAt[index]);
    }

    /// The batch that was added last, in one piece; to be read before the next is added.
    ByteBuffer last() {
        var at = stagedAt[batches - 1];
        var copied = staging().slice(at, stagedBytes - at);
        var body = bodies[batches - 1];
        return body.hasRemaining()
                ? ByteBuffer.allocate(copied.remaining() + body.remaining())
                        .put(copied)
                        .put(body.duplicate())
                        .flip()
                : copied;
    }

    private void grow() {
        var room = 2 * batches;
        stagedAt = Arrays.copyOf(stagedAt, room);
        bodies = Arrays.copyOf(bodies, room);
        Arrays.fill(bodies, batches, room, NOTHING);
        pieces = new ByteBuffer[2 * room + 1];
        Arrays.fill(pieces, NOTHING);
    }

    void writeTo(Storage.WritableFile file, long position) throws IOException {
        var count = 0;
        var from = 0;
        for (var i = 0; i < batches; i++) {
            if (bodies[i].hasRemaining()) {
                var to = stagedAt[i] + BatchFormat.HEADER_BYTES;
                pieces[count++] = staging().slice(from, to - from);
                pieces[count++] = bodies[i];
                from = to;
            }
        }
        if (from < stagedBytes) {
            pieces[count++] = staging().slice(from, stagedBytes - from);
        }
        file.write(position, pieces, count);
    }

    /// Forgets all batches, written or not.
    void clear() {
        var memory = staging;
        if (memory == null) {
            return;
        }
        Arrays.fill(bodies, 0, batches, NOTHING);
        Arrays.fill(pieces, 0, Math.min(pieces.length, 2 * batches + 1), NOTHING);
        batches = 0;
        bytes = 0;
        stagedBytes = 0;
        staging = null;
        ChunkPool.DIRECT.giveBack(memory);
    }
}
