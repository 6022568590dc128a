package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.record.Compression;
import io.weirlog.record.Record;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.record.RecordReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the tests of logs share.
final class TestLogs {
    static final PartitionIdentity IDENTITY =
            new PartitionIdentity("orders", new TopicPartition(new TopicId(new UUID(1, 2)), 3));
    static final LeaderEpoch EPOCH = new LeaderEpoch(0);
    static final long NOW = 1_700_000_000_000L;

    private TestLogs() {}

    static PartitionLog open(Path directory, LogConfig config) throws IOException {
        return PartitionLog.open(new FileStorage(), directory, IDENTITY, config);
    }

    /// For tests that open so many logs that waiting for the device would take all their time.
    static PartitionLog openUnsynced(Path directory, LogConfig config) throws IOException {
        return PartitionLog.open(new UnsyncedStorage(), directory, IDENTITY, config);
    }

    /// Opens a log that is ready for appends in [#EPOCH].
    static PartitionLog openLeader(Path directory, LogConfig config) throws IOException {
        var log = open(directory, config);
        log.beginEpoch(EPOCH);
        return log;
    }

    static ByteBuffer batch(int records, int valueBytes) {
        return batch(Compression.NONE, NOW, records, valueBytes, new Random(records));
    }

    static ByteBuffer batch(Compression compression, long timestampMillis, int records, int valueBytes, Random random) {
        var builder = new RecordBatchBuilder(compression, 256);
        for (var i = 0; i < records; i++) {
            var value = new byte[valueBytes];
            random.nextBytes(value);
            builder.append(timestampMillis + i, ("key" + i).getBytes(UTF_8), value, List.of());
        }
        return builder.build();
    }

    /// All records from an offset on, read slice by slice, each at most `maxBytes`.
    static List<Record> readAll(PartitionLog log, Offset from, int maxBytes, Offset upTo) throws Exception {
        var records = new ArrayList<Record>();
        var at = from;
        while (at.isBefore(upTo)) {
            try (var slice = slice(log, at, maxBytes, upTo)) {
                for (var record : records(bytes(slice))) {
                    if (record.offset() >= from.value()) {
                        records.add(record);
                    }
                }
                at = slice.nextOffset();
            }
        }
        return records;
    }

    static List<Record> readAll(PartitionLog log) throws Exception {
        return readAll(log, log.logStartOffset(), 1 << 20, log.logEndOffset());
    }

    static LogSlice slice(PartitionLog log, Offset from, int maxBytes, Offset upTo) throws IOException {
        return assertInstanceOf(ReadResult.Slice.class, log.read(from, maxBytes, upTo))
                .slice();
    }

    static ByteBuffer bytes(LogSlice slice) throws IOException {
        var bytes = ByteBuffer.allocate(slice.length());
        slice.copyTo(bytes);
        return bytes.flip();
    }

    static List<Record> records(ByteBuffer batches) throws Exception {
        var records = new ArrayList<Record>();
        var rest = batches.duplicate();
        while (rest.hasRemaining()) {
            var batch = RecordBatch.parse(rest);
            if (!batch.crcIsValid()) {
                throw new AssertionError("wrong CRC at offset " + batch.baseOffset());
            }
            records.addAll(RecordReader.readAll(batch, 1 << 26));
            rest.position(rest.position() + batch.sizeBytes());
        }
        return records;
    }

    /// What is in the directory, sorted.
    static List<String> names(Path directory) throws IOException {
        return new FileStorage().list(directory);
    }

    static void copyDirectory(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (var name : names(from)) {
            Files.copy(from.resolve(name), to.resolve(name));
        }
    }

    static void deleteDirectory(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
