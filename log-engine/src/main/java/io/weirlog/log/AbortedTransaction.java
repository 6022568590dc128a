package io.weirlog.log;

/// A producer's transaction that was aborted: readers of committed records leave out the producer's transactional
/// batches of these offsets.
///
/// @param firstOffset where it began
/// @param lastOffset that of its marker
/// @param lastStableOffset the first offset that was not decided once the marker was in the log
public record AbortedTransaction(long producerId, long firstOffset, long lastOffset, long lastStableOffset) {}
