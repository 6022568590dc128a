package io.weirlog.log;

/// How a log is compacted. Names and defaults are those of Kafka's topic configs.
///
/// @param dirtyRatioMin `min.cleanable.dirty.ratio`: the share of a log that must be dirty before it is cleaned
/// @param lagMillisMin `min.compaction.lag.ms`: how long a record stays as it was written
/// @param lagMillisMax `max.compaction.lag.ms`: after how long it is cleaned, whatever the ratio is
/// @param deleteRetentionMillis `delete.retention.ms`: how long a tombstone stays after it was first cleaned (C3)
public record CompactionConfig(double dirtyRatioMin, long lagMillisMin, long lagMillisMax, long deleteRetentionMillis) {
    static final CompactionConfig DEFAULTS = new CompactionConfig(0.5, 0, Long.MAX_VALUE, 24L * 60 * 60 * 1000);

    CompactionConfig withDirtyRatioMin(double value) {
        return new CompactionConfig(value, lagMillisMin, lagMillisMax, deleteRetentionMillis);
    }

    CompactionConfig withLagMillisMin(long value) {
        return new CompactionConfig(dirtyRatioMin, value, lagMillisMax, deleteRetentionMillis);
    }

    CompactionConfig withLagMillisMax(long value) {
        return new CompactionConfig(dirtyRatioMin, lagMillisMin, value, deleteRetentionMillis);
    }

    CompactionConfig withDeleteRetentionMillis(long value) {
        return new CompactionConfig(dirtyRatioMin, lagMillisMin, lagMillisMax, value);
    }
}
