package io.weirlog.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes transaction indexes that cannot be right anew from the batches of their segments, when a log is opened.
final class TransactionIndexRepair {
    private static final Logger LOG = LoggerFactory.getLogger(TransactionIndexRepair.class);

    private final LogContext context;
    private final ProducerSnapshots snapshots;

    TransactionIndexRepair(LogContext context, ProducerSnapshots snapshots) {
        this.context = context;
        this.snapshots = snapshots;
    }

    /// @param parts all of the log up to somewhere
    /// @param indexed the base offsets of segments that have an index: who has none has aborted nothing
    void mend(List<LogProducers.Part> parts, List<Long> indexed) throws IOException {
        for (var i = 0; i < parts.size() && !indexed.isEmpty(); i++) {
            if (indexed.contains(parts.get(i).segment().baseOffset()) && !isSane(parts.get(i))) {
                rebuild(parts.subList(0, i + 1));
            }
        }
    }

    private boolean isSane(LogProducers.Part part) throws IOException {
        var baseOffset = part.segment().baseOffset();
        try (var in = context.storage().openForRead(context.segmentFile(baseOffset, LogFileNames.TRANSACTION_INDEX))) {
            if (in.sizeBytes() > Integer.MAX_VALUE) {
                return false;
            }
            var bytes = ByteBuffer.allocate((int) in.sizeBytes());
            in.read(0, bytes);
            return TransactionIndex.decode(bytes.flip(), baseOffset, part.endOffset())
                    .isPresent();
        }
    }

    /// @param parts up to and with the segment
    private void rebuild(List<LogProducers.Part> parts) throws IOException {
        var part = parts.getLast();
        var baseOffset = part.segment().baseOffset();
        LOG.warn(
                "{}: its transaction index is damaged, making it anew",
                part.segment().file());
        var table = LogProducers.tableAt(
                snapshots,
                parts.subList(0, parts.size() - 1),
                parts.getFirst().segment().baseOffset(),
                baseOffset);
        TransactionIndex.write(context, baseOffset, LogProducers.replay(part, baseOffset, part.endOffset(), table));
        context.storage().syncDirectory(context.directory());
    }
}
