package io.weirlog.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CompressionTest {
    @Test
    void idsAndNamesAreThoseOfTheFormat() {
        assertEquals(Optional.of(Compression.NONE), Compression.fromId(0));
        assertEquals(Optional.of(Compression.GZIP), Compression.fromId(1));
        assertEquals(Optional.of(Compression.SNAPPY), Compression.fromId(2));
        assertEquals(Optional.of(Compression.LZ4), Compression.fromId(3));
        assertEquals(Optional.of(Compression.ZSTD), Compression.fromId(4));
        assertEquals(Optional.empty(), Compression.fromId(5));
        assertEquals(Optional.empty(), Compression.fromId(-1));
        for (var compression : Compression.values()) {
            assertEquals(Optional.of(compression), Compression.fromName(compression.configValue()));
        }
        assertEquals(Optional.empty(), Compression.fromName("brotli"));
    }

    @Test
    void framesBeginAsTheirFormatsSay() {
        assertEquals("04224d18604082", prefix(Compression.LZ4, 7));
        assertEquals("82534e41505059000000000100000001", prefix(Compression.SNAPPY, 16));
        assertEquals("1f8b08", prefix(Compression.GZIP, 3));
        assertEquals("28b52ffd", prefix(Compression.ZSTD, 4));
    }

    /// One frame with stored block, block checksum, content size and content checksum, which we never write
    /// ourselves.
    @Test
    void lz4FramesWithAllChecksumsAreReadAndVerified() throws Exception {
        var frame = lz4("04224d18" + "7c40" + "0300000000000000" + "{HC}" + "03000080" + "616263" + "{XX}" + "00000000"
                + "{XX}");
        assertEquals(ByteBuffer.wrap("abc".getBytes(UTF_8)), Compression.LZ4.decompress(frame, 100));
        for (var at : new int[] {14, 22, frame.limit() - 1}) {
            var damaged =
                    ByteBuffer.allocate(frame.limit()).put(frame.duplicate()).flip();
            damaged.put(at, (byte) (damaged.get(at) ^ 1));
            var e = assertThrows(MalformedBatchException.class, () -> Compression.LZ4.decompress(damaged, 100));
            assertTrue(e.toString().contains("checksum"), e.getMessage());
        }
    }

    @Test
    void lz4BlocksThatDependOnEachOtherAreRefused() {
        var frame = lz4("04224d18" + "4040" + "c0" + "00000000");
        var e = assertThrows(MalformedBatchException.class, () -> Compression.LZ4.decompress(frame, 100));
        assertTrue(e.toString().contains("independent"), e.getMessage());
    }

    @Test
    void snappyNeverBelievesALength() {
        // Behind a valid header a block that claims 2 GiB, then one whose content claims 1 GiB.
        var header = "82534e41505059000000000100000001";
        var block = ByteBuffer.wrap(HexFormat.of().parseHex(header + "7fffffff" + "00"));
        assertThrows(MalformedBatchException.class, () -> Compression.SNAPPY.decompress(block, 100));
        var content = ByteBuffer.wrap(HexFormat.of().parseHex(header + "00000006" + "808080800400"));
        assertThrows(DecompressedTooLargeException.class, () -> Compression.SNAPPY.decompress(content, 100));
    }

    @Test
    void aBareSnappyBlockIsReadToo() throws Exception {
        var block = ByteBuffer.wrap(org.xerial.snappy.Snappy.compress("hello hello hello"));
        assertEquals(ByteBuffer.wrap("hello hello hello".getBytes(UTF_8)), Compression.SNAPPY.decompress(block, 100));
    }

    private static String prefix(Compression compression, int bytes) {
        var packed = compression.compress(new byte[100], 0, 100);
        var prefix = new byte[bytes];
        packed.get(prefix);
        return HexFormat.of().formatHex(prefix);
    }

    /// Fills in the header checksum `{HC}` and the xxHash32 of "abc" `{XX}` (32d153ff, from the algorithm's test
    /// vectors).
    private static ByteBuffer lz4(String hex) {
        var descriptor = HexFormat.of().parseHex("7c40" + "0300000000000000");
        var hash = net.jpountz.xxhash.XXHashFactory.safeInstance().hash32().hash(descriptor, 0, descriptor.length, 0);
        return ByteBuffer.wrap(HexFormat.of()
                .parseHex(hex.replace("{HC}", String.format("%02x", hash >>> 8 & 0xff))
                        .replace("{XX}", "ff53d132")));
    }
}
