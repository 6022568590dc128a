package io.weirlog.log;

import io.weirlog.common.Invariant;
import io.weirlog.log.ProducerVerdict.Accepted;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The producers of one log: the table, kept in step with the log, and how it is found again (P2). By the owner.
///
/// The table is always that of the log's end. It is found again from the newest snapshot before the wanted place and
/// the batches from there on.
final class LogProducers {
    private final LogContext context;
    private final ProducerSnapshots snapshots;
    private ProducerTable table;

    /// A part of the log to be read: a segment's first bytes, and the offset at which they end.
    record Part(Segment segment, int endPosition, long endOffset) {}

    LogProducers(LogContext context, ProducerSnapshots snapshots, ProducerTable table) {
        this.context = context;
        this.snapshots = snapshots;
        this.table = table;
    }

    ProducerAdmission admission(long endOffset) {
        return table.admission(endOffset);
    }

    Optional<MarkerResult> check(TransactionMarker marker) {
        return table.check(marker);
    }

    /// P1: a batch that the table does not accept is never appended, whoever judged it before.
    void requireAccepted(RecordBatch batch) {
        var verdict = table.check(batch);
        Invariant.check(
                verdict instanceof Accepted,
                "P1: a batch of producer %s was to be appended that is %s",
                batch.producerId(),
                verdict);
    }

    /// See [ProducerTable#take].
    Optional<AbortedTransaction> take(RecordBatch batch) {
        return table.take(batch);
    }

    /// See [ProducerTable#aborts].
    boolean aborts(RecordBatch batch) {
        return table.aborts(batch);
    }

    OptionalLong firstOpenTransaction() {
        return table.firstOpenTransaction();
    }

    List<ProducerTable.Entry> entries() {
        return table.entries();
    }

    void forgetIdle(long nowMillis) {
        table.forgetIdle(nowMillis, context.config().producerExpirationMillis());
    }

    /// Keeps the table as it is at the log's end.
    void snapshot(LogView view) throws IOException {
        // What a log without a batch says of its producers needs no file.
        if (view.sizeBytes() > 0 || !table.isEmpty()) {
            snapshots.write(view.logEndOffset(), table);
        }
    }

    void prune(LogView view) throws IOException {
        snapshots.prune(view);
    }

    /// Removes the snapshots of what has left the log at its beginning.
    void removeBefore(long firstBaseOffset) throws IOException {
        snapshots.removeBefore(firstBaseOffset);
    }

    /// Goes on with the table of an offset, from which the log is about to be cut; later snapshots go. They stay
    /// away if the cut does: a crash in between leads to a scan, which takes no snapshot from beyond its beginning.
    void restoreAt(LogView view, long end) throws IOException {
        snapshots.removeAfter(end);
        var parts = new ArrayList<Part>();
        for (var i = 0; i < view.segmentCount() && view.segment(i).baseOffset() < end; i++) {
            parts.add(new Part(view.segment(i), view.endPosition(i), view.endOffset(i)));
        }
        var base = parts.isEmpty() ? end : parts.getFirst().segment().baseOffset();
        table = tableAt(snapshots, parts, base, end);
    }

    /// Forgets everything: the log has nothing any more.
    void clear() throws IOException {
        snapshots.removeAfter(-1);
        table = new ProducerTable();
    }

    /// The table of a log at an offset.
    ///
    /// @param parts all of the log up to there
    /// @param base where the log's first segment begins
    static ProducerTable tableAt(ProducerSnapshots snapshots, List<Part> parts, long base, long end)
            throws IOException {
        var found = snapshots.newest(base, end);
        var from = found.map(ProducerSnapshots.Found::offset).orElse(base);
        var table = ProducerTable.of(found.map(ProducerSnapshots.Found::entries).orElse(List.of()));
        for (var i = 0; i < parts.size() && from < end; i++) {
            var isBefore = i + 1 < parts.size() && parts.get(i + 1).segment().baseOffset() <= from;
            if (!isBefore) {
                replay(parts.get(i), from, end, table);
            }
        }
        return table;
    }

    /// Takes in the batches of a segment that begin at `from` or later and before `end`.
    ///
    /// @return the transactions that they abort
    static List<AbortedTransaction> replay(Part part, long from, long end, ProducerTable table) throws IOException {
        var aborted = new ArrayList<AbortedTransaction>();
        var segment = part.segment();
        try (var headers = new HeaderCursor(segment.reader(), segment.file(), 0, part.endPosition())) {
            while (headers.next() && headers.header().baseOffset() < end) {
                var header = headers.header();
                if (header.baseOffset() >= from && header.hasProducer()) {
                    table.take(header.isControl() ? whole(segment, headers) : header)
                            .ifPresent(aborted::add);
                }
            }
        }
        return aborted;
    }

    private static RecordBatch whole(Segment segment, HeaderCursor headers) throws IOException {
        var bytes = ByteBuffer.allocate(headers.endPosition() - headers.position());
        segment.reader().read(headers.position(), bytes);
        return RecordBatch.of(bytes.flip());
    }
}
