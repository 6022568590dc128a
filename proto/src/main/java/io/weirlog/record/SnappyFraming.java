package io.weirlog.record;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.xerial.snappy.Snappy;

/// The framing of snappy-java's streams, which is what Kafka's format means by snappy.
///
/// ```
/// 82 'S' 'N' 'A' 'P' 'P' 'Y' 00 | version i32 = 1 | compatible version i32 = 1 | { block length i32 | snappy block }*
/// ```
///
/// Bytes without that magic are taken for one bare snappy block, as some clients write and Kafka's accept. The
/// framing is
/// handled here because the library's stream allocates whatever length a block claims.
final class SnappyFraming {
    private static final byte[] MAGIC = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
    private static final int HEADER_BYTES = MAGIC.length + 2 * Integer.BYTES;
    private static final int VERSION = 1;
    private static final int BLOCK_BYTES = 32 * 1024;

    private SnappyFraming() {}

    static void compress(byte[] source, int offset, int length, GrowingBytes out) throws IOException {
        out.write(MAGIC, 0, MAGIC.length);
        out.writeInt(VERSION);
        out.writeInt(VERSION);
        for (int at = offset, end = offset + length; at < end; at += BLOCK_BYTES) {
            var blockLength = Math.min(BLOCK_BYTES, end - at);
            out.reserve(Integer.BYTES + Snappy.maxCompressedLength(blockLength));
            var packed = Snappy.compress(source, at, blockLength, out.array(), out.size() + Integer.BYTES);
            out.writeInt(packed);
            out.advance(packed);
        }
    }

    static void decompress(ByteBuffer source, GrowingBytes out) throws MalformedBatchException {
        var in = HeapBytes.of(source);
        if (!in.startsWith(MAGIC)) {
            decompressBlock(in.array(), in.offset(), in.length(), out);
            return;
        }
        var buffer = ByteBuffer.wrap(in.array(), in.offset(), in.length());
        if (buffer.remaining() < HEADER_BYTES) {
            throw new MalformedBatchException("snappy: the header is cut off");
        }
        buffer.position(buffer.position() + HEADER_BYTES);
        while (buffer.hasRemaining()) {
            if (buffer.remaining() < Integer.BYTES) {
                throw new MalformedBatchException("snappy: a block length is cut off");
            }
            var length = buffer.getInt();
            if (length < 0 || length > buffer.remaining()) {
                throw new MalformedBatchException(
                        "snappy: a block claims " + length + " bytes of " + buffer.remaining() + " that are left");
            }
            decompressBlock(in.array(), buffer.position(), length, out);
            buffer.position(buffer.position() + length);
        }
    }

    private static void decompressBlock(byte[] source, int offset, int length, GrowingBytes out)
            throws MalformedBatchException {
        try {
            // The claimed length is believed only up to the bound; the library refuses blocks that do not match it.
            var unpacked = Snappy.uncompressedLength(source, offset, length);
            if (unpacked < 0 || unpacked > out.spaceLeft()) {
                throw new DecompressedTooLargeException(out.sizeMax());
            }
            if (!Snappy.isValidCompressedBuffer(source, offset, length)) {
                throw new MalformedBatchException("snappy: damaged block");
            }
            out.reserve(unpacked);
            out.advance(Snappy.uncompress(source, offset, length, out.array(), out.size()));
        } catch (IOException e) {
            throw new MalformedBatchException("snappy: damaged block", e);
        }
    }

    /// A buffer's remaining bytes in an array: its own where it has one.
    @SuppressWarnings("ArrayRecordComponent") // A private pair of values, never compared.
    private record HeapBytes(byte[] array, int offset, int length) {
        static HeapBytes of(ByteBuffer source) {
            if (source.hasArray()) {
                return new HeapBytes(source.array(), source.arrayOffset() + source.position(), source.remaining());
            }
            var copy = new byte[source.remaining()];
            source.get(source.position(), copy);
            return new HeapBytes(copy, 0, copy.length);
        }

        boolean startsWith(byte[] prefix) {
            return length >= prefix.length
                    && Arrays.equals(array, offset, offset + prefix.length, prefix, 0, prefix.length);
        }
    }
}
