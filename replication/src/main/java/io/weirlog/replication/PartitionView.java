package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import java.util.Optional;

/// What a partition shows to readers: replaced as a whole by its owner, so that epoch and watermark belong together
/// (R6).
public sealed interface PartitionView {
    /// Its log is being opened or recovered.
    record Opening() implements PartitionView {}

    /// This broker leads it.
    record Leading(LeaderEpoch epoch, Offset highWatermark, PartitionLog log) implements PartitionView {
        Leading withHighWatermark(Offset newHighWatermark) {
            return new Leading(epoch, newHighWatermark, log);
        }
    }

    /// Another broker leads it, or none.
    record NotLeading(Optional<BrokerId> leader, LeaderEpoch epoch) implements PartitionView {}

    /// It serves nothing until an operator or a restart mends it.
    record Failed(String message) implements PartitionView {}

    /// It was closed or deleted.
    record Closed() implements PartitionView {}
}
