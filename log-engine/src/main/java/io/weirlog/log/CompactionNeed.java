package io.weirlog.log;

import io.weirlog.common.Offset;

/// How much a log wants to be compacted.
///
/// @param cleanBytes of the segments that were cleaned
/// @param dirtyBytes of those that were not, and may be
/// @param firstDirtyOffset where these begin
/// @param cleanableEnd where these end
/// @param overdue whether a record in them is older than `max.compaction.lag.ms`
public record CompactionNeed(
        long cleanBytes, long dirtyBytes, Offset firstDirtyOffset, Offset cleanableEnd, boolean overdue) {
    /// From 0 to 1.
    public double dirtyRatio() {
        return dirtyBytes == 0 ? 0 : (double) dirtyBytes / (cleanBytes + dirtyBytes);
    }

    /// Whether the log should be cleaned now.
    public boolean isDue(CompactionConfig config) {
        return dirtyBytes > 0 && (overdue || dirtyRatio() > config.dirtyRatioMin());
    }
}
