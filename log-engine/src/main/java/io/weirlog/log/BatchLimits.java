package io.weirlog.log;

/// What a batch from outside may cost.
///
/// @param batchBytesMax the batch as it is stored; no single record may be larger either, packed or not
/// @param decompressedBytesMax all its records once unpacked
/// @param keysRequired whether each record needs a key: without one, compaction would have to drop it
public record BatchLimits(int batchBytesMax, int decompressedBytesMax, boolean keysRequired) {}
