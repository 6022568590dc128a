package io.weirlog.log;

import io.weirlog.common.Offset;
import io.weirlog.log.ProducerTable.Appended;
import io.weirlog.log.ProducerTable.Entry;
import io.weirlog.log.ProducerVerdict.Accepted;
import io.weirlog.log.ProducerVerdict.Duplicate;
import io.weirlog.log.ProducerVerdict.Fenced;
import io.weirlog.log.ProducerVerdict.OldDuplicate;
import io.weirlog.log.ProducerVerdict.OutOfOrder;
import io.weirlog.log.ProducerVerdict.OutsideTransaction;
import io.weirlog.log.ProducerVerdict.UnknownProducer;
import io.weirlog.record.RecordBatch;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What one partition knows of one producer; see [ProducerTable]. Not thread-safe.
final class ProducerState {
    private static final Accepted ACCEPTED = new Accepted();
    /// Further back than any producer sends again.
    private static final int OLD_RECORDS_MAX = 1 << 30;

    private final ArrayDeque<Appended> batches;
    private short epoch;
    private long timestampMillis;
    private OptionalInt coordinatorEpoch;
    private OptionalLong transactionStart;

    /// On the table's idle clock: when it was last seen to have appended something.
    private long seenMillis;

    private boolean active = true;

    ProducerState(short epoch) {
        this.epoch = epoch;
        this.batches = new ArrayDeque<>(ProducerTable.BATCHES_KEPT);
        this.coordinatorEpoch = OptionalInt.empty();
        this.transactionStart = OptionalLong.empty();
    }

    /// The state of a producer as a snapshot has kept it.
    ProducerState(Entry entry) {
        this.epoch = entry.epoch();
        this.batches = new ArrayDeque<>(ProducerTable.BATCHES_KEPT);
        entry.last().ifPresent(batches::addLast);
        this.timestampMillis = entry.timestampMillis();
        this.coordinatorEpoch = entry.coordinatorEpoch();
        this.transactionStart = entry.transactionStart();
    }

    /// A copy, to go on with while this one stays.
    ProducerState(ProducerState other) {
        this.epoch = other.epoch;
        this.batches = new ArrayDeque<>(other.batches);
        this.timestampMillis = other.timestampMillis;
        this.coordinatorEpoch = other.coordinatorEpoch;
        this.transactionStart = other.transactionStart;
    }

    Entry entry(long producerId) {
        return new Entry(
                producerId,
                epoch,
                Optional.ofNullable(batches.peekLast()),
                timestampMillis,
                coordinatorEpoch,
                transactionStart);
    }

    OptionalLong transactionStart() {
        return transactionStart;
    }

    /// @param state what is known of the batch's producer, if it has one
    static ProducerVerdict judge(@Nullable ProducerState state, RecordBatch batch) {
        if (state != null) {
            return state.judge(batch);
        }
        // Were it taken, one before it that is still on its way could not be told from one that has long been there.
        return batch.hasProducer() && batch.baseSequence() != 0 ? new UnknownProducer(batch.baseSequence()) : ACCEPTED;
    }

    private ProducerVerdict judge(RecordBatch batch) {
        if (batch.producerEpoch() < epoch) {
            return new Fenced(epoch, batch.producerEpoch());
        }
        if (batch.producerEpoch() > epoch || batches.isEmpty()) {
            // An epoch that only a marker has opened so far begins at 0 as well.
            return batch.baseSequence() == 0 ? inTransaction(batch) : new OutOfOrder(0, batch.baseSequence());
        }
        var lastSequence = ProducerTable.lastSequence(batch);
        for (var known : batches) {
            if (known.baseSequence() == batch.baseSequence() && known.lastSequence() == lastSequence) {
                return new Duplicate(
                        new Offset(known.baseOffset()), new Offset(known.lastOffset()), known.timestampMillis());
            }
        }
        var expected = ProducerTable.plus(batches.getLast().lastSequence(), 1);
        if (batch.baseSequence() == expected) {
            return inTransaction(batch);
        }
        return isBeforeAllKnown(batch)
                ? new OldDuplicate(new Offset(batches.getFirst().baseOffset()))
                : new OutOfOrder(expected, batch.baseSequence());
    }

    /// An epoch begins at 0 and has no gaps, so all its sequences before a known one were appended. What may as well
    /// be a sequence of the next round is not taken for one of the last.
    private boolean isBeforeAllKnown(RecordBatch batch) {
        var recordsBetween = batches.getFirst().baseSequence() - batch.baseSequence();
        return batch.lastOffsetDelta() < recordsBetween && recordsBetween < OLD_RECORDS_MAX;
    }

    private ProducerVerdict inTransaction(RecordBatch batch) {
        return transactionStart.isPresent() && !batch.isTransactional()
                ? new OutsideTransaction(new Offset(transactionStart.getAsLong()))
                : ACCEPTED;
    }

    /// What to do with a marker; empty if it is to be written. See [MarkerResult].
    Optional<MarkerResult> judge(TransactionMarker marker) {
        if (coordinatorEpoch.isPresent() && marker.coordinatorEpoch() < coordinatorEpoch.getAsInt()) {
            return Optional.of(new MarkerResult.CoordinatorFenced(coordinatorEpoch.getAsInt()));
        }
        if (marker.producerEpoch() > epoch) {
            return Optional.empty();
        }
        return marker.producerEpoch() == epoch && transactionStart.isEmpty()
                ? Optional.of(new MarkerResult.AlreadyWritten())
                : Optional.of(new MarkerResult.Late(epoch));
    }

    /// Takes in a batch of records.
    ///
    /// @return whether it begins a transaction
    boolean appended(RecordBatch batch, long baseOffset) {
        enter(batch);
        if (batches.size() == ProducerTable.BATCHES_KEPT) {
            batches.removeFirst();
        }
        batches.addLast(new Appended(
                batch.baseSequence(),
                ProducerTable.lastSequence(batch),
                baseOffset,
                baseOffset + batch.lastOffsetDelta(),
                batch.maxTimestamp()));
        // Compaction empties batches, and only of transactions that are decided.
        if (batch.isTransactional() && transactionStart.isEmpty() && batch.recordCount() > 0) {
            transactionStart = OptionalLong.of(baseOffset);
            return true;
        }
        return false;
    }

    /// Takes in a control batch, of which only the epoch is known.
    void enter(RecordBatch batch) {
        if (batch.producerEpoch() != epoch) {
            epoch = batch.producerEpoch();
            batches.clear();
        }
        timestampMillis = batch.maxTimestamp();
        active = true;
    }

    /// Takes in a marker.
    ///
    /// @return where the transaction began that it ends
    OptionalLong ended(RecordBatch batch, int newCoordinatorEpoch) {
        enter(batch);
        coordinatorEpoch = OptionalInt.of(newCoordinatorEpoch);
        var start = transactionStart;
        transactionStart = OptionalLong.empty();
        return start;
    }

    /// Whether it has been without an append since that long, and without an open transaction.
    ///
    /// @param nowMillis on the table's idle clock
    boolean isIdle(long nowMillis, long idleMillisMax) {
        if (active) {
            active = false;
            seenMillis = nowMillis;
        }
        return transactionStart.isEmpty() && nowMillis - seenMillis >= idleMillisMax;
    }
}
