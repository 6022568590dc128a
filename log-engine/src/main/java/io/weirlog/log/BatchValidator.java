package io.weirlog.log;

import com.google.errorprone.annotations.FormatMethod;
import io.weirlog.log.BatchVerdict.Invalid;
import io.weirlog.log.BatchVerdict.Reason;
import io.weirlog.log.BatchVerdict.Valid;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.DecompressedTooLargeException;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import io.weirlog.record.TimestampType;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Decides whether bytes from a producer are a batch that may enter a log. Pure, and safe on any thread.
///
/// The header is checked before the CRC is computed, the CRC before anything is unpacked, so that garbage costs
/// little.
public final class BatchValidator {
    private static final TimestampBounds UNBOUNDED = new TimestampBounds(0, Long.MAX_VALUE, Long.MAX_VALUE);

    private BatchValidator() {}

    /// As below, whatever times the records have.
    public static BatchVerdict validate(ByteBuffer batch, BatchLimits limits) {
        return validate(batch, limits, UNBOUNDED);
    }

    /// @param batch its remaining bytes are exactly one batch; its position stays
    public static BatchVerdict validate(ByteBuffer batch, BatchLimits limits, TimestampBounds bounds) {
        if (batch.remaining() < BatchFormat.HEADER_BYTES) {
            return new Invalid(
                    Reason.WRONG_LENGTH,
                    "a batch has a header of " + BatchFormat.HEADER_BYTES + " bytes, only " + batch.remaining()
                            + " bytes came");
        }
        var view = RecordBatch.of(batch);
        return wrongHeader(view, batch.remaining(), limits)
                .or(() -> wrongProducer(view))
                .<BatchVerdict>map(invalid -> invalid)
                .orElseGet(() -> validateRecords(view, limits, bounds));
    }

    private static Optional<Invalid> wrongHeader(RecordBatch batch, int cameBytes, BatchLimits limits) {
        if (batch.magic() != BatchFormat.MAGIC) {
            return invalid(
                    Reason.UNSUPPORTED_MAGIC, "batch format (magic) %d is not supported, only 2 is", batch.magic());
        }
        if (batch.sizeBytes() != cameBytes) {
            return invalid(Reason.WRONG_LENGTH, "the batch claims %d bytes, %d came", batch.sizeBytes(), cameBytes);
        }
        if (cameBytes > limits.batchBytesMax()) {
            return invalid(
                    Reason.BATCH_TOO_LARGE,
                    "the batch has %d bytes, max.message.bytes is %d",
                    cameBytes,
                    limits.batchBytesMax());
        }
        if (!batch.crcIsValid()) {
            return invalid(Reason.WRONG_CRC, "the batch's CRC32C %#010x is not that of its bytes", batch.crc());
        }
        if ((batch.attributes() & ~BatchFormat.KNOWN_ATTRIBUTES_MASK) != 0 || batch.hasDeleteHorizon()) {
            return invalid(
                    Reason.WRONG_ATTRIBUTES, "attributes %#06x are not for producers to set", batch.attributes());
        }
        if (batch.isControl()) {
            return invalid(Reason.CONTROL_BATCH, "control batches are written by brokers only");
        }
        if (batch.compression().isEmpty()) {
            return invalid(Reason.UNKNOWN_COMPRESSION, "compression %d is unknown", batch.compressionId());
        }
        if (batch.timestampType() == TimestampType.LOG_APPEND_TIME) {
            return invalid(Reason.WRONG_TIMESTAMP, "log append time is for the broker to set");
        }
        return wrongCount(batch);
    }

    private static Optional<Invalid> wrongCount(RecordBatch batch) {
        if (batch.recordCount() <= 0) {
            return invalid(Reason.NO_RECORDS, "the batch counts %d records", batch.recordCount());
        }
        if (batch.lastOffsetDelta() != batch.recordCount() - 1) {
            return invalid(
                    Reason.NON_MONOTONIC_OFFSETS,
                    "%d records, but a last offset delta of %d",
                    batch.recordCount(),
                    batch.lastOffsetDelta());
        }
        return Optional.empty();
    }

