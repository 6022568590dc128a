package io.weirlog.log;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordReader;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// The end of a producer's transaction in one partition, as the log keeps it: a control batch with one record.
///
/// ```
/// key    version i16 = 0 | type i16: 0 abort, 1 commit
/// value  version i16 = 0 | coordinator epoch i32
/// ```
///
/// Producer id and epoch are those of the batch. Fields that a later version adds at the end are skipped.
///
/// @param coordinatorEpoch of the coordinator that decided; a marker of an older one is refused
public record TransactionMarker(long producerId, short producerEpoch, Outcome outcome, int coordinatorEpoch) {
    private static final short VERSION = 0;
    private static final int KEY_BYTES = 4;
    private static final int VALUE_BYTES = 6;
    private static final int BATCH_BYTES = 128;
    /// No control record that is known comes near this.
    private static final int RECORD_BYTES_MAX = 64 << 10;

    public enum Outcome {
        ABORT,
        COMMIT
    }

    /// The batch that says so, without offset and leader epoch.
    ByteBuffer encode(long nowMillis) {
        var builder = new RecordBatchBuilder(Compression.NONE, BATCH_BYTES);
        builder.producer(producerId, producerEpoch, BatchFormat.NO_SEQUENCE);
        builder.transactional();
        builder.control();
        var type = switch (outcome) {
            case ABORT -> (short) 0;
            case COMMIT -> (short) 1;
        };
        var key = ByteBuffer.allocate(KEY_BYTES).putShort(VERSION).putShort(type);
        var value = ByteBuffer.allocate(VALUE_BYTES).putShort(VERSION).putInt(coordinatorEpoch);
        builder.append(nowMillis, key.array(), value.array(), List.of());
        return builder.build();
    }

    /// The marker in a control batch; empty if it holds another kind of control record, or none any more because
    /// compaction took it out.
    ///
    /// @throws MalformedBatchException if there is no control record where one must be
    public static Optional<TransactionMarker> decode(RecordBatch batch) throws MalformedBatchException {
        if (batch.recordCount() == 0) {
            return Optional.empty();
        }
        var records = RecordReader.open(batch, RECORD_BYTES_MAX);
        records.next();
        var key = records.key();
        if (key == null || key.remaining() < KEY_BYTES || key.getShort(0) < 0) {
            throw new MalformedBatchException("the record of a control batch has no version and type as its key");
        }
        var type = key.getShort(2);
        if (type != 0 && type != 1) {
            return Optional.empty();
        }
        var value = records.value();
        if (value == null || value.remaining() < VALUE_BYTES || value.getShort(0) < 0) {
            throw new MalformedBatchException("a transaction marker has no version and coordinator epoch as its value");
        }
        return Optional.of(new TransactionMarker(
                batch.producerId(),
                batch.producerEpoch(),
                type == 0 ? Outcome.ABORT : Outcome.COMMIT,
                value.getInt(2)));
    }
}
