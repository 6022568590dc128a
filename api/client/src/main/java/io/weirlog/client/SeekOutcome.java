package io.weirlog.client;

import java.util.Optional;
import java.util.OptionalLong;

/// @param before what was committed before, if anything
/// @param after what is committed now, or would be
/// @param refused why nothing was changed here
public record SeekOutcome(
        PartitionRef partition, OptionalLong before, OptionalLong after, Optional<WeirlogException> refused) {}
