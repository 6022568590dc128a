package io.weirlog.log;

import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/// What a partition knows of its idempotent and transactional producers (KIP-98), as far as its log says it: which
/// batch each may send next, its last five to tell a repeated one, and its open transaction. Pure; not thread-safe.
///
/// | Producer | Batch | Verdict |
/// |---|---|---|
/// | unknown, or forgotten | with sequence 0 | accepted |
/// | unknown, or forgotten | any other | unknown producer |
/// | known | of an older epoch | fenced |
/// | known | of a newer epoch | accepted with sequence 0, else out of order |
/// | known | one of the last five again | duplicate, with the first one's offset |
/// | known | continues the last one | accepted |
/// | known | before all that are remembered | duplicate, without an offset |
/// | known | anything else | out of order |
/// | in a transaction | would be accepted, but is not transactional | outside of the transaction |
///
/// What is in a log already is taken in from any sequence on: its beginning may have been deleted.
///
/// Sequences count records and go from 2³¹ − 1 to 0.
public final class ProducerTable {
    /// As many as a producer may have in flight.
    static final int BATCHES_KEPT = 5;
    /// By how much the clock is believed to have advanced between two looks at who is idle.
    static final long CLOCK_STEP_MILLIS_MAX = RetentionClock.STEP_MILLIS_MAX;

    private final Map<Long, ProducerState> producers = new HashMap<>();
    /// Open transactions by their first offset, which no two share.
    private final TreeMap<Long, Long> openTransactions = new TreeMap<>();

    private OptionalLong firstOpen = OptionalLong.empty();

    private OptionalLong lastLookMillis = OptionalLong.empty();
    private long idleClockMillis;

    /// A batch that a producer has in the log.
    public record Appended(
            int baseSequence, int lastSequence, long baseOffset, long lastOffset, long timestampMillis) {}

    /// What a snapshot keeps of a producer: of its batches only the last.
    ///
    /// @param last empty if the producer's epoch has only a marker yet
    /// @param timestampMillis of its last batch or marker
    /// @param coordinatorEpoch of its last marker
    /// @param transactionStart the first offset of its open transaction
    public record Entry(
            long producerId,
            short epoch,
            Optional<Appended> last,
            long timestampMillis,
            OptionalInt coordinatorEpoch,
            OptionalLong transactionStart) {}

    public ProducerTable() {}

    /// The table as a snapshot has kept it; of each producer's batches it knows the last.
    public static ProducerTable of(List<Entry> entries) {
        var table = new ProducerTable();
        for (var entry : entries) {
            table.producers.put(entry.producerId(), new ProducerState(entry));
            entry.transactionStart().ifPresent(start -> table.openTransactions.put(start, entry.producerId()));
        }
        table.findFirstOpen();
        return table;
    }

    /// Judges the batches of one append, each as if those before it that were accepted were in the log.
    ///
    /// @param endOffset where the first of them would go
    ProducerAdmission admission(long endOffset) {
        return new ProducerAdmission(producers, endOffset);
    }

    /// What to do with a batch that would be the next in the log (P1).
    ProducerVerdict check(RecordBatch batch) {
        var producer = batch.hasProducer() ? producers.get(batch.producerId()) : null;
        return ProducerState.judge(producer, batch);
    }

    /// What to do with a marker that would be the next in the log; empty if it is to be written.
    Optional<MarkerResult> check(TransactionMarker marker) {
        var producer = producers.get(marker.producerId());
        return producer == null ? Optional.empty() : producer.judge(marker);
    }

    /// Takes in a batch that is in the log now, wherever it came from. Batches without a producer change nothing.
    ///
    /// @param batch with its offsets; of control batches the records are read as well
    /// @return the transaction that it aborts, if it does; a repeated marker ends nothing
    public Optional<AbortedTransaction> take(RecordBatch batch) {
        if (!batch.hasProducer()) {
            return Optional.empty();
        }
        var id = batch.producerId();
        var producer = producers.get(id);
        if (producer == null) {
            producer = new ProducerState(batch.producerEpoch());
            producers.put(id, producer);
        }
        if (batch.isControl()) {
            return takeControl(producer, batch);
        }
        if (producer.appended(batch, batch.baseOffset())) {
            openTransactions.put(batch.baseOffset(), id);
            findFirstOpen();
        }
        return Optional.empty();
    }

    /// Whether a batch ends a transaction so that [#take] gives an aborted one.
    boolean aborts(RecordBatch batch) {
        var producer = batch.isControl() ? producers.get(batch.producerId()) : null;
        return producer != null
                && producer.transactionStart().isPresent()
                && markerIn(batch)
                        .filter(marker -> marker.outcome() == TransactionMarker.Outcome.ABORT)
                        .isPresent();
    }

    private Optional<AbortedTransaction> takeControl(ProducerState producer, RecordBatch batch) {
        var marker = markerIn(batch);
        if (marker.isEmpty()) {
            producer.enter(batch);
            return Optional.empty();
        }
        var start = producer.ended(batch, marker.get().coordinatorEpoch());
        if (start.isEmpty()) {
            return Optional.empty();
        }
        openTransactions.remove(start.getAsLong());
        findFirstOpen();
        return switch (marker.get().outcome()) {
            case COMMIT -> Optional.empty();
            case ABORT ->
                Optional.of(new AbortedTransaction(
                        batch.producerId(),
                        start.getAsLong(),
                        batch.lastOffset(),
                        firstOpen.orElse(batch.nextOffset())));
        };
    }

    /// Whoever lets a batch into a log has checked that a marker can be read; another kind of control batch, and one
    /// that cannot be read, still tells the producer's epoch.
    private static Optional<TransactionMarker> markerIn(RecordBatch batch) {
        try {
            return TransactionMarker.decode(batch);
        } catch (MalformedBatchException e) {
            return Optional.empty();
        }
    }

    private void findFirstOpen() {
        var first = openTransactions.isEmpty() ? OptionalLong.empty() : OptionalLong.of(openTransactions.firstKey());
        if (!first.equals(firstOpen)) {
            firstOpen = first;
        }
    }

    /// Where the first open transaction begins: nothing from there on is decided (P3).
    public OptionalLong firstOpenTransaction() {
        return firstOpen;
    }

    /// Forgets producers that have appended nothing for that long and have no transaction open. The time between
    /// two calls counts, at most an hour of it, and not what records say: so neither a clock that jumps nor a
    /// producer of old records makes a batch that is sent again look new.
    void forgetIdle(long nowMillis, long idleMillisMax) {
        var step = lastLookMillis.isEmpty() ? 0 : nowMillis - lastLookMillis.getAsLong();
        lastLookMillis = OptionalLong.of(nowMillis);
        idleClockMillis += Math.clamp(step, 0, CLOCK_STEP_MILLIS_MAX);
        producers.values().removeIf(producer -> producer.isIdle(idleClockMillis, idleMillisMax));
    }

    boolean isEmpty() {
        return producers.isEmpty();
    }

    public int size() {
        return producers.size();
    }

    /// By producer id.
    public List<Entry> entries() {
        return producers.entrySet().stream()
                .map(entry -> entry.getValue().entry(entry.getKey()))
                .sorted(Comparator.comparingLong(Entry::producerId))
                .toList();
    }

    static int lastSequence(RecordBatch batch) {
        return plus(batch.baseSequence(), batch.lastOffsetDelta());
    }

    static int plus(int sequence, int records) {
        return (sequence + records) & Integer.MAX_VALUE;
    }
}
