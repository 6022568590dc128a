package io.weirlog.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Decides which of a log's segments may be compacted, and which of them become one. Pure.
final class CompactionPolicy {
    private final LogConfig config;

    CompactionPolicy(LogConfig config) {
        this.config = config;
    }

    /// A segment that is complete.
    ///
    /// @param endOffset one past its last offset
    record Extent(long baseOffset, long endOffset, int sizeBytes, int offsetIndexBytes, int timeIndexBytes) {}

    /// The latest time of a segment's records; empty if none has one. Asked for only where it matters.
    @FunctionalInterface
    interface LatestTimestamps {
        OptionalLong of(int segment) throws IOException;
    }

    /// How many of the completed segments may be cleaned: none of which a record is beyond the clean point (C2) or
    /// younger than `min.compaction.lag.ms`.
    ///
    /// @param endOffsets of all completed segments
    int cleanableSegments(
            List<Long> endOffsets, int firstDirty, long cleanPointMax, LatestTimestamps timestamps, long nowMillis)
            throws IOException {
        var count = firstDirty;
        while (count < endOffsets.size()
                && endOffsets.get(count) <= cleanPointMax
                && !isTooYoung(timestamps, count, nowMillis)) {
            count++;
        }
        return count;
    }

    private boolean isTooYoung(LatestTimestamps timestamps, int segment, long nowMillis) throws IOException {
        var lagMillis = config.compaction().lagMillisMin();
        if (lagMillis == 0) {
            return false;
        }
        var latest = timestamps.of(segment);
        return latest.isPresent() && latest.getAsLong() > nowMillis - lagMillis;
    }

    /// Whether records of this age must be cleaned whatever the dirty ratio is.
    ///
    /// @param firstTimestamp of the dirty part; empty if it has none
    boolean isOverdue(OptionalLong firstTimestamp, long nowMillis) {
        return firstTimestamp.isPresent()
                && nowMillis - firstTimestamp.getAsLong() > config.compaction().lagMillisMax();
    }

    /// Neighbours that become one segment: what is left of them fits `segment.bytes` and the room of the indexes
    /// whatever stays, and its offsets are within 2³¹ of its base (KAFKA-6264).
    List<List<Extent>> group(List<Extent> segments) {
        var groups = new ArrayList<List<Extent>>();
        var group = new ArrayList<Extent>();
        for (var segment : segments) {
            if (!group.isEmpty() && !fits(group, segment)) {
                groups.add(List.copyOf(group));
                group.clear();
            }
            group.add(segment);
        }
        if (!group.isEmpty()) {
            groups.add(List.copyOf(group));
        }
        return groups;
    }

    private boolean fits(List<Extent> group, Extent next) {
        var sizeBytes = (long) next.sizeBytes();
        var offsetIndexBytes = (long) next.offsetIndexBytes();
        var timeIndexBytes = (long) next.timeIndexBytes();
        for (var segment : group) {
            sizeBytes += segment.sizeBytes();
            offsetIndexBytes += segment.offsetIndexBytes();
            timeIndexBytes += segment.timeIndexBytes();
        }
        return sizeBytes <= config.segmentBytes()
                && offsetIndexBytes <= config.segmentIndexBytes()
                && timeIndexBytes <= config.segmentIndexBytes()
                && next.endOffset() - 1 - group.getFirst().baseOffset() <= Integer.MAX_VALUE;
    }
}
