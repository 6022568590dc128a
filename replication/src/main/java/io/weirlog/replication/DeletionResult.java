package io.weirlog.replication;

import io.weirlog.common.Offset;

/// What became of the wish that the records before an offset be deleted.
public sealed interface DeletionResult {
    /// The log begins there now, durably on this broker.
    record Begins(Offset logStart) implements DeletionResult {}

    /// The offset is beyond the high watermark.
    record OutOfRange(Offset logStart, Offset highWatermark) implements DeletionResult {}

    /// This broker leads, and does not know yet how far its predecessor's watermark was.
    record EndUnknown() implements DeletionResult {}

    /// The topic's `cleanup.policy` does not contain `delete`.
    record OnlyCompacted() implements DeletionResult {}

    /// This broker does not lead the partition.
    record NotLeader() implements DeletionResult {}

    /// A bound of the broker is reached: `limit` names it.
    record Overloaded(String limit) implements DeletionResult {}

    /// The log failed; the records may or may not be gone.
    record StorageFailed(String message) implements DeletionResult {}

    record ShuttingDown() implements DeletionResult {}

    /// What a partition answers that this broker does not lead.
    static DeletionResult withoutLeader(PartitionView view) {
        return switch (view) {
            case PartitionView.Opening _, PartitionView.Leading _, PartitionView.Following _ -> new NotLeader();
            case PartitionView.Failed(var message) -> new StorageFailed(message);
            case PartitionView.Closed() -> new ShuttingDown();
        };
    }
}
