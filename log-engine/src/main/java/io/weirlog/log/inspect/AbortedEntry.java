package io.weirlog.log.inspect;

/// An entry of a segment's transaction index: a transaction that was aborted.
///
/// @param lastOffset of the marker that ended it
/// @param lastStableOffset once that was there
public record AbortedEntry(long producerId, long firstOffset, long lastOffset, long lastStableOffset) {}
