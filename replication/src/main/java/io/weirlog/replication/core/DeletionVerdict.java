package io.weirlog.replication.core;

import io.weirlog.common.Offset;

/// What a leader makes of the wish that the records before an offset be deleted.
public sealed interface DeletionVerdict {
    /// They may go: the log is to begin at `start`, durably, and then [LeaderEvent.LogStartMoved] tells the followers.
    record Delete(Offset start) implements DeletionVerdict {}

    /// They are gone: the log begins at `start` already.
    record AlreadyGone(Offset start) implements DeletionVerdict {}

    /// What is not below the high watermark may still be truncated, and is not to be deleted by offset.
    record BeyondHighWatermark(Offset start, Offset highWatermark) implements DeletionVerdict {}

    /// A new leader does not know yet how far its predecessor's watermark was.
    record EndUnknown() implements DeletionVerdict {}
}
