package io.weirlog.server.group;

import com.google.protobuf.ByteString;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ReadResult;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordReader;
import io.weirlog.server.group.core.GroupRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The records of groups in a partition of `__offsets`.
final class GroupLog {
    private static final int READ_BYTES = 1 << 20;
    private static final int BATCH_BYTES = 1024;

    private GroupLog() {}

    /// One batch, so that the records are there all or none.
    static ByteBuffer encode(List<GroupRecord> records, long nowMillis) {
        var builder = new RecordBatchBuilder(Compression.NONE, BATCH_BYTES);
        for (var record : records) {
            var encoded = GroupRecordCodec.encode(record);
            builder.append(
                    nowMillis,
                    encoded.key().asReadOnlyByteBuffer(),
                    encoded.value().map(ByteString::asReadOnlyByteBuffer).orElse(null),
                    List.of());
        }
        return builder.build();
    }

    /// Reads all records before `end`, in order.
    ///
    /// @param decompressedBytesMax of one batch
    /// @throws MalformedRecordException if one of them is none that this version knows
    static void read(PartitionLog log, Offset end, int decompressedBytesMax, Consumer<GroupRecord> records)
            throws IOException, MalformedBatchException {
        var from = log.logStartOffset();
        while (from.isBefore(end)) {
            switch (log.read(from, READ_BYTES, end)) {
                case ReadResult.OutOfRange outside -> from = outside.start(); // The oldest were deleted meanwhile.
                case ReadResult.Slice(var slice) -> {
                    try (slice) {
                        var bytes = ByteBuffer.allocate(slice.length());
                        slice.copyTo(bytes);
                        readBatches(bytes.flip(), decompressedBytesMax, records);
                        from = slice.nextOffset();
                    }
                }
            }
        }
    }

    private static void readBatches(ByteBuffer bytes, int decompressedBytesMax, Consumer<GroupRecord> records)
            throws MalformedBatchException, MalformedRecordException {
        while (bytes.hasRemaining()) {
            var batch = RecordBatch.parse(bytes.slice());
            bytes.position(bytes.position() + batch.sizeBytes());
            if (batch.isControl()) {
                continue;
            }
            var reader = RecordReader.open(batch, decompressedBytesMax);
            while (reader.next()) {
                var key = copyOf(reader.key());
                if (key.isEmpty()) {
                    throw new MalformedRecordException("a record without a key at offset " + reader.offset());
                }
                records.accept(GroupRecordCodec.decode(key.get(), copyOf(reader.value())));
            }
        }
    }

    private static Optional<ByteString> copyOf(@Nullable ByteBuffer buffer) {
        return Optional.ofNullable(buffer).map(bytes -> ByteString.copyFrom(bytes.duplicate()));
    }
}