    private static Optional<Invalid> wrongProducer(RecordBatch batch) {
        if (batch.hasProducer()) {
            if (batch.producerId() < 0 || batch.producerEpoch() < 0 || batch.baseSequence() < 0) {
                return invalid(
                        Reason.WRONG_PRODUCER,
                        "producer %d with epoch %d and base sequence %d",
                        batch.producerId(),
                        batch.producerEpoch(),
                        batch.baseSequence());
            }
        } else if (batch.isTransactional()) {
            return invalid(Reason.WRONG_PRODUCER, "a transactional batch needs a producer id");
        }
        return Optional.empty();
    }

    private static BatchVerdict validateRecords(RecordBatch batch, BatchLimits limits, TimestampBounds bounds) {
        try {
            var reader = RecordReader.open(batch, limits.decompressedBytesMax());
            var maxTimestamp = BatchFormat.NO_TIMESTAMP;
            for (var expectedDelta = 0; reader.next(); expectedDelta++) {
                var wrong = wrongRecord(reader, expectedDelta, limits, bounds);
                if (wrong.isPresent()) {
                    return wrong.get();
                }
                maxTimestamp = Math.max(maxTimestamp, reader.timestampMillis());
            }
            if (maxTimestamp != batch.maxTimestamp()) {
                return new Invalid(
                        Reason.WRONG_TIMESTAMP,
                        "the batch states the maximum timestamp " + batch.maxTimestamp() + ", its records' is "
                                + maxTimestamp);
            }
            return new Valid(batch.recordCount(), maxTimestamp);
        } catch (DecompressedTooLargeException e) {
            return new Invalid(Reason.DECOMPRESSED_TOO_LARGE, String.valueOf(e.getMessage()));
        } catch (MalformedBatchException e) {
            return new Invalid(Reason.MALFORMED_RECORD, String.valueOf(e.getMessage()));
        }
    }

    private static Optional<Invalid> wrongRecord(
            RecordReader record, int expectedDelta, BatchLimits limits, TimestampBounds bounds) {
        if (record.offsetDelta() != expectedDelta) {
            return invalid(
                    Reason.NON_MONOTONIC_OFFSETS,
                    "record %d has the offset delta %d",
                    expectedDelta,
                    record.offsetDelta());
        }
        if (record.recordBytes() > limits.batchBytesMax()) {
            return invalid(
                    Reason.RECORD_TOO_LARGE,
                    "record %d has %d bytes, max.message.bytes is %d",
                    expectedDelta,
                    record.recordBytes(),
                    limits.batchBytesMax());
        }
        if (limits.keysRequired() && !record.hasKey()) {
            return invalid(
                    Reason.KEY_MISSING,
                    "record %d has no key, and the topic is compacted by key (cleanup.policy)",
                    expectedDelta);
        }
        var timestamp = record.timestampMillis();
        if (timestamp < BatchFormat.NO_TIMESTAMP) {
            return invalid(Reason.WRONG_TIMESTAMP, "record %d has the timestamp %d", expectedDelta, timestamp);
        }
        if (!bounds.admit(timestamp)) {
            return invalid(
                    Reason.WRONG_TIMESTAMP,
                    "record %d has the timestamp %d, at %d it may be %d ms older"
                            + " (message.timestamp.before.max.ms) or %d ms younger (message.timestamp.after.max.ms)",
                    expectedDelta,
                    timestamp,
                    bounds.nowMillis(),
                    bounds.beforeMaxMillis(),
                    bounds.afterMaxMillis());
        }
        return Optional.empty();
    }

    @FormatMethod
    private static Optional<Invalid> invalid(Reason reason, String message, Object... arguments) {
        return Optional.of(new Invalid(reason, String.format(message, arguments)));
    }
}
