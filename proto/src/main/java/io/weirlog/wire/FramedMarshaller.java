package io.weirlog.wire;

import com.google.protobuf.MessageLite;
import io.grpc.Detachable;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Marshals [Framed] messages: out, payloads are drained from where they lie; in, they stay in network memory when it
/// is
/// in one piece, and are gathered into one buffer by a single copy when it is not.
public final class FramedMarshaller<M extends MessageLite> implements Marshaller<Framed<M>> {
    private final FramedLayout<M> layout;
    private final BufferSource buffers;

    public FramedMarshaller(FramedLayout<M> layout, BufferSource buffers) {
        this.layout = layout;
        this.buffers = buffers;
    }

    @Override
    public InputStream stream(Framed<M> framed) {
        try {
            return new FramedEncoder(framed, layout);
        } catch (IOException e) {
            throw Status.INTERNAL
                    .withDescription("cannot encode a message")
                    .withCause(e)
                    .asRuntimeException();
        }
    }

    @Override
    public Framed<M> parse(InputStream stream) {
        try {
            return decode(contiguous(stream));
        } catch (IOException e) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("the message is not valid protobuf: " + e.getMessage())
                    .withCause(e)
                    .asRuntimeException();
        }
    }

    private Framed<M> decode(BufferSource.Lease memory) throws IOException {
        var decoder = new FramedDecoder<>(layout, memory.buffer());
        M message;
        try {
            message = decoder.decode();
        } catch (IOException | RuntimeException e) {
            memory.release().run();
            throw e;
        }
        var found = decoder.payloads();
        if (found.stream().noneMatch(ByteBuffer::hasRemaining)) {
            memory.release().run();
            return new Framed<>(
                    message, found.stream().map(none -> Payload.NONE).toList());
        }
        var lease = new SharedLease(memory.release(), found.size());
        List<Payload> payloads = new ArrayList<>(found.size());
        for (var bytes : found) {
            payloads.add(new ReceivedPayload(bytes, lease));
        }
        return new Framed<>(message, payloads);
    }

    private BufferSource.Lease contiguous(InputStream stream) throws IOException {
        if (!(stream instanceof KnownLength)) {
            // A compressed message: gRPC bounds what comes out of it by its message limit.
            return new BufferSource.Lease(ByteBuffer.wrap(stream.readAllBytes()), () -> {});
        }
        var length = stream.available();
        if (stream instanceof HasByteBuffer source && source.byteBufferSupported() && length > 0) {
            var first = source.getByteBuffer();
            if (first != null && first.remaining() == length && stream instanceof Detachable detachable) {
                return detached(detachable);
            }
        }
        var lease = buffers.take(length);
        try {
            gather(stream, lease.buffer());
        } catch (IOException | RuntimeException e) {
            lease.release().run();
            throw e;
        }
        lease.buffer().flip();
        return lease;
    }

    /// Takes over the network buffer; offsets are stamped into it later, so it must be writable.
    private BufferSource.Lease detached(Detachable detachable) throws IOException {
        var owned = detachable.detach();
        var bytes = ((HasByteBuffer) owned).getByteBuffer();
        if (bytes == null || bytes.isReadOnly()) {
            var lease = buffers.take(owned.available());
            gather(owned, lease.buffer());
            owned.close();
            lease.buffer().flip();
            return lease;
        }
        return new BufferSource.Lease(bytes, () -> closeQuietly(owned));
    }

    private static void gather(InputStream stream, ByteBuffer target) throws IOException {
        // Asked anew for each piece: a composite buffer may hold a heap part in the middle.
        while (target.hasRemaining()) {
            if (stream instanceof HasByteBuffer source && source.byteBufferSupported()) {
                var piece = source.getByteBuffer();
                if (piece == null) {
                    throw new IOException("the message ends early");
                }
                var length = Math.min(piece.remaining(), target.remaining());
                target.put(piece.slice(piece.position(), length));
                skipFully(stream, length);
            } else {
                copyPiece(stream, target);
            }
        }
        if (stream.read() >= 0) {
            throw new IOException("the message is longer than announced");
        }
    }

    private static void copyPiece(InputStream stream, ByteBuffer target) throws IOException {
        var piece = new byte[Math.min(target.remaining(), 16 * 1024)];
        var length = stream.read(piece);
        if (length < 0) {
            throw new IOException("the message ends early");
        }
        target.put(piece, 0, length);
    }

    private static void skipFully(InputStream stream, int length) throws IOException {
        if (stream.skip(length) != length) {
            throw new IOException("the message ends early");
        }
    }

    private static void closeQuietly(InputStream stream) {
        try {
            stream.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
