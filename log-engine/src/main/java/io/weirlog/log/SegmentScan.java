package io.weirlog.log;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Reads segments from front to end, checks every batch as far as it can be checked, and builds the indexes.
///
/// The CRC covers neither base offset nor length nor epoch: these have to continue what came before.
final class SegmentScan {
    private final boolean gapsAllowed;
    private final Optional<EpochHistory> knownEpochs;
    private final List<EpochHistory.Entry> epochs;
    private final ScannedProducers producers;
    private long nextOffset;
    private int lastEpoch;

    /// @param knownEpochs what the checkpoint says, to which every batch must conform: it is written before the
    ///     batches
    /// @param epochs receives the first batch of each epoch
    /// @param producers receives every batch
    SegmentScan(
            boolean gapsAllowed,
            Optional<EpochHistory> knownEpochs,
            long firstOffset,
            List<EpochHistory.Entry> epochs,
            ScannedProducers producers) {
        this.gapsAllowed = gapsAllowed;
        this.knownEpochs = knownEpochs;
        this.nextOffset = firstOffset;
        this.epochs = epochs;
        this.producers = producers;
    }

    /// One past the last good record.
    long nextOffset() {
        return nextOffset;
    }

    /// The end of a segment's good part, and what is wrong behind it.
    record Outcome(int validBytes, Optional<String> problem) {}

    Outcome scan(Storage storage, Path file, long baseOffset, SegmentIndexes indexes) throws IOException {
        // Also where offsets have gaps: compaction leaves none between segments.
        if (baseOffset != nextOffset) {
            return new Outcome(
                    0, Optional.of("the segment begins at offset " + baseOffset + ", expected " + nextOffset));
        }
        producers.beginSegment(baseOffset);
        try (var in = storage.openForRead(file);
                var arena = Arena.ofConfined()) {
            var sizeBytes = in.sizeBytes();
            if (sizeBytes > Integer.MAX_VALUE) {
                return new Outcome(0, Optional.of("the segment has " + sizeBytes + " bytes"));
            }
            if (sizeBytes == 0) {
                nextOffset = baseOffset;
                return new Outcome(0, Optional.empty());
            }
            return scan(in.map(arena, sizeBytes).asByteBuffer(), baseOffset, indexes);
        } catch (InternalError e) {
            // How the JVM reports that a mapped page cannot be read.
            throw new IOException("cannot read " + file, e);
        }
    }

    private Outcome scan(ByteBuffer segment, long baseOffset, SegmentIndexes indexes) throws IOException {
        var end = segment.limit();
        var at = 0;
        while (at < end) {
            var batch = RecordBatch.at(segment, at);
            var problem = problemOf(batch, end - at, baseOffset);
            if (problem.isPresent()) {
                return new Outcome(at, problem);
            }
            if (batch.leaderEpoch() > lastEpoch || epochs.isEmpty()) {
                epochs.add(
                        new EpochHistory.Entry(new LeaderEpoch(batch.leaderEpoch()), new Offset(batch.baseOffset())));
            }
            lastEpoch = batch.leaderEpoch();
            nextOffset = batch.nextOffset();
            indexes.add(batch, at);
            producers.take(batch);
            at += batch.sizeBytes();
        }
        return new Outcome(at, Optional.empty());
    }

    private Optional<String> problemOf(RecordBatch batch, int bytesLeft, long segmentBase) {
        if (bytesLeft < BatchFormat.HEADER_BYTES) {
            return Optional.of("a batch header is cut off");
        }
        var sizeBytes = batch.sizeBytes();
        if (sizeBytes < BatchFormat.HEADER_BYTES || sizeBytes > bytesLeft) {
            return Optional.of("a batch claims " + sizeBytes + " bytes, " + bytesLeft + " are left");
        }
        if (batch.magic() != BatchFormat.MAGIC) {
            return Optional.of("a batch has the format (magic) " + batch.magic());
        }
        if (!batch.crcIsValid()) {
            return Optional.of("a batch's CRC is wrong");
        }
        var base = batch.baseOffset();
        if (base != nextOffset && !(gapsAllowed && base > nextOffset)) {
            return Optional.of("a batch begins at offset " + base + ", expected " + nextOffset);
        }
        if (batch.lastOffsetDelta() < 0 || batch.lastOffset() - segmentBase > Integer.MAX_VALUE) {
            return Optional.of("a batch ends at offset " + batch.lastOffset());
        }
        if (batch.leaderEpoch() < lastEpoch) {
            return Optional.of("a batch of epoch " + batch.leaderEpoch() + " follows one of epoch " + lastEpoch);
        }
        var known = knownEpochs.flatMap(history -> history.epochAt(new Offset(base)));
        if (known.isPresent() && known.get().value() != batch.leaderEpoch()) {
            return Optional.of("a batch at offset " + base + " is of epoch " + batch.leaderEpoch()
                    + ", by the checkpoint it must be " + known.get());
        }
        return Optional.empty();
    }
}
