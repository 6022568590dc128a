package io.weirlog.log.inspect;

import io.weirlog.record.RecordBatch;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Whether two logs have the same batches, byte by byte, as replicas of a partition have (R1): from where both have
/// begun to where the shorter one ends. Where their segments begin does not matter.
///
/// @param fromOffset the first offset that both have
/// @param toOffset one past the last offset that was compared and is the same
/// @param bytes of the batches that are the same
/// @param difference the first one, in the second log; empty if there is none
public record LogComparison(long fromOffset, long toOffset, long batches, long bytes, Optional<Finding> difference) {

    /// @param upTo nothing from this offset on is compared
    public static LogComparison compare(LogFiles first, LogFiles second, long upTo) throws IOException {
        try (var left = new Batches(first);
                var right = new Batches(second)) {
            var from = Math.max(left.startOffset(), right.startOffset());
            left.skipTo(from);
            right.skipTo(from);
            var to = from;
            var batches = 0L;
            var bytes = 0L;
            while (left.hasNext(upTo) && right.hasNext(upTo)) {
                var difference = difference(left, right);
                if (difference.isPresent()) {
                    return new LogComparison(from, to, batches, bytes, difference);
                }
                to = left.batch().nextOffset();
                batches++;
                bytes += left.batch().sizeBytes();
                left.advance();
                right.advance();
            }
            return new LogComparison(from, to, batches, bytes, Optional.empty());
        }
    }

    private static Optional<Finding> difference(Batches left, Batches right) {
        ByteBuffer one = left.batch().slice();
        ByteBuffer other = right.batch().slice();
        var at = one.mismatch(other);
        return at < 0
                ? Optional.empty()
                : Optional.of(new Finding(
                        right.file(),
                        right.position() + at,
                        "the batch of offsets " + right.batch().baseOffset() + " to "
                                + right.batch().lastOffset() + " differs from " + left.file() + ", byte "
                                + (left.position() + at)));
    }

    /// The batches of all segments of a log, one after the other.
    private static final class Batches implements Closeable {
        private final LogFiles files;
        private final Iterator<Long> segments;
        private @Nullable SegmentWalk walk;
        private Path file;

        Batches(LogFiles files) throws IOException {
            this.files = files;
            this.segments = files.segments().iterator();
            this.file = files.directory();
            advance();
        }

        long startOffset() {
            return files.segments().isEmpty() ? 0 : files.segments().getFirst();
        }

        void skipTo(long offset) throws IOException {
            while (walk != null && walk.batch().nextOffset() <= offset) {
                advance();
            }
        }

        boolean hasNext(long upTo) {
            return walk != null && walk.batch().baseOffset() < upTo;
        }

        RecordBatch batch() {
            return current().batch();
        }

        Path file() {
            return file;
        }

        int position() {
            return current().position();
        }

        private SegmentWalk current() {
            var open = walk;
            if (open == null) {
                throw new IllegalStateException("there is no further batch in " + files.directory());
            }
            return open;
        }

        /// What follows a place where no batch can be recognised is left out, as a reader would.
        void advance() throws IOException {
            while (walk == null || !walk.next()) {
                var damaged = walk != null && walk.restProblem().isPresent();
                close();
                if (damaged || !segments.hasNext()) {
                    return;
                }
                file = files.segmentFile(segments.next(), LogFiles.LOG);
                walk = SegmentWalk.open(file);
            }
        }

        @Override
        public void close() {
            if (walk != null) {
                walk.close();
                walk = null;
            }
        }
    }
}
