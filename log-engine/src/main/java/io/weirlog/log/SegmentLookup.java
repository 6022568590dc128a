package io.weirlog.log;

import java.io.IOException;
import java.util.OptionalLong;

/// Finds places in one segment through its indexes, up to where a view of the log goes.
///
/// An index file has no checksum, so no entry is believed before the batch that it tells of was seen: an entry
/// of the offset index must name the last offset of the batch at its position, one of the time index the latest
/// time of the batch that holds its offset. Where that is not so the indexes are rejected
/// ([Segment#rejectIndexes]), and the segment is walked from its front: a damaged index costs time, never an
/// answer (X1, X2).
///
/// That a batch is there does not show that no earlier one is as late. So a search by time begins one entry
/// before the one that it found: of the two, at most one can be the damaged one, and from either of them
/// nothing is missed.
final class SegmentLookup {
    private final Segment segment;
    private final Indexes source;
    private final int end;
    private final long endOffset;

    @FunctionalInterface
    private interface Indexes {
        SegmentIndexes get() throws IOException;
    }

    /// @param end where the view's last batch of this segment ends
    /// @param endOffset one past the view's last offset in this segment
    SegmentLookup(Segment segment, int end, long endOffset) {
        this(segment, segment::indexes, end, endOffset);
    }

    private SegmentLookup(Segment segment, Indexes source, int end, long endOffset) {
        this.segment = segment;
        this.source = source;
        this.end = end;
        this.endOffset = endOffset;
    }

    /// Of the whole of a segment that is part of a view.
    static SegmentLookup in(LogView view, int index) {
        return new SegmentLookup(view.segment(index), view.endPosition(index), view.endOffset(index));
    }

    /// Whether the last entries of indexes that the segment might go on with tell of batches in it.
    static boolean canBeContinued(Segment segment, SegmentIndexes found, int end, long endOffset) throws IOException {
        var lookup = new SegmentLookup(segment, () -> found, end, endOffset);
        var offsets = found.offsets().entries();
        var times = found.times().entries();
        return (offsets == 0 || lookup.isTrue(found.offsets(), offsets - 1))
                && (times == 0 || lookup.isTrue(found.times(), times - 1));
    }

    private boolean isTrue(OffsetIndex offsets, int entry) throws IOException {
        var position = offsets.position(entry);
        if (position < 0 || position >= end) {
            return false;
        }
        try (var headers = walkAt(position)) {
            return headers.nextEndsWith(offsets.lastOffset(entry));
        }
    }

    HeaderCursor walk() throws IOException {
        return walkAt(0);
    }

    /// @param position where a batch begins, or the end
    HeaderCursor walkAt(int position) throws IOException {
        return new HeaderCursor(segment.reader(), segment.file(), position, end);
    }

    /// A walk that begins with the batch that holds the offset, or before it.
    HeaderCursor walkFrom(long offset) throws IOException {
        var indexes = source.get();
        return walkFromLastOf(indexes, indexes.offsets().countUpTo(offset), end, offset);
    }

    /// A walk that begins at or before a byte of the segment.
    HeaderCursor walkFromPosition(int position) throws IOException {
        var indexes = source.get();
        return walkFromLastOf(indexes, indexes.offsets().countUpToPosition(position), position, Long.MAX_VALUE);
    }

    /// A walk that begins neither before `floor`, where a batch begins, nor after the last batch before both
    /// limits, unless that is before the floor.
    HeaderCursor walkNear(int floor, int positionLimit, long offsetLimit) throws IOException {
        var indexes = source.get();
        var offsets = indexes.offsets();
        var count = Math.min(offsets.countUpToPosition(positionLimit - 1L), offsets.countUpTo(offsetLimit - 1));
        if (count == 0 || offsets.position(count - 1) <= floor) {
            return walkAt(floor);
        }
        var found = walkFromLastOf(indexes, count, positionLimit - 1, offsetLimit - 1);
        if (found.startPosition() >= floor) {
            return found;
        }
        found.close();
        return walkAt(floor);
    }

    /// A walk from the last of the first `count` entries, from the front if there is none that can be believed.
    private HeaderCursor walkFromLastOf(SegmentIndexes indexes, int count, int positionMax, long offsetMax)
            throws IOException {
        if (count == 0) {
            return walk();
        }
        var position = indexes.offsets().position(count - 1);
        var lastOffset = indexes.offsets().lastOffset(count - 1);
        if (position >= 0 && position <= positionMax && position < end && lastOffset <= offsetMax) {
            var headers = walkAt(position);
            if (headers.nextEndsWith(lastOffset)) {
                return headers;
            }
            headers.close();
        }
        segment.rejectIndexes(indexes);
        return walk();
    }

    /// A walk that misses no batch with a record as late as the time.
    HeaderCursor walkFromTime(long timestampMillis) throws IOException {
        var indexes = source.get();
        var times = indexes.times();
        var count = times.countUpTo(timestampMillis);
        // The owner may have gone on since the view was made.
        while (count > 0 && times.offset(count - 1) >= endOffset) {
            count--;
        }
        if (count == 0) {
            return walk();
        }
        if (!isTrue(times, count - 1)) {
            segment.rejectIndexes(indexes);
            return walk();
        }
        if (count == 1) {
            return walk();
        }
        var previous = times.offset(count - 2);
        if (previous >= times.offset(count - 1) || !isTrue(times, count - 2)) {
            segment.rejectIndexes(indexes);
            return walk();
        }
        return walkFrom(previous);
    }

    /// The latest time of a completed segment's batches, if one of them has one.
    OptionalLong latestTimestampMillis() throws IOException {
        var indexes = source.get();
        var entries = indexes.times().entries();
        if (entries == 0) {
            return OptionalLong.empty();
        }
        if (isTrue(indexes.times(), entries - 1)) {
            return OptionalLong.of(indexes.times().timestamp(entries - 1));
        }
        segment.rejectIndexes(indexes);
        var latest = -1L;
        try (var headers = walk()) {
            while (headers.next()) {
                if (headers.header().recordCount() > 0) {
                    latest = Math.max(latest, headers.header().maxTimestamp());
                }
            }
        }
        return latest < 0 ? OptionalLong.empty() : OptionalLong.of(latest);
    }

    private boolean isTrue(TimeIndex times, int entry) throws IOException {
        var offset = times.offset(entry);
        if (offset < segment.baseOffset() || offset >= endOffset) {
            return false;
        }
        try (var headers = walkFrom(offset)) {
            while (headers.next()) {
                var header = headers.header();
                if (header.lastOffset() >= offset) {
                    return header.baseOffset() <= offset && header.maxTimestamp() == times.timestamp(entry);
                }
            }
            return false;
        }
    }
}
