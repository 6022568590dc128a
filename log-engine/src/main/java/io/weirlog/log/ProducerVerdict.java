package io.weirlog.log;

import io.weirlog.common.Offset;

/// What [ProducerTable] says to a batch that an idempotent producer sends (P1).
public sealed interface ProducerVerdict {
    /// The batch is the producer's next one, or carries no producer id: it is to be appended.
    record Accepted() implements ProducerVerdict {}

    /// The batch is in the log already: not to be appended again, but answered as it was.
    ///
    /// @param timestampMillis the latest time of its records
    record Duplicate(Offset baseOffset, Offset lastOffset, long timestampMillis) implements ProducerVerdict {}

    /// The batch is in the log already, or was, but before those of the producer that are remembered: where, nobody
    /// knows any more.
    ///
    /// @param before all of it lies before this offset
    record OldDuplicate(Offset before) implements ProducerVerdict {}

    /// Batches are missing between the producer's last one and this one, or it overlaps with them.
    record OutOfOrder(int expectedSequence, int foundSequence) implements ProducerVerdict {}

    /// Nothing is known of the producer, and this is not its first batch: it was forgotten, or the batches before this
    /// one have never come.
    record UnknownProducer(int foundSequence) implements ProducerVerdict {}

    /// A newer instance of the producer has taken over.
    record Fenced(short currentEpoch, short foundEpoch) implements ProducerVerdict {}

    /// The producer has a transaction open, to which everything that it sends must belong.
    record OutsideTransaction(Offset transactionStart) implements ProducerVerdict {}
}
