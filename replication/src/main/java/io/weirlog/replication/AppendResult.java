package io.weirlog.replication;

import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.Optional;

/// What became of an append. There is no fourth way: a writer always knows whether sending again can double it.
public sealed interface AppendResult {
    /// It is in the log, as safe as its acks asked for.
    sealed interface InLog extends AppendResult {
        /// The same, with the number of replicas that hold it to the topic's durability.
        InLog heldBy(int replicas);
    }

    /// It was appended now.
    ///
    /// @param acknowledgedBy the number of replicas that hold it to the topic's durability; 0 with [Acks#NONE]
    record Appended(
            Offset baseOffset,
            int recordCount,
            LeaderEpoch epoch,
            long appendTimeMillis,
            int acknowledgedBy,
            Durability durability)
            implements InLog {
        @Override
        public Appended heldBy(int replicas) {
            return new Appended(baseOffset, recordCount, epoch, appendTimeMillis, replicas, durability);
        }
    }

    /// Its producer has sent it before, and it was appended then.
    ///
    /// @param first where; empty if it is so old that nobody knows any more
    /// @param acknowledgedBy as in [Appended]
    record Repeated(Optional<First> first, int recordCount, int acknowledgedBy, Durability durability)
            implements InLog {
        @Override
        public Repeated heldBy(int replicas) {
            return new Repeated(first, recordCount, replicas, durability);
        }
    }

    /// When a batch that came again was appended.
    record First(Offset baseOffset, LeaderEpoch epoch, long appendTimeMillis) {}

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
