package io.weirlog.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordHeader;
import io.weirlog.record.RecordReader;
import io.weirlog.v1.ConsumedRecord;
import io.weirlog.v1.Header;
import io.weirlog.v1.Record;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Translates between plain records of the contract and record batches of the log.
public final class RecordCodec {
    private RecordCodec() {}

    /// Adds a record to a batch under construction.
    ///
    /// @param nowMillis its timestamp if it brings none
    public static void append(RecordBatchBuilder batch, Record record, long nowMillis) {
        batch.append(
                record.hasTimestamp() ? millis(record.getTimestamp()) : nowMillis,
                record.hasKey() ? record.getKey().toByteArray() : null,
                record.hasValue() ? record.getValue().toByteArray() : null,
                headers(record.getHeadersList()));
    }

    /// An upper bound on the record's encoded size in bytes, before compression.
    public static long encodedBytesMax(Record record) {
        return RecordBatchBuilder.recordBytesMax(
                record.getKey().size(),
                record.getValue().size(),
                RecordBatchBuilder.headerBytesMax(headers(record.getHeadersList())));
    }

    private static List<RecordHeader> headers(List<Header> headers) {
        if (headers.isEmpty()) {
            return List.of();
        }
        List<RecordHeader> converted = new ArrayList<>(headers.size());
        for (var header : headers) {
            converted.add(new RecordHeader(
                    header.getKey(), header.hasValue() ? header.getValue().toByteArray() : null));
        }
        return converted;
    }

    /// Decodes the records of whole batches from `firstOffset` on, at most `recordsMax` of them. Control batches are
    /// the
    /// log's own business and left out.
    ///
    /// @param batches whole batches between position and limit, in memory that does not change any more
    public static List<ConsumedRecord> decode(
            ByteBuffer batches, long firstOffset, int recordsMax, int decompressedBytesMax)
            throws MalformedBatchException {
        List<ConsumedRecord> records = new ArrayList<>();
        var position = batches.position();
        while (position < batches.limit()) {
            var batch = RecordBatch.at(batches, position);
            position += batch.sizeBytes();
            if (batch.isControl()) {
                continue;
            }
            var reader = RecordReader.open(batch, decompressedBytesMax);
            while (reader.next()) {
                if (reader.offset() >= firstOffset) {
                    if (records.size() == recordsMax) {
                        return records;
                    }
                    records.add(decode(reader));
                }
            }
        }
        return records;
    }

    private static ConsumedRecord decode(RecordReader reader) {
        var record = ConsumedRecord.newBuilder()
                .setOffset(reader.offset())
                .setTimestamp(timestamp(reader.timestampMillis()));
        var key = reader.key();
        if (key != null) {
            record.setKey(bytes(key));
        }
        var value = reader.value();
        if (value != null) {
            record.setValue(bytes(value));
        }
        for (var header : reader.headers()) {
            record.addHeaders(header(header.key(), header.value()));
        }
        return record.build();
    }

    private static Header header(String key, byte @Nullable [] value) {
        var header = Header.newBuilder().setKey(key);
        if (value != null) {
            header.setValue(UnsafeByteOperations.unsafeWrap(value));
        }
        return header.build();
    }

    /// Without a copy: the memory is the reader's own and is not written again.
    private static ByteString bytes(ByteBuffer memory) {
        return UnsafeByteOperations.unsafeWrap(memory);
    }

    public static Timestamp timestamp(long millis) {
        return Timestamp.newBuilder()
                .setSeconds(Math.floorDiv(millis, 1000L))
                .setNanos((int) Math.floorMod(millis, 1000L) * 1_000_000)
                .build();
    }

    /// Milliseconds since the epoch; finer parts are cut off.
    public static long millis(Timestamp timestamp) {
        return timestamp.getSeconds() * 1000 + timestamp.getNanos() / 1_000_000;
    }

    /// The codec that a request asks for; empty if it leaves the choice to the topic.
    public static Optional<Compression> compression(io.weirlog.v1.Compression requested) {
        return switch (requested) {
            case COMPRESSION_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
            case COMPRESSION_NONE -> Optional.of(Compression.NONE);
            case COMPRESSION_GZIP -> Optional.of(Compression.GZIP);
            case COMPRESSION_SNAPPY -> Optional.of(Compression.SNAPPY);
            case COMPRESSION_LZ4 -> Optional.of(Compression.LZ4);
            case COMPRESSION_ZSTD -> Optional.of(Compression.ZSTD);
        };
    }
}
