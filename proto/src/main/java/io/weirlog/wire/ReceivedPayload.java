package io.weirlog.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// A payload in memory, in one piece; its buffer may be of the network's pool, so it must not be used after [#close].
public final class ReceivedPayload implements Payload {
    private static final int CHUNK_BYTES = 16 * 1024;

    private final ByteBuffer buffer;
    private final SharedLease lease;
    private boolean closed;

    ReceivedPayload(ByteBuffer buffer, Runnable release) {
        this(buffer, new SharedLease(release, 1));
    }

    ReceivedPayload(ByteBuffer buffer, SharedLease lease) {
        this.buffer = buffer;
        this.lease = lease;
    }

    /// The bytes, between position and limit. The broker stamps offsets into it, so it is writable.
    public ByteBuffer buffer() {
        return buffer;
    }

    /// Another owner of the same bytes: their memory is given back when all owners have closed. This one must be open.
    public ReceivedPayload share() {
        lease.retain();
        return new ReceivedPayload(buffer.duplicate(), lease);
    }

    @Override
    public int length() {
        return buffer.remaining();
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        if (buffer.hasArray()) {
            out.write(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
            return;
        }
        var source = buffer.duplicate();
        var chunk = new byte[Math.min(CHUNK_BYTES, source.remaining())];
        while (source.hasRemaining()) {
            var length = Math.min(chunk.length, source.remaining());
            source.get(chunk, 0, length);
            out.write(chunk, 0, length);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            lease.release();
        }
    }
}
