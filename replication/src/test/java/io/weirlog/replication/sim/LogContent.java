package io.weirlog.replication.sim;

import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ReadResult;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// Reads logs for the oracle.
public final class LogContent {
    private LogContent() {}

    /// A record: in which epoch, and which.
    public record Entry(int epoch, long value) {
        /// Takes the place of a record that nobody can vouch for.
        static final Entry UNKNOWN = new Entry(-1, -1);

        boolean agreesWith(Entry other) {
            return equals(other) || equals(UNKNOWN) || other.equals(UNKNOWN);
        }
    }

    /// Where whole batches end.
    public static Offset end(ByteBuffer batches) {
        var rest = batches.duplicate();
        var end = 0L;
        while (rest.hasRemaining()) {
            var batch = RecordBatch.of(rest);
            end = batch.nextOffset();
            rest.position(rest.position() + batch.sizeBytes());
        }
        return new Offset(end);
    }

    public interface Visitor {
        void visit(long offset, Entry entry);
    }

    static void forEachBatch(PartitionLog log, long from, long upTo, Consumer<RecordBatch> visitor) throws IOException {
        var at = from;
        while (at < upTo) {
            if (!(log.read(new Offset(at), 1 << 20, new Offset(upTo)) instanceof ReadResult.Slice(var slice))) {
                return;
            }
            ByteBuffer bytes;
            try (slice) {
                bytes = ByteBuffer.allocate(slice.length());
                slice.copyTo(bytes);
                at = slice.nextOffset().value();
            }
            bytes.flip();
            if (!bytes.hasRemaining()) {
                return;
            }
            while (bytes.hasRemaining()) {
                var batch = RecordBatch.of(bytes);
                visitor.accept(batch);
                bytes.position(bytes.position() + batch.sizeBytes());
            }
        }
    }

    /// The records of the simulation's batches have their numbers from the batch's first timestamp on.
    public static void forEach(PartitionLog log, long from, long upTo, Visitor visitor) throws IOException {
        forEachBatch(log, from, upTo, batch -> {
            for (var i = 0; i < batch.recordCount(); i++) {
                var offset = batch.baseOffset() + i;
                if (offset >= from && offset < upTo) {
                    visitor.visit(offset, new Entry(batch.leaderEpoch(), batch.baseTimestamp() + i));
                }
            }
        });
    }
}
