package io.weirlog.log.inspect;

import io.weirlog.record.BatchFormat;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/// Sizes and counts of one log, of the batches that can be read.
///
/// @param startOffset of the first segment
/// @param endOffset one past the last record
/// @param logBytes of all segments, indexes not counted
/// @param unpackedBytes what the batches would have without compression
/// @param producers as of the newest snapshot that can be read
/// @param firstTimestampMillis the earliest time of a record; empty if none has one
public record LogStats(
        long segments,
        long batches,
        long records,
        long startOffset,
        long endOffset,
        long logBytes,
        long indexBytes,
        long unpackedBytes,
        Optional<Producers> producers,
        OptionalLong firstTimestampMillis,
        OptionalLong lastTimestampMillis) {
    /// What a snapshot knows of producers.
    ///
    /// @param offset before which it was taken
    public record Producers(long offset, int known, int openTransactions) {}

    private static final int DECOMPRESSED_BYTES_MAX = 64 << 20;

    public static LogStats of(LogFiles files) throws IOException {
        var counter = new Counter();
        var indexBytes = 0L;
        var logBytes = 0L;
        for (var base : files.segments()) {
            logBytes += Files.size(files.segmentFile(base, LogFiles.LOG));
            indexBytes += sizeOf(files.segmentFile(base, LogFiles.OFFSET_INDEX))
                    + sizeOf(files.segmentFile(base, LogFiles.TIME_INDEX));
            try (var walk = SegmentWalk.open(files.segmentFile(base, LogFiles.LOG))) {
                while (walk.next()) {
                    counter.count(walk.batch());
                }
            }
        }
        var start = files.segments().isEmpty() ? 0 : files.segments().getFirst();
        return new LogStats(
                files.segments().size(),
                counter.batches,
                counter.records,
                start,
                Math.max(
                        counter.endOffset,
                        files.segments().isEmpty() ? 0 : files.segments().getLast()),
                logBytes,
                indexBytes,
                counter.unpackedBytes,
                producers(files),
                counter.first == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(counter.first),
                counter.last < 0 ? OptionalLong.empty() : OptionalLong.of(counter.last));
    }

    /// How many times smaller the batches are than they would be uncompressed.
    public double compressionRatio() {
        return logBytes == 0 ? 1 : (double) unpackedBytes / logBytes;
    }

    private static Optional<Producers> producers(LogFiles files) throws IOException {
        for (var offset : files.snapshots().reversed()) {
            var entries = files.producers(offset);
            if (entries.isPresent()) {
                var open = entries.get().stream()
                        .filter(entry -> entry.transactionStart().isPresent())
                        .count();
                return Optional.of(new Producers(offset, entries.get().size(), (int) open));
            }
        }
        return Optional.empty();
    }

    private static long sizeOf(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    private static final class Counter {
        private long batches;
        private long records;
        private long endOffset;
        private long unpackedBytes;
        private long first = Long.MAX_VALUE;
        private long last = -1;

        void count(RecordBatch batch) {
            batches++;
            records += Math.max(0, batch.recordCount());
            endOffset = Math.max(endOffset, batch.nextOffset());
            last = Math.max(last, batch.maxTimestamp());
            unpackedBytes += BatchFormat.HEADER_BYTES;
            try {
                var reader = RecordReader.open(batch, DECOMPRESSED_BYTES_MAX);
                while (reader.next()) {
                    unpackedBytes += reader.recordBytes();
                    if (reader.timestampMillis() >= 0) {
                        first = Math.min(first, reader.timestampMillis());
                    }
                }
            } catch (MalformedBatchException e) {
                // Counted as it lies there; verifying tells what is wrong with it.
                unpackedBytes += batch.sizeBytes() - BatchFormat.HEADER_BYTES;
            }
        }
    }
}
