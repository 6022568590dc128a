package io.weirlog.record;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// The LZ4 frame format (LZ4 Frame Format Description 1.6), independent blocks only, as Kafka's clients read and
/// write.
///
/// ```
/// magic u32le | FLG u8 | BD u8 | content size u64le (if FLG says so) | header checksum u8
///   | { block size u32le (top bit: stored) | block | block checksum u32le (if FLG says so) }* | 0 u32le
///   | content checksum u32le (if FLG says so)
/// ```
///
/// The frame is handled here and not by the library's streams because those allocate their buffers anew for each
/// batch.
final class Lz4Frame {
    private static final int MAGIC = 0x184D2204;
    private static final int FLAGS_INDEPENDENT = 0x60;
    private static final int FLAG_BLOCK_CHECKSUM = 0x10;
    private static final int FLAG_CONTENT_SIZE = 0x08;
    private static final int FLAG_CONTENT_CHECKSUM = 0x04;
    private static final int FLAGS_REFUSED = 0x03;
    private static final int BLOCK_CODE_64_KIB = 0x40;
    private static final int BLOCK_BYTES = 64 * 1024;
    private static final int STORED_BIT = 0x80000000;
    private static final int RATIO_MAX = 256;
    private static final int FIXED_HEADER_BYTES = 7;

    // Only these two: the library's other decompressors trust their input.
    private static final LZ4Factory FACTORY = LZ4Factory.fastestInstance();
    private static final LZ4Compressor COMPRESSOR = FACTORY.fastCompressor();
    private static final LZ4SafeDecompressor DECOMPRESSOR = FACTORY.safeDecompressor();
    private static final XXHash32 HASH = XXHashFactory.fastestInstance().hash32();

    private Lz4Frame() {}

    static void compress(byte[] source, int offset, int length, GrowingBytes out) {
        out.writeIntLittleEndian(MAGIC);
        out.write(FLAGS_INDEPENDENT);
        out.write(BLOCK_CODE_64_KIB);
        out.write(HASH.hash(out.array(), out.size() - 2, 2, 0) >>> 8);
        for (int at = offset, end = offset + length; at < end; at += BLOCK_BYTES) {
            compressBlock(source, at, Math.min(BLOCK_BYTES, end - at), out);
        }
        out.writeIntLittleEndian(0);
    }

    private static void compressBlock(byte[] source, int at, int length, GrowingBytes out) {
        var boundBytes = COMPRESSOR.maxCompressedLength(length);
        out.reserve(Integer.BYTES + boundBytes);
        var blockAt = out.size() + Integer.BYTES;
        var packed = COMPRESSOR.compress(source, at, length, out.array(), blockAt, boundBytes);
        if (packed < length) {
            out.writeIntLittleEndian(packed);
            out.advance(packed);
        } else {
            out.writeIntLittleEndian(length | STORED_BIT);
            out.write(source, at, length);
        }
    }

    static void decompress(ByteBuffer source, GrowingBytes out) throws MalformedBatchException {
        var in = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        need(in, FIXED_HEADER_BYTES);
        var flags = in.get(in.position() + 4) & 0xff;
        var blockBytesMax = readHeader(in, flags);
        var contentAt = out.size();
        while (true) {
            need(in, Integer.BYTES);
            var word = in.getInt();
            if (word == 0) {
                break;
            }
            var length = word & ~STORED_BIT;
            if (length > blockBytesMax) {
                throw new MalformedBatchException("lz4: a block of " + length + " bytes, larger than its frame allows");
            }
            need(in, length);
            var block = in.slice(in.position(), length);
            in.position(in.position() + length);
            if ((flags & FLAG_BLOCK_CHECKSUM) != 0) {
                need(in, Integer.BYTES);
                checkHash(in.getInt(), HASH.hash(block, 0, length, 0), "block");
            }
            decompressBlock(block, (word & STORED_BIT) != 0, blockBytesMax, out);
        }
        if ((flags & FLAG_CONTENT_CHECKSUM) != 0) {
            need(in, Integer.BYTES);
            checkHash(in.getInt(), HASH.hash(out.array(), contentAt, out.size() - contentAt, 0), "content");
        }
        if (in.hasRemaining()) {
            throw new MalformedBatchException("lz4: " + in.remaining() + " bytes follow the frame");
        }
    }

    /// Reads the frame's header and returns the largest block it may hold.
    private static int readHeader(ByteBuffer in, int flags) throws MalformedBatchException {
        if (in.getInt() != MAGIC) {
            throw new MalformedBatchException("lz4: not a frame");
        }
        if ((flags & 0xe0) != FLAGS_INDEPENDENT || (flags & FLAGS_REFUSED) != 0) {
            throw new MalformedBatchException(
                    String.format("lz4: frame flags %#x; want version 1, independent blocks, no dictionary", flags));
        }
        var descriptorAt = in.position();
        var descriptorBytes = (flags & FLAG_CONTENT_SIZE) != 0 ? 2 + Long.BYTES : 2;
        need(in, descriptorBytes + 1);
        var blockCode = (in.get(descriptorAt + 1) & 0xff) >>> 4;
        if (blockCode < 4 || blockCode > 7) {
            throw new MalformedBatchException("lz4: unknown block size code " + blockCode);
        }
        var checksum = in.get(descriptorAt + descriptorBytes) & 0xff;
        checkHash(checksum, HASH.hash(in, descriptorAt, descriptorBytes, 0) >>> 8 & 0xff, "header");
        in.position(descriptorAt + descriptorBytes + 1);
        return 1 << (8 + 2 * blockCode);
    }

    private static void decompressBlock(ByteBuffer block, boolean stored, int blockBytesMax, GrowingBytes out)
            throws MalformedBatchException {
        var length = block.remaining();
        if (stored) {
            out.reserve(length);
            block.get(0, out.array(), out.size(), length);
            out.advance(length);
            return;
        }
        var expected = (int) Math.min(blockBytesMax, (long) length * RATIO_MAX);
        var room = Math.min(expected, out.spaceLeft());
        out.reserve(room);
        try {
            var target = ByteBuffer.wrap(out.array());
            out.advance(DECOMPRESSOR.decompress(block, 0, length, target, out.size(), room));
        } catch (LZ4Exception e) {
            if (room < expected) {
                throw new DecompressedTooLargeException(out.sizeMax());
            }
            throw new MalformedBatchException("lz4: damaged block", e);
        }
    }

    private static void need(ByteBuffer in, int bytes) throws MalformedBatchException {
        if (in.remaining() < bytes) {
            throw new MalformedBatchException("lz4: the frame is cut off");
        }
    }

    private static void checkHash(int stated, int computed, String what) throws MalformedBatchException {
        if (stated != computed) {
            throw new MalformedBatchException("lz4: wrong " + what + " checksum");
        }
    }
}
