package io.weirlog.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecordRoundTripTest {
    private static final int SEEDS = 200;
    private static final int UNPACKED_MAX = 4 << 20;

    @ParameterizedTest
    @EnumSource(Compression.class)
    void whatIsWrittenIsRead(Compression compression) throws Exception {
        for (var seed = 0; seed < SEEDS; seed++) {
            var random = new Random(seed);
            var expected = randomRecords(random);
            var buffer = build(compression, expected, random);
            var batch = RecordBatch.parse(random.nextBoolean() ? buffer : toDirect(buffer));
            assertTrue(batch.crcIsValid(), "seed " + seed);
            assertEquals(expected, RecordReader.readAll(batch, UNPACKED_MAX), "seed " + seed);
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void theEstimateIsAnUpperBoundWithoutCompression(Compression compression) {
        for (var seed = 0; seed < SEEDS; seed++) {
            var builder = new RecordBatchBuilder(compression, 64);
            for (var record : randomRecords(new Random(seed))) {
                var bound = builder.estimatedBytesWith(
                        length(record.key()),
                        length(record.value()),
                        RecordBatchBuilder.headerBytesMax(record.headers()));
                builder.append(record.timestampMillis(), record.key(), record.value(), record.headers());
                assertTrue(builder.estimatedBytes() <= bound, "seed " + seed);
            }
            if (compression == Compression.NONE) {
                var estimate = builder.estimatedBytes();
                assertEquals(estimate, builder.build().remaining(), "seed " + seed);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void damagedBatchesAreRefusedOrReadButNeverBreakTheReader(Compression compression) throws Exception {
        for (var seed = 0; seed < 20 * SEEDS; seed++) {
            var random = new Random(seed);
            var buffer = build(compression, randomRecords(random), random);
            damage(buffer, random);
            try {
                RecordReader.readAll(RecordBatch.parse(buffer), UNPACKED_MAX);
            } catch (MalformedBatchException e) {
                assertTrue(e.getMessage() != null && !e.getMessage().isBlank(), "seed " + seed);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void aBombIsRefusedAtTheBound(Compression compression) throws Exception {
        var builder = new RecordBatchBuilder(compression, 1 << 20);
        builder.append(0, null, new byte[1 << 20], List.of());
        var unpackedBytes = builder.estimatedBytes() - BatchFormat.HEADER_BYTES;
        var batch = RecordBatch.parse(builder.build());
        assertEquals(1, RecordReader.readAll(batch, unpackedBytes).size());
        assertThrows(DecompressedTooLargeException.class, () -> RecordReader.readAll(batch, unpackedBytes - 1));
        assertThrows(DecompressedTooLargeException.class, () -> RecordReader.readAll(batch, 1000));
    }

    @Test
    void aBuiltBatchSurvivesReuseOfItsBuilder() throws Exception {
        var builder = new RecordBatchBuilder(Compression.NONE, 256);
        builder.append(1, new byte[] {1}, new byte[] {2}, List.of());
        var first = builder.build();
        assertThrows(IllegalStateException.class, () -> builder.append(1, new byte[0], null, List.of()));
        builder.reset();
        builder.append(3, new byte[] {3}, new byte[] {4}, List.of());
        var second = builder.build();
        assertTrue(RecordBatch.of(first).crcIsValid());
        assertEquals(
                List.of(new Record(0, 1, new byte[] {1}, new byte[] {2}, List.of())),
                RecordReader.readAll(RecordBatch.of(first), 1000));
        assertEquals(
                List.of(new Record(0, 3, new byte[] {3}, new byte[] {4}, List.of())),
                RecordReader.readAll(RecordBatch.of(second), 1000));
    }

    @Test
    void theThreeFormsOfAppendWriteTheSame() {
        var arrays = new RecordBatchBuilder(Compression.NONE, 256);
        arrays.append(1, new byte[] {1, 2}, new byte[] {3}, List.of());
        var parts = new RecordBatchBuilder(Compression.NONE, 256);
        parts.append(1, new byte[] {9, 1, 2, 9}, 1, 2, new byte[] {3, 9}, 0, 1);
        var buffers = new RecordBatchBuilder(Compression.NONE, 256);
        buffers.append(1, ByteBuffer.wrap(new byte[] {1, 2}), ByteBuffer.wrap(new byte[] {3}), List.of());
        var expected = arrays.build();
        assertEquals(expected, parts.build());
        assertEquals(expected, buffers.build());
    }

    @Test
    void anEmptyBatchIsNotBuilt() {
        assertThrows(IllegalStateException.class, () -> new RecordBatchBuilder(Compression.NONE, 256).build());
    }

    private static ByteBuffer build(Compression compression, List<Record> records, Random random) {
        var builder = new RecordBatchBuilder(compression, random.nextInt(200));
        for (var record : records) {
            builder.append(record.timestampMillis(), record.key(), record.value(), record.headers());
        }
        return builder.build();
    }

    private static List<Record> randomRecords(Random random) {
        var records = new ArrayList<Record>();
        var count = 1 + random.nextInt(random.nextInt(20) == 0 ? 2000 : 20);
        for (var i = 0; i < count; i++) {
            var headers = new ArrayList<RecordHeader>();
            for (var h = random.nextInt(4); h > 0; h--) {
                headers.add(new RecordHeader(randomText(random), randomBytes(random)));
            }
            var timestamp = random.nextInt(10) == 0 ? random.nextLong(Long.MAX_VALUE) : 1_700_000_000_000L + i;
            records.add(new Record(i, timestamp, randomBytes(random), randomBytes(random), headers));
        }
        return records;
    }

    private static String randomText(Random random) {
        var letters = new String[] {"a", "é", "€", "𝄞", "z"};
        var text = new StringBuilder();
        for (var i = random.nextInt(8); i > 0; i--) {
            text.append(letters[random.nextInt(letters.length)]);
        }
        return text.toString();
    }

    private static byte @Nullable [] randomBytes(Random random) {
        if (random.nextInt(8) == 0) {
            return null;
        }
        var bytes = new byte[random.nextInt(random.nextInt(50) == 0 ? 5000 : 100)];
        if (random.nextBoolean()) {
            random.nextBytes(bytes);
        }
        return bytes;
    }

    private static void damage(ByteBuffer buffer, Random random) {
        for (var n = 1 + random.nextInt(4); n > 0; n--) {
            var from = random.nextBoolean() ? 0 : Math.min(BatchFormat.HEADER_BYTES, buffer.limit() - 1);
            var at = from + random.nextInt(buffer.limit() - from);
            buffer.put(at, (byte) random.nextInt(256));
        }
        // Half of the damage is behind a magic and length that let it reach the records.
        if (random.nextBoolean()) {
            buffer.put(BatchFormat.MAGIC_AT, BatchFormat.MAGIC);
            buffer.putInt(BatchFormat.LENGTH_AT, buffer.limit() - BatchFormat.PREFIX_BYTES);
        }
    }

    private static ByteBuffer toDirect(ByteBuffer buffer) {
        return ByteBuffer.allocateDirect(buffer.remaining())
                .put(buffer.duplicate())
                .flip();
    }

    private static int length(byte @Nullable [] bytes) {
        return bytes == null ? 0 : bytes.length;
    }
}
