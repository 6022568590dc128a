package io.weirlog.log;

import io.weirlog.common.Offset;

/// Where appended batches went.
public final class AppendResult {
    private final long[] baseOffsets;
    private final Offset logEndOffset;

    AppendResult(long[] baseOffsets, Offset logEndOffset) {
        this.baseOffsets = baseOffsets;
        this.logEndOffset = logEndOffset;
    }

    public int batchCount() {
        return baseOffsets.length;
    }

    /// The offset of the first record of the batch that was number `index` of the append.
    public Offset baseOffset(int index) {
        return new Offset(baseOffsets[index]);
    }

    /// One past the last record of the append: the log's end after it.
    public Offset logEndOffset() {
        return logEndOffset;
    }
}
