package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.log.BatchVerdict.Invalid;
import io.weirlog.log.BatchVerdict.Reason;
import io.weirlog.log.BatchVerdict.Valid;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.TimestampType;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BatchValidatorTest {
    private static final BatchLimits LIMITS = new BatchLimits(10_000, 100_000, false);

    @ParameterizedTest
    @EnumSource(Compression.class)
    void aGoodBatchIsValid(Compression compression) {
        var batch = TestLogs.batch(compression, TestLogs.NOW, 5, 100, new Random(1));
        var expected = new Valid(5, TestLogs.NOW + 4);
        assertEquals(expected, BatchValidator.validate(batch, LIMITS));
        assertEquals(expected, BatchValidator.validate(batch.asReadOnlyBuffer(), LIMITS));
        var direct =
                ByteBuffer.allocateDirect(batch.remaining() + 7).position(7).put(batch.duplicate());
        assertEquals(expected, BatchValidator.validate(direct.position(7), LIMITS));
        assertEquals(0, batch.position());
    }

    @Test
    void timesAreBoundedBeforeAndAfterTheAppend() {
        var config = LogConfig.builder()
                .timestampBeforeMaxMillis(1000)
                .timestampAfterMaxMillis(100)
                .build();
        var now = TestLogs.NOW;
        // Two records, a millisecond apart.
        assertBounded(true, config, now - 1000, now);
        assertBounded(false, config, now - 1001, now);
        assertBounded(true, config, now + 99, now);
        assertBounded(false, config, now + 100, now);
        assertBounded(true, config, BatchFormat.NO_TIMESTAMP, now);
        assertBounded(false, config, 0, now);
        assertBounded(true, LogConfig.defaults(), 0, now);
        assertBounded(false, LogConfig.defaults(), now + 3_600_001, now);
        assertBounded(false, LogConfig.defaults(), Long.MAX_VALUE - 1, now);
        var byAppend = LogConfig.builder()
                .timestampType(TimestampType.LOG_APPEND_TIME)
                .timestampBeforeMaxMillis(1)
                .build();
        assertBounded(true, byAppend, now + 86_400_000, now);
    }

    private static void assertBounded(boolean admitted, LogConfig config, long timestampMillis, long nowMillis) {
        var builder = new RecordBatchBuilder(Compression.NONE, 100);
        for (var i = 0; i < 2; i++) {
            var time = timestampMillis == BatchFormat.NO_TIMESTAMP ? timestampMillis : timestampMillis + i;
            builder.append(time, null, new byte[] {1}, List.of());
        }
        var verdict = BatchValidator.validate(builder.build(), LIMITS, TimestampBounds.of(config, nowMillis));
        if (admitted) {
            assertInstanceOf(Valid.class, verdict);
        } else {
            var invalid = assertInstanceOf(Invalid.class, verdict);
            assertEquals(Reason.WRONG_TIMESTAMP, invalid.reason());
            assertTrue(invalid.message().contains("message.timestamp.before.max.ms"), invalid.message());
        }
    }

    @Test
    void aWrongCrc() {
        var batch = batch();
        batch.put(batch.limit() - 1, (byte) (batch.get(batch.limit() - 1) ^ 1));
        assertRefused(Reason.WRONG_CRC, batch);
        assertRefused(Reason.WRONG_CRC, batch().putInt(BatchFormat.CRC_AT, 0));
    }

    @Test
    void aWrongLength() {
        assertRefused(Reason.WRONG_LENGTH, ByteBuffer.allocate(0));
        assertRefused(Reason.WRONG_LENGTH, ByteBuffer.allocate(60));
        assertRefused(Reason.WRONG_LENGTH, batch().limit(100));
        for (var length : new int[] {Integer.MIN_VALUE, -12, 0, 48, Integer.MAX_VALUE}) {
            assertRefused(Reason.WRONG_LENGTH, batch().putInt(BatchFormat.LENGTH_AT, length));
        }
        var two = ByteBuffer.allocate(2 * batch().limit())
                .put(batch())
                .put(batch())
                .flip();
        assertRefused(Reason.WRONG_LENGTH, two);
    }

    @Test
    void tooLarge() {
        assertRefused(Reason.BATCH_TOO_LARGE, TestLogs.batch(11, 1000));
        // Packed it is small, but it holds a record that the topic would not take.
        var builder = new RecordBatchBuilder(Compression.ZSTD, 0);
        builder.append(TestLogs.NOW, null, new byte[10_001], List.of());
        assertRefused(Reason.RECORD_TOO_LARGE, builder.build());
    }

    @ParameterizedTest
    @EnumSource(value = Compression.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aBomb(Compression compression) {
        var builder = new RecordBatchBuilder(compression, 0);
        for (var i = 0; i < 12; i++) {
            builder.append(TestLogs.NOW, null, new byte[9_000], List.of());
        }
        assertRefused(Reason.DECOMPRESSED_TOO_LARGE, builder.build());
    }

    @Test
    void formatsAndAttributesThatNobodyHasDefined() {
        assertRefused(Reason.UNSUPPORTED_MAGIC, batch().put(BatchFormat.MAGIC_AT, (byte) 1));
        assertRefused(Reason.UNSUPPORTED_MAGIC, batch().put(BatchFormat.MAGIC_AT, (byte) 3));
        for (var id = 5; id < 8; id++) {
            assertRefused(Reason.UNKNOWN_COMPRESSION, withAttributes(id));
        }
        assertRefused(Reason.WRONG_ATTRIBUTES, withAttributes(0x80));
        assertRefused(Reason.WRONG_ATTRIBUTES, withAttributes(0x8000));
        assertRefused(Reason.WRONG_ATTRIBUTES, withAttributes(BatchFormat.DELETE_HORIZON_BIT));
        assertRefused(Reason.CONTROL_BATCH, withAttributes(BatchFormat.CONTROL_BIT));
        assertRefused(Reason.WRONG_TIMESTAMP, withAttributes(BatchFormat.LOG_APPEND_TIME_BIT));
        assertRefused(Reason.WRONG_PRODUCER, withAttributes(BatchFormat.TRANSACTIONAL_BIT));
    }

    @Test
    void countsAndOffsets() {
        for (var count : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertRefused(Reason.NO_RECORDS, changed(b -> b.putInt(BatchFormat.RECORD_COUNT_AT, count)));
        }
        assertRefused(Reason.NON_MONOTONIC_OFFSETS, changed(b -> b.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, 7)));
        // The third record's offset delta: behind length, attributes and timestamp delta of one byte each.
        var offsetDeltaAt = BatchFormat.HEADER_BYTES + 2 * (recordBytes() + 1) + 3;
        assertEquals(4, batch().get(offsetDeltaAt), "zigzag of 2");
        assertRefused(Reason.NON_MONOTONIC_OFFSETS, changed(b -> b.put(offsetDeltaAt, (byte) 2)));
        assertRefused(Reason.NON_MONOTONIC_OFFSETS, changed(b -> b.put(offsetDeltaAt, (byte) 6)));
        assertRefused(Reason.NON_MONOTONIC_OFFSETS, changed(b -> b.put(offsetDeltaAt, (byte) 1)));
        assertRefused(Reason.MALFORMED_RECORD, changed(b -> {
            b.putInt(BatchFormat.RECORD_COUNT_AT, 4);
            b.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, 3);
        }));
        assertRefused(Reason.MALFORMED_RECORD, changed(b -> {
            b.putInt(BatchFormat.RECORD_COUNT_AT, 2);
            b.putInt(BatchFormat.LAST_OFFSET_DELTA_AT, 1);
        }));
    }

    @Test
    void records() {
        assertRefused(Reason.MALFORMED_RECORD, changed(b -> b.put(BatchFormat.HEADER_BYTES, (byte) 0)));
        assertRefused(Reason.MALFORMED_RECORD, changed(b -> b.put(BatchFormat.HEADER_BYTES, (byte) 1)));
        assertRefused(Reason.MALFORMED_RECORD, changed(b -> b.put(BatchFormat.HEADER_BYTES, (byte) 0x7e)));
        for (var compression : EnumSet.complementOf(EnumSet.of(Compression.NONE))) {
            assertRefused(Reason.MALFORMED_RECORD, withAttributes(compression.id()));
        }
    }

    @Test
    void timestampsAndProducers() {
        assertRefused(Reason.WRONG_TIMESTAMP, changed(b -> b.putLong(BatchFormat.MAX_TIMESTAMP_AT, TestLogs.NOW + 3)));
        assertRefused(Reason.WRONG_TIMESTAMP, changed(b -> {
            b.putLong(BatchFormat.BASE_TIMESTAMP_AT, -5);
            b.putLong(BatchFormat.MAX_TIMESTAMP_AT, -3);
        }));
        assertRefused(Reason.WRONG_PRODUCER, changed(b -> b.putLong(BatchFormat.PRODUCER_ID_AT, 5)));
        assertRefused(Reason.WRONG_PRODUCER, changed(b -> b.putLong(BatchFormat.PRODUCER_ID_AT, -2)));
        var builder = new RecordBatchBuilder(Compression.NONE, 0);
        builder.append(BatchFormat.NO_TIMESTAMP, new byte[0], null, List.of());
        builder.producer(5, (short) 0, 0);
        builder.transactional();
        assertEquals(new Valid(1, BatchFormat.NO_TIMESTAMP), BatchValidator.validate(builder.build(), LIMITS));
    }

    private static ByteBuffer batch() {
        return TestLogs.batch(3, 10);
    }

    /// What follows the length byte of a record of [#batch].
    private static int recordBytes() {
        return batch().get(BatchFormat.HEADER_BYTES) / 2;
    }

    private static ByteBuffer withAttributes(int attributes) {
        return changed(batch -> batch.putShort(BatchFormat.ATTRIBUTES_AT, (short) attributes));
    }

    /// A batch with a change that its CRC covers.
    private static ByteBuffer changed(Consumer<ByteBuffer> change) {
        var batch = batch();
        change.accept(batch);
        RecordBatch.stampCrc(batch, 0);
        return batch;
    }

    private static void assertRefused(Reason reason, ByteBuffer batch) {
        var verdict = assertInstanceOf(Invalid.class, BatchValidator.validate(batch, LIMITS));
        assertEquals(reason, verdict.reason(), verdict.message());
        assertFalse(verdict.message().isBlank());
    }

    @Test
    void aCompactedTopicWantsKeys() {
        var limits = new BatchLimits(10_000, 100_000, true);
        assertInstanceOf(BatchVerdict.Valid.class, BatchValidator.validate(TestLogs.batch(3, 10), limits));
        var builder = new RecordBatchBuilder(Compression.NONE, 100);
        builder.append(TestLogs.NOW, new byte[1], null, List.of());
        builder.append(TestLogs.NOW, (byte[]) null, new byte[1], List.of());
        var batch = builder.build();
        var verdict = assertInstanceOf(BatchVerdict.Invalid.class, BatchValidator.validate(batch, limits));
        assertEquals(BatchVerdict.Reason.KEY_MISSING, verdict.reason());
        assertInstanceOf(BatchVerdict.Valid.class, BatchValidator.validate(batch, LIMITS));
    }
}
