package io.weirlog.client;

import java.util.OptionalLong;

/// An offset that was looked up in a partition.
///
/// @param offset empty: no record is that young
public record PartitionOffset(PartitionRef partition, OptionalLong offset) {}
