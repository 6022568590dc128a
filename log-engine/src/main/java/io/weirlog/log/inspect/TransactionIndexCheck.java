package io.weirlog.log.inspect;

import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Compares a segment's index of aborted transactions with the markers in the segment.
///
/// ```
/// version i16 = 0 | producer id i64 | first offset i64 | last offset i64 | last stable offset i64
/// ```
final class TransactionIndexCheck {
    private static final int ENTRY_BYTES = 34;
    private static final int PRODUCER_AT = 2;
    private static final int FIRST_AT = 10;
    private static final int LAST_AT = 18;

    private final Path file;
    private final ByteBuffer entries;
    private final List<Finding> findings = new ArrayList<>();
    private int at;

    TransactionIndexCheck(LogFiles files, long baseOffset) throws IOException {
        this.file = files.segmentFile(baseOffset, LogFiles.TRANSACTION_INDEX);
        this.entries = Files.exists(file) ? LogFiles.readSmall(file) : ByteBuffer.allocate(0);
        var whole = entries.limit() / ENTRY_BYTES * ENTRY_BYTES;
        if (whole != entries.limit()) {
            findings.add(new Finding(file, whole, "an entry is cut off"));
            entries.limit(whole);
        }
    }

    /// Takes the segment's next batch.
    void pass(RecordBatch batch) {
        while (at < entries.limit() && entries.getLong(at + LAST_AT) < batch.lastOffset()) {
            find("has no marker in the log");
        }
        if (at < entries.limit() && entries.getLong(at + LAST_AT) == batch.lastOffset()) {
            if (entries.getShort(at) != 0) {
                find("is of version " + entries.getShort(at));
            } else if (!batch.isControl() || batch.producerId() != entries.getLong(at + PRODUCER_AT)) {
                find("has no marker in the log");
            } else if (entries.getLong(at + FIRST_AT) > batch.lastOffset() || entries.getLong(at + FIRST_AT) < 0) {
                find("begins after its end");
            } else {
                at += ENTRY_BYTES;
            }
        }
    }

    private void find(String problem) {
        findings.add(new Finding(
                file,
                at,
                "the transaction of producer " + entries.getLong(at + PRODUCER_AT) + " from offset "
                        + entries.getLong(at + FIRST_AT) + " to " + entries.getLong(at + LAST_AT) + " " + problem));
        at += ENTRY_BYTES;
    }

    /// What is wrong with the index, once all batches have passed.
    List<Finding> finish() {
        while (at < entries.limit()) {
            find("has no marker in the log");
        }
        return findings;
    }
}
