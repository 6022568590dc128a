package io.weirlog.log;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/// Decides which of a log's oldest segments may go, by `retention.ms` and `retention.bytes`. Pure.
///
/// A segment's age is that of its latest record. Where no record has a time, or one claims to come from the future,
/// the segment is taken to be as old as the next one that can be believed: it was written before it. So neither a
/// producer with a wrong clock keeps a log for ever, nor does a clock that was set back delete it.
final class RetentionPolicy {
    private final LogConfig config;

    RetentionPolicy(LogConfig config) {
        this.config = config;
    }

    /// @param endOffset one past its last offset
    record SegmentExtent(long endOffset, int sizeBytes) {}

    /// The latest time of a segment's records. Asked for only where it matters, for it may have to be read.
    @FunctionalInterface
    interface LatestTimestamps {
        OptionalLong of(int segment) throws IOException;
    }

    /// @param segments all, the oldest first, the last being the active one
    /// @param nowMillis what the clock says
    /// @param trustedNowMillis what may be believed of it ([RetentionClock])
    /// @param endOffsetMax what ends beyond it stays: the last stable offset (T1)
    /// @return how many of the oldest may go; all of them only if the active one is too old as well
    int expiredSegments(
            List<SegmentExtent> segments,
            LatestTimestamps timestamps,
            long nowMillis,
            long trustedNowMillis,
            long endOffsetMax)
            throws IOException {
        if (!config.deleting()) {
            return 0;
        }
        var deletable = 0;
        while (deletable < segments.size() && segments.get(deletable).endOffset() <= endOffsetMax) {
            deletable++;
        }
        var bySize = Math.min(deletable, tooMany(segments));
        var expired = bySize;
        while (expired < deletable && isTooOld(expired, segments.size(), timestamps, nowMillis, trustedNowMillis)) {
            expired++;
        }
        return expired;
    }

    /// How many segments there are beyond what `retention.bytes` wants to be kept; never the active one.
    private int tooMany(List<SegmentExtent> segments) {
        if (config.retentionBytes().isEmpty()) {
            return 0;
        }
        var surplusBytes = -config.retentionBytes().getAsLong();
        for (var segment : segments) {
            surplusBytes += segment.sizeBytes();
        }
        var count = 0;
        while (count < segments.size() - 1
                && surplusBytes >= segments.get(count).sizeBytes()) {
            surplusBytes -= segments.get(count).sizeBytes();
            count++;
        }
        return count;
    }

    private boolean isTooOld(
            int first, int segmentCount, LatestTimestamps timestamps, long nowMillis, long trustedNowMillis)
            throws IOException {
        if (config.retentionMillis().isEmpty()) {
            return false;
        }
        for (var i = first; i < segmentCount; i++) {
            var latest = timestamps.of(i);
            if (latest.isPresent() && latest.getAsLong() <= nowMillis) {
                return trustedNowMillis - latest.getAsLong()
                        > config.retentionMillis().getAsLong();
            }
        }
        return false;
    }
}
