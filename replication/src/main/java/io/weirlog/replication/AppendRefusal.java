package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.Optional;

/// Why an append was turned away before anything was written.
public sealed interface AppendRefusal {
    /// This broker does not lead the partition; `leader` does, as far as it knows.
    record NotLeader(Optional<BrokerId> leader, LeaderEpoch epoch) implements AppendRefusal {}

    /// The log does not end where the writer expected.
    record UnexpectedOffset(Offset expected, Offset logEndOffset) implements AppendRefusal {}

    /// Batches of the producer are missing before this one, or it overlaps with others.
    record OutOfOrderSequence(int expected, int found) implements AppendRefusal {}

    /// Nothing is known of the producer, and the batch is not its first one.
    record UnknownProducer(int found) implements AppendRefusal {}

    /// A newer instance of the producer has taken over.
    record ProducerFenced(short currentEpoch, short foundEpoch) implements AppendRefusal {}

    /// The producer has a transaction open, to which the batch does not belong.
    record OutsideTransaction(Offset transactionStart) implements AppendRefusal {}

    /// The writer waits for all in-sync replicas, and there are fewer than `min.insync.replicas`.
    record NotEnoughReplicas(int inSync, int inSyncMin) implements AppendRefusal {}

    /// A bound of the broker is reached: `limit` names it.
    record Overloaded(String limit) implements AppendRefusal {}

    /// The deadline passed while it waited for its turn.
    record TimedOut() implements AppendRefusal {}

    /// The log takes no more writes until it is recovered.
    record StorageFailed(String message) implements AppendRefusal {}

    /// The partition is being closed.
    record ShuttingDown() implements AppendRefusal {}
}
