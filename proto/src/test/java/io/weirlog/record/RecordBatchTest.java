package io.weirlog.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RecordBatchTest {
    /// Written by hand from the format's description; the CRC32C by another program.
    private static final String GOLDEN = "0000000000000000" // base offset
            + "00000049" // length: 73 bytes follow
            + "ffffffff" // leader epoch
            + "02" // magic
            + "0b67c047" // CRC32C
            + "0000" // attributes
            + "00000001" // last offset delta
            + "00000000000003e8" // base timestamp 1000
            + "00000000000003ed" // max timestamp 1005
            + "000000000000002a" // producer id 42
            + "0007" // producer epoch
            + "00000064" // base sequence 100
            + "00000002" // records
            // length 13, attributes, timestamp delta 0, offset delta 0, key "k", value "vv", one header: h = "x"
            + ("1a" + "00" + "00" + "00" + "026b" + "047676" + "02" + "0268" + "0278")
            // length 9, attributes, timestamp delta 5, offset delta 1, key null, value null, one header: n = null
            + ("12" + "00" + "0a" + "02" + "01" + "01" + "02" + "026e" + "01");

    @Test
    void writesTheDocumentedBytes() {
        var builder = new RecordBatchBuilder(Compression.NONE, 16);
        builder.producer(42, (short) 7, 100);
        builder.append(1000, bytes("k"), bytes("vv"), List.of(new RecordHeader("h", bytes("x"))));
        builder.append(1005, (byte[]) null, null, List.of(new RecordHeader("n", null)));
        var batch = builder.build();

        assertEquals(GOLDEN, hex(batch));
    }

    /// Senders learn the numbers of a batch only when it is complete.
    @Test
    void aProducerThatIsStampedLaterMakesTheSameBytes() {
        var builder = new RecordBatchBuilder(Compression.NONE, 16);
        builder.append(1000, bytes("k"), bytes("vv"), List.of(new RecordHeader("h", bytes("x"))));
        builder.append(1005, (byte[]) null, null, List.of(new RecordHeader("n", null)));
        var batch = builder.buildUnsealed();
        for (var sequence : List.of(0, 100)) {
            RecordBatch.stampProducer(batch, 0, 42, (short) 7, sequence);
            assertTrue(RecordBatch.of(batch).crcIsValid());
        }
        assertEquals(GOLDEN, hex(batch));
    }

    @Test
    void readsEveryFieldOfTheHeader() {
        var builder = new RecordBatchBuilder(Compression.ZSTD, 1024);
        builder.producer(42, (short) 7, 100);
        builder.transactional();
        builder.append(2000, bytes("a"), bytes("1"), List.of());
        builder.append(1000, bytes("b"), bytes("2"), List.of());
        var buffer = builder.build();
        RecordBatch.stampBaseOffset(buffer, 0, 77);
        RecordBatch.stampLeaderEpoch(buffer, 0, 5);

        var batch = RecordBatch.of(buffer);
        assertEquals(77, batch.baseOffset());
        assertEquals(78, batch.lastOffset());
        assertEquals(79, batch.nextOffset());
        assertEquals(1, batch.lastOffsetDelta());
        assertEquals(buffer.remaining(), batch.sizeBytes());
        assertEquals(5, batch.leaderEpoch());
        assertEquals(2, batch.magic());
        assertEquals(Optional.of(Compression.ZSTD), batch.compression());
        assertEquals(TimestampType.CREATE_TIME, batch.timestampType());
        assertTrue(batch.isTransactional());
        assertFalse(batch.isControl());
        assertFalse(batch.hasDeleteHorizon());
        assertEquals(2000, batch.baseTimestamp());
        assertEquals(2000, batch.maxTimestamp());
        assertTrue(batch.hasProducer());
        assertEquals(42, batch.producerId());
        assertEquals(7, batch.producerEpoch());
        assertEquals(100, batch.baseSequence());
        assertEquals(2, batch.recordCount());
        assertTrue(batch.crcIsValid(), "stamping offset and epoch leaves the CRC valid");
    }

    @Test
    void everyFlippedBitBehindTheCrcIsNoticed() {
        var buffer = oneRecord(Compression.NONE);
        for (var bit = BatchFormat.CRC_AT * 8; bit < buffer.limit() * 8; bit++) {
            flip(buffer, bit);
            assertFalse(RecordBatch.of(buffer).crcIsValid(), "bit " + bit);
            flip(buffer, bit);
        }
        assertTrue(RecordBatch.of(buffer).crcIsValid());
    }

    @Test
    void logAppendTimeReplacesTheTimestampsOfTheRecords() throws Exception {
        var buffer = oneRecord(Compression.LZ4);
        RecordBatch.stampLogAppendTime(buffer, 0, 99_000);
        var batch = RecordBatch.parse(buffer);
        assertTrue(batch.crcIsValid());
        assertEquals(TimestampType.LOG_APPEND_TIME, batch.timestampType());
        assertEquals(99_000, batch.maxTimestamp());
        assertEquals(99_000, RecordReader.readAll(batch, 1000).get(0).timestampMillis());
    }

    @Test
    void theFirstTimestampIsTheNearestThatTheHeaderTells() {
        var builder = new RecordBatchBuilder(Compression.NONE, 1024);
        builder.append(2000, bytes("a"), bytes("1"), List.of());
        builder.append(3000, bytes("b"), bytes("2"), List.of());
        var buffer = builder.build();
        assertEquals(OptionalLong.of(2000), RecordBatch.of(buffer).firstTimestamp());

        var compacted = buffer.duplicate();
        var attributes = compacted.getShort(BatchFormat.ATTRIBUTES_AT);
        compacted.putShort(BatchFormat.ATTRIBUTES_AT, (short) (attributes | BatchFormat.DELETE_HORIZON_BIT));
        assertEquals(OptionalLong.of(3000), RecordBatch.of(compacted).firstTimestamp());
        compacted.putShort(BatchFormat.ATTRIBUTES_AT, attributes);

        RecordBatch.stampLogAppendTime(buffer, 0, 99_000);
        assertEquals(OptionalLong.of(99_000), RecordBatch.of(buffer).firstTimestamp());

        buffer.putShort(BatchFormat.ATTRIBUTES_AT, attributes);
        buffer.putLong(BatchFormat.BASE_TIMESTAMP_AT, BatchFormat.NO_TIMESTAMP);
        assertEquals(OptionalLong.of(99_000), RecordBatch.of(buffer).firstTimestamp());
        buffer.putLong(BatchFormat.MAX_TIMESTAMP_AT, BatchFormat.NO_TIMESTAMP);
        assertEquals(OptionalLong.empty(), RecordBatch.of(buffer).firstTimestamp());
    }

    @Test
    void parseRefusesWhatCannotBeABatch() {
        var tooShort = oneRecord(Compression.NONE).limit(60);
        assertThrows(MalformedBatchException.class, () -> RecordBatch.parse(tooShort));

        var otherMagic = oneRecord(Compression.NONE).put(BatchFormat.MAGIC_AT, (byte) 1);
        var magic = assertThrows(MalformedBatchException.class, () -> RecordBatch.parse(otherMagic));
        assertTrue(magic.toString().contains("magic"), magic.getMessage());

        for (var length : new int[] {Integer.MIN_VALUE, -1, 0, 48, 5000, Integer.MAX_VALUE}) {
            var wrongLength = oneRecord(Compression.NONE).putInt(BatchFormat.LENGTH_AT, length);
            assertThrows(MalformedBatchException.class, () -> RecordBatch.parse(wrongLength), "length " + length);
        }
    }

    @Test
    void aViewWorksOnDirectMemoryAndAtAnyPlace() {
        var source = oneRecord(Compression.NONE);
        var direct = ByteBuffer.allocateDirect(500);
        direct.position(123).put(source.duplicate());
        direct.order(ByteOrder.LITTLE_ENDIAN);
        var batch = RecordBatch.at(direct, 123);
        assertEquals(source.remaining(), batch.sizeBytes());
        assertTrue(batch.crcIsValid());
    }

    private static ByteBuffer oneRecord(Compression compression) {
        var builder = new RecordBatchBuilder(compression, 0);
        builder.append(1000, bytes("key"), bytes("value"), List.of());
        return builder.build();
    }

    private static void flip(ByteBuffer buffer, int bit) {
        buffer.put(bit / 8, (byte) (buffer.get(bit / 8) ^ 1 << bit % 8));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static String hex(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
