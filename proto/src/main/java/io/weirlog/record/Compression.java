package io.weirlog.record;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// How the records of a batch are packed; each writes what Kafka's clients read, and reads what they write.
public enum Compression {
    NONE(0, "none"),
    /// One gzip member (RFC 1952).
    GZIP(1, "gzip"),
    /// The framing of snappy-java's streams.
    SNAPPY(2, "snappy"),
    /// One LZ4 frame of independent blocks.
    LZ4(3, "lz4"),
    /// Zstandard frames (RFC 8878), level 3 when written here.
    ZSTD(4, "zstd");

    private static final Compression[] BY_ID = values();
    private static final int FIRST_GUESS_RATIO = 4;
    private static final int FIRST_GUESS_BYTES_MIN = 512;
    private static final int STREAM_STEP_BYTES = 16 * 1024;

    private final int id;
    private final String configValue;

    Compression(int id, String configValue) {
        this.id = id;
        this.configValue = configValue;
    }

    /// The number in a batch's attributes.
    public int id() {
        return id;
    }

    /// The spelling in configs: Kafka's `compression.type`.
    public String configValue() {
        return configValue;
    }

    public static Optional<Compression> fromId(int id) {
        return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[id]) : Optional.empty();
    }

    public static Optional<Compression> fromName(String name) {
        return Arrays.stream(BY_ID).filter(c -> c.configValue.equals(name)).findFirst();
    }

    /// Packs `length` bytes of `source`, from `offset`, into a new buffer.
    public ByteBuffer compress(byte[] source, int offset, int length) {
        var out = new GrowingBytes(Math.max(FIRST_GUESS_BYTES_MIN, length / 2), Integer.MAX_VALUE - 8);
        compress(source, offset, length, out);
        return ByteBuffer.wrap(out.array(), 0, out.size()).slice();
    }

    void compress(byte[] source, int offset, int length, GrowingBytes out) {
        try {
            switch (this) {
                case NONE -> out.write(source, offset, length);
                case GZIP -> {
                    try (var gzip = new GZIPOutputStream(out)) {
                        gzip.write(source, offset, length);
                    }
                }
                case SNAPPY -> SnappyFraming.compress(source, offset, length, out);
                case LZ4 -> Lz4Frame.compress(source, offset, length, out);
                case ZSTD -> compressZstd(source, offset, length, out);
            }
        } catch (IOException e) {
            // Nothing here reads or writes a device.
            throw new UncheckedIOException(e);
        }
    }

    private static void compressZstd(byte[] source, int offset, int length, GrowingBytes out) {
        var boundBytes = Math.toIntExact(Zstd.compressBound(length));
        out.reserve(boundBytes);
        var packed = Zstd.compressByteArray(
                out.array(), out.size(), boundBytes, source, offset, length, Zstd.defaultCompressionLevel());
        if (Zstd.isError(packed)) {
            throw new IllegalStateException("zstd: " + Zstd.getErrorName(packed));
        }
        out.advance(Math.toIntExact(packed));
    }

    /// Unpacks the remaining bytes of `source`, heap or direct, whose position stays. [#NONE] returns a view of it.
    ///
    /// @param bytesMax what the result may take; memory is never allocated beyond it, whatever the bytes claim
    /// @throws DecompressedTooLargeException if the result would be larger
    /// @throws MalformedBatchException if the bytes are not what this compression writes
    public ByteBuffer decompress(ByteBuffer source, int bytesMax) throws MalformedBatchException {
        if (this == NONE) {
            if (source.remaining() > bytesMax) {
                throw new DecompressedTooLargeException(bytesMax);
            }
            return source.slice();
        }
        var guess = Math.max(FIRST_GUESS_BYTES_MIN, (long) source.remaining() * FIRST_GUESS_RATIO);
        var out = new GrowingBytes((int) Math.min(guess, bytesMax), bytesMax);
        try {
            switch (this) {
                case NONE -> {}
                case GZIP -> decompressStream(new GZIPInputStream(new ByteBufferInput(source)), out);
                case SNAPPY -> SnappyFraming.decompress(source, out);
                case LZ4 -> Lz4Frame.decompress(source, out);
                case ZSTD ->
                    decompressStream(
                            new ZstdInputStreamNoFinalizer(new ByteBufferInput(source), RecyclingBufferPool.INSTANCE),
                            out);
            }
        } catch (GrowingBytes.BoundExceededException e) {
            throw new DecompressedTooLargeException(bytesMax);
        } catch (IOException e) {
            throw new MalformedBatchException(configValue + ": damaged data: " + e.getMessage(), e);
        }
        return ByteBuffer.wrap(out.array(), 0, out.size()).slice();
    }

    private static void decompressStream(InputStream unpacking, GrowingBytes out) throws IOException {
        try (unpacking) {
            while (true) {
                // When the bound is reached one more byte tells an exact fit from a bomb.
                var room = Math.min(Math.max(out.array().length - out.size(), STREAM_STEP_BYTES), out.spaceLeft());
                if (room == 0) {
                    if (unpacking.read() >= 0) {
                        throw new GrowingBytes.BoundExceededException();
                    }
                    return;
                }
                out.reserve(room);
                var count = unpacking.read(out.array(), out.size(), room);
                if (count < 0) {
                    return;
                }
                out.advance(count);
            }
        }
    }
}
