package io.weirlog.replication.sim;

import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// What a leader knows of idempotent producers: the last five batches of each (P1).
final class SequenceTable {
    private record Known(int sequence, Offset base) {}

    private final Map<Long, ArrayDeque<Known>> producers = new HashMap<>();

    static SequenceTable of(PartitionLog log) throws IOException {
        var table = new SequenceTable();
        LogContent.forEachBatch(
                log, log.logStartOffset().value(), log.logEndOffset().value(), batch -> {
                    if (batch.hasProducer()) {
                        table.add(
                                batch.producerId(),
                                batch.baseSequence(),
                                batch.recordCount(),
                                new Offset(batch.baseOffset()));
                    }
                });
        return table;
    }

    Optional<Offset> check(SimClients.Batch batch) {
        var known = producers.get(batch.producer());
        return known == null
                ? Optional.empty()
                : known.stream()
                        .filter(one -> one.sequence() == batch.sequence())
                        .map(Known::base)
                        .findFirst();
    }

    boolean accepts(SimClients.Batch batch) {
        var next = nextSequences.get(batch.producer());
        return next == null || next == batch.sequence();
    }

    private final Map<Long, Integer> nextSequences = new HashMap<>();

    void add(SimClients.Batch batch, Offset base) {
        if (batch.idempotent()) {
            add(batch.producer(), batch.sequence(), batch.records(), base);
        }
    }

    private void add(long producer, int sequence, int records, Offset base) {
        var known = producers.computeIfAbsent(producer, id -> new ArrayDeque<>());
        if (known.size() == 5) {
            known.removeFirst();
        }
        known.addLast(new Known(sequence, base));
        nextSequences.put(producer, sequence + records);
    }
}
