package io.weirlog.log;

import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Follows the scan of an unclean start: takes each good batch into the table, and makes the transaction indexes of
/// the scanned segments anew.
final class ScannedProducers {
    private final LogContext context;
    private final ProducerTable table;
    private final List<TransactionIndex> indexes = new ArrayList<>();
    private long segmentBase;
    private List<ProducerTable.Entry> atSegmentBase = List.of();

    /// @param table that of the offset at which the scan begins
    ScannedProducers(LogContext context, ProducerTable table) {
        this.context = context;
        this.table = table;
    }

    /// Says that the batches of the segment at this offset follow.
    void beginSegment(long baseOffset) throws IOException {
        segmentBase = baseOffset;
        atSegmentBase = table.entries();
        indexes.add(TransactionIndex.create(context, baseOffset));
    }

    void take(RecordBatch batch) throws IOException {
        var aborted = table.take(batch);
        if (aborted.isPresent()) {
            indexes.getLast().append(aborted.get());
        }
    }

    /// Makes durable what was written: what is scanned now need not be scanned next time.
    ///
    /// @param snapshots gets that of the last segment's beginning, if it is missing
    ProducerTable finish(ProducerSnapshots snapshots) throws IOException {
        for (var index : indexes) {
            index.sync();
        }
        context.storage().syncDirectory(context.directory());
        snapshots.write(segmentBase, ProducerTable.of(atSegmentBase));
        return table;
    }

    void close() throws IOException {
        for (var index : indexes) {
            index.close();
        }
    }
}
