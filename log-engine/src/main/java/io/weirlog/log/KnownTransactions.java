package io.weirlog.log;

import io.weirlog.record.RecordBatch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What a log says of its producers at the beginning of a cleaning: all that is decided below the clean point.
final class KnownTransactions implements BatchFilter.Transactions {
    private final Map<Long, ProducerTable.Entry> live = new HashMap<>();
    private final Map<Long, List<AbortedTransaction>> aborted = new HashMap<>();

    /// @param producers those that may still write
    /// @param abortedTransactions all that have a record in what is cleaned
    KnownTransactions(List<ProducerTable.Entry> producers, List<AbortedTransaction> abortedTransactions) {
        producers.forEach(producer -> live.put(producer.producerId(), producer));
        abortedTransactions.forEach(
                transaction -> aborted.computeIfAbsent(transaction.producerId(), _ -> new ArrayList<>())
                        .add(transaction));
    }

    @Override
    public boolean isAborted(RecordBatch batch) {
        if (!batch.isTransactional() || batch.isControl()) {
            return false;
        }
        for (var transaction : aborted.getOrDefault(batch.producerId(), List.of())) {
            if (transaction.firstOffset() <= batch.baseOffset() && batch.baseOffset() < transaction.lastOffset()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean isLastOfLiveProducer(RecordBatch batch) {
        var producer = batch.hasProducer() ? live.get(batch.producerId()) : null;
        if (producer == null) {
            return false;
        }
        return producer.last()
                .map(last -> last.lastOffset() == batch.lastOffset())
                // Without a batch of records, its last marker alone tells the epoch.
                .orElseGet(() -> batch.isControl() && batch.producerEpoch() == producer.epoch());
    }
}
