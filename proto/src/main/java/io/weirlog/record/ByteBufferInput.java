package io.weirlog.record;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/// A buffer's remaining bytes as a stream; the buffer's own position stays.
final class ByteBufferInput extends InputStream {
    private final ByteBuffer source;

    ByteBufferInput(ByteBuffer source) {
        this.source = source.duplicate();
    }

    @Override
    public int read() {
        return source.hasRemaining() ? source.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        if (!source.hasRemaining()) {
            return -1;
        }
        var count = Math.min(length, source.remaining());
        source.get(target, offset, count);
        return count;
    }

    @Override
    public int available() {
        return source.remaining();
    }
}
