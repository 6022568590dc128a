package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import java.util.Optional;

/// What a partition shows to readers: replaced as a whole by its owner, so that epoch and watermark belong together
/// (R6).
public sealed interface PartitionView {
    /// Its log is being opened or recovered, or its role is about to change.
    record Opening() implements PartitionView {}

    /// This broker leads it.
    ///
    /// @param epochStart where the leader epoch began: what earlier leaders had acknowledged lies before it
    record Leading(LeaderEpoch epoch, Offset epochStart, Offset highWatermark, PartitionLog log)
            implements PartitionView {
        Leading withHighWatermark(Offset newHighWatermark) {
            return new Leading(epoch, epochStart, newHighWatermark, log);
        }

        /// Whether the high watermark is known to be no earlier than an earlier leader's (KIP-207): before that, it
        /// must
        /// not be told as the log's end.
        public boolean knowsItsEnd() {
            return !highWatermark.isBefore(epochStart);
        }
    }

    /// Another broker leads it, or none, and this one has a copy.
    ///
    /// @param highWatermark as far as this broker knows: it follows the leader's
    record Following(Optional<BrokerId> leader, LeaderEpoch epoch, Offset highWatermark, PartitionLog log)
            implements PartitionView {
        Following withHighWatermark(Offset newHighWatermark) {
            return new Following(leader, epoch, newHighWatermark, log);
        }
    }

    /// It serves nothing until an operator or a restart mends it, or its full disk has room again.
    record Failed(String message) implements PartitionView {}

    /// It was closed or deleted.
    record Closed() implements PartitionView {}
}
