package io.weirlog.log;

import io.weirlog.common.Invariant;
import io.weirlog.common.Offset;
import io.weirlog.log.ProducerVerdict.Accepted;
import io.weirlog.log.ProducerVerdict.Duplicate;
import io.weirlog.log.ProducerVerdict.Fenced;
import io.weirlog.log.ProducerVerdict.OutOfOrder;
import io.weirlog.record.RecordBatch;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What a partition knows of its idempotent and transactional producers (KIP-98), as far as its log says it: which
/// batch each may send next, its last five to tell a repeated one, and its open transaction. By the owner.
///
/// | Producer | Batch | Verdict |
/// |---|---|---|
/// | unknown, or forgotten | any | accepted |
/// | known | of an older epoch | fenced |
/// | known | of a newer epoch | accepted with sequence 0, else out of order |
/// | known | one of the last five again | duplicate, with the first one's offset |
/// | known | continues the last one | accepted |
/// | known | anything else | out of order |
///
/// Sequences count records and go from 2³¹ − 1 to 0.
final class ProducerTable {
    /// As many as a producer may have in flight.
    static final int BATCHES_KEPT = 5;

    private static final Accepted ACCEPTED = new Accepted();

    private final Map<Long, Producer> producers = new HashMap<>();
    /// Open transactions by their first offset, which no two share.
    private final TreeMap<Long, Long> openTransactions = new TreeMap<>();

    /// A batch that a producer has in the log.
    record Appended(int baseSequence, int lastSequence, long baseOffset, long lastOffset, long timestampMillis) {}

    /// What a snapshot keeps of a producer: of its batches only the last.
    record Entry(
            long producerId,
            short epoch,
            Optional<Appended> last,
            long timestampMillis,
            Optional<Integer> coordinatorEpoch,
            Optional<Long> transactionStart) {}

    /// A transaction whose marker is in the log.
    ///
    /// @param lastOffset that of the marker
    record Completed(long producerId, long firstOffset, long lastOffset, boolean aborted) {}

    private static final class Producer {
        short epoch;
        final ArrayDeque<Appended> batches = new ArrayDeque<>(BATCHES_KEPT);
        long timestampMillis;
        Optional<Integer> coordinatorEpoch = Optional.empty();
        Optional<Long> transactionStart = Optional.empty();

        Producer(short epoch) {
            this.epoch = epoch;
        }

        void enter(short newEpoch) {
            if (newEpoch != epoch) {
                epoch = newEpoch;
                batches.clear();
            }
        }
    }

    /// What to do with a batch from a producer. Changes nothing: another batch of the same producer can be judged
    /// only after this one was appended.
    ProducerVerdict check(RecordBatch batch) {
        var producer = batch.hasProducer() ? producers.get(batch.producerId()) : null;
        if (producer == null) {
            return ACCEPTED;
        }
        if (batch.producerEpoch() < producer.epoch) {
            return new Fenced(producer.epoch, batch.producerEpoch());
        }
        if (batch.producerEpoch() > producer.epoch || producer.batches.isEmpty()) {
            // An epoch that only a marker has opened so far begins at 0 as well.
            return batch.baseSequence() == 0 ? ACCEPTED : new OutOfOrder(0, batch.baseSequence());
        }
        var lastSequence = lastSequence(batch);
        for (var known : producer.batches) {
            if (known.baseSequence() == batch.baseSequence() && known.lastSequence() == lastSequence) {
                return new Duplicate(
                        new Offset(known.baseOffset()), new Offset(known.lastOffset()), known.timestampMillis());
            }
        }
        var expected = plus(producer.batches.getLast().lastSequence(), 1);
        return batch.baseSequence() == expected ? ACCEPTED : new OutOfOrder(expected, batch.baseSequence());
    }

    /// Takes in a batch of records that is in the log now, wherever it came from.
    void appended(RecordBatch batch) {
        if (!batch.hasProducer()) {
            return;
        }
        Invariant.check(!batch.isControl(), "P3: the batch at offset %s is a marker", batch.baseOffset());
        var producer = producers.computeIfAbsent(batch.producerId(), id -> new Producer(batch.producerEpoch()));
        producer.enter(batch.producerEpoch());
        if (producer.batches.size() == BATCHES_KEPT) {
            producer.batches.removeFirst();
        }
        producer.batches.addLast(new Appended(
                batch.baseSequence(),
                lastSequence(batch),
                batch.baseOffset(),
                batch.lastOffset(),
                batch.maxTimestamp()));
        producer.timestampMillis = batch.maxTimestamp();
        if (batch.isTransactional() && producer.transactionStart.isEmpty()) {
            producer.transactionStart = Optional.of(batch.baseOffset());
            openTransactions.put(batch.baseOffset(), batch.producerId());
        }
    }

    /// Takes in the marker that ends a producer's transaction; empty if none was open, as when the marker is
    /// repeated.
    Optional<Completed> completed(RecordBatch marker, boolean aborted, int coordinatorEpoch) {
        var producer = producers.computeIfAbsent(marker.producerId(), id -> new Producer(marker.producerEpoch()));
        producer.enter(marker.producerEpoch());
        producer.timestampMillis = marker.maxTimestamp();
        producer.coordinatorEpoch = Optional.of(coordinatorEpoch);
        var start = producer.transactionStart;
        producer.transactionStart = Optional.empty();
        start.ifPresent(openTransactions::remove);
        return start.map(first -> new Completed(marker.producerId(), first, marker.lastOffset(), aborted));
    }

    /// Where the first open transaction begins: nothing from there on is decided (P3).
    Optional<Offset> firstOpenTransaction() {
        return openTransactions.isEmpty() ? Optional.empty() : Optional.of(new Offset(openTransactions.firstKey()));
    }

    /// Forgets producers that have written nothing since then and have no transaction open.
    void forgetIdleSince(long timestampMillis) {
        producers
                .values()
                .removeIf(
                        producer -> producer.timestampMillis < timestampMillis && producer.transactionStart.isEmpty());
    }

    int size() {
        return producers.size();
    }

    /// By producer id.
    List<Entry> entries() {
        return producers.entrySet().stream()
                .map(entry -> {
                    var producer = entry.getValue();
                    return new Entry(
                            entry.getKey(),
                            producer.epoch,
                            Optional.ofNullable(producer.batches.peekLast()),
                            producer.timestampMillis,
                            producer.coordinatorEpoch,
                            producer.transactionStart);
                })
                .sorted(Comparator.comparingLong(Entry::producerId))
                .toList();
    }

    /// The table as a snapshot has kept it; of each producer's batches it knows the last.
    static ProducerTable of(List<Entry> entries) {
        var table = new ProducerTable();
        for (var entry : entries) {
            var producer = new Producer(entry.epoch());
            entry.last().ifPresent(producer.batches::addLast);
            producer.timestampMillis = entry.timestampMillis();
            producer.coordinatorEpoch = entry.coordinatorEpoch();
            producer.transactionStart = entry.transactionStart();
            table.producers.put(entry.producerId(), producer);
            entry.transactionStart().ifPresent(start -> table.openTransactions.put(start, entry.producerId()));
        }
        return table;
    }

    private static int lastSequence(RecordBatch batch) {
        return plus(batch.baseSequence(), batch.lastOffsetDelta());
    }

    static int plus(int sequence, int records) {
        return (sequence + records) & Integer.MAX_VALUE;
    }
}
