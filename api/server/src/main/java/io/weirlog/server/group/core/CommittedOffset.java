package io.weirlog.server.group.core;

import io.weirlog.common.Invariant;
import java.util.OptionalInt;

/// Where a group reads on in one partition.
///
/// @param leaderEpoch of the last record read
/// @param metadataIndex of the metadata that the topic was found in: only newer ones can tell that it is gone
public record CommittedOffset(
        long nextOffset, OptionalInt leaderEpoch, String note, long commitMillis, long metadataIndex) {
    public CommittedOffset {
        Invariant.check(nextOffset >= 0, "negative offset %s", nextOffset);
    }
}
