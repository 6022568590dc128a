package io.weirlog.log.inspect;

/// An entry of one of a segment's indexes.
public sealed interface IndexEntry {
    /// Of `.index`: the batch at `position` of the segment ends with record `lastOffset`.
    record OfOffset(long lastOffset, int position) implements IndexEntry {}

    /// Of `.timeindex`: no record up to `lastOffset` is later than `timestampMillis`.
    record OfTime(long timestampMillis, long lastOffset) implements IndexEntry {}
}
