package io.weirlog.log;

import io.weirlog.common.Offset;

/// The time and place of a record.
public record TimestampAndOffset(long timestampMillis, Offset offset) {}
