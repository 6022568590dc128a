package io.weirlog.client;

import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.wire.Framed;
import io.weirlog.wire.ReceivedPayload;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Reads the records of one message, as many at a time as are wanted.
final class BatchCursor implements AutoCloseable {
    private static final int DECOMPRESSED_BYTES_MAX = 256 * 1024 * 1024;

    private final PartitionReading reading;
    private final Framed<ConsumeResponse> framed;
    private final Batch message;
    private final ByteBuffer rest;
    private final int sizeBytes;
    private @Nullable RecordBatch batch;
    private @Nullable RecordReader reader;
    /// Of `batch`: one object for all of its records.
    private OptionalInt leaderEpoch = OptionalInt.empty();

    BatchCursor(PartitionReading reading, Framed<ConsumeResponse> framed) {
        this.reading = reading;
        this.framed = framed;
        this.message = framed.message().getBatch();
        this.sizeBytes = framed.payload().length();
        this.rest = framed.payload() instanceof ReceivedPayload received
                ? received.buffer().duplicate()
                : ByteBuffer.allocate(0);
        reading.began();
    }

    PartitionReading reading() {
        return reading;
    }

    int recordsTaken() {
        return message.getRecordCount();
    }

    int bytesTaken() {
        return sizeBytes;
    }

    /// Adds records until `records` has `recordsMax`; true if there are none left here.
    ///
    /// @throws MalformedBatchException if the bytes are damaged; the records added before are good
    boolean readInto(List<ConsumerRecord> records, int recordsMax) throws MalformedBatchException {
        while (records.size() < recordsMax) {
            if (reader == null && !openNext()) {
                reading.finished(message.getNextOffset());
                return true;
            }
            if (reader != null && batch != null && !readRecord(reader, records)) {
                reading.finished(batch.nextOffset());
                reader = null;
            }
        }
        return false;
    }

    private boolean openNext() throws MalformedBatchException {
        while (rest.hasRemaining()) {
            var next = RecordBatch.parse(rest);
            rest.position(rest.position() + next.sizeBytes());
            if (next.isControl() || next.nextOffset() <= reading.position()) {
                continue;
            }
            if (!next.crcIsValid()) {
                throw new MalformedBatchException("the checksum of " + next + " is wrong");
            }
            batch = next;
            leaderEpoch = next.leaderEpoch() < 0 ? OptionalInt.empty() : OptionalInt.of(next.leaderEpoch());
            reader = RecordReader.open(next, DECOMPRESSED_BYTES_MAX);
            return true;
        }
        return false;
    }

    private boolean readRecord(RecordReader from, List<ConsumerRecord> records) throws MalformedBatchException {
        if (!from.next()) {
            return false;
        }
        if (from.offset() >= reading.position()) {
            records.add(new ConsumerRecord(
                    reading.partition(),
                    from.offset(),
                    from.timestampMillis(),
                    from.keyCopy(),
                    from.valueCopy(),
                    from.headers()));
            reading.returned(from.offset(), leaderEpoch);
        }
        return true;
    }

    @Override
    public void close() {
        framed.close();
    }
}
