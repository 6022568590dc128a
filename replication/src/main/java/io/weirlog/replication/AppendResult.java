package io.weirlog.replication;

import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;

/// What became of an append. There is no fourth way: a writer always knows whether sending again can double it.
public sealed interface AppendResult {
    /// It is in the log, as safe as its acks asked for.
    ///
    /// @param acknowledgedBy the number of replicas that hold it to the topic's durability; 0 with [Acks#NONE]
    record Appended(
            Offset baseOffset,
            int recordCount,
            LeaderEpoch epoch,
            long appendTimeMillis,
            int acknowledgedBy,
            Durability durability)
            implements AppendResult {
        Appended heldBy(int replicas) {
            return new Appended(baseOffset, recordCount, epoch, appendTimeMillis, replicas, durability);
        }
    }

    /// It is not in the log and will not be.
    record NotAppended(AppendRefusal refusal) implements AppendResult {}

    /// It may be in the log.
    record Unknown(UnknownCause cause, String message) implements AppendResult {}

    /// Why nobody can say.
    enum UnknownCause {
        TIMED_OUT,
        STORAGE_FAILED,
        LEADERSHIP_LOST,
        SHUTTING_DOWN
    }
}
