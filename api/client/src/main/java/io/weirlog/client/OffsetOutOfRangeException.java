package io.weirlog.client;

import io.weirlog.v1.Problem;

/// The offset to read at is below the log's start (it was deleted) or beyond its end.
public final class OffsetOutOfRangeException extends WeirlogException {
    private static final long serialVersionUID = 1;

    private final long offset;
    private final long logStartOffset;
    private final long highWatermark;

    private OffsetOutOfRangeException(Problem problem, long offset, long logStartOffset, long highWatermark) {
        super(problem.getMessage(), problem, null, null);
        this.offset = offset;
        this.logStartOffset = logStartOffset;
        this.highWatermark = highWatermark;
    }

    /// A problem with this reason; without readable bounds it is no more than any other problem.
    static WeirlogException of(Problem problem) {
        var metadata = problem.getMetadataMap();
        try {
            return new OffsetOutOfRangeException(
                    problem,
                    Long.parseLong(metadata.getOrDefault("offset", "")),
                    Long.parseLong(metadata.getOrDefault("log_start_offset", "")),
                    Long.parseLong(metadata.getOrDefault("high_watermark", "")));
        } catch (NumberFormatException e) {
            return new WeirlogException(problem.getMessage(), problem, null, e);
        }
    }

    public long offset() {
        return offset;
    }

    /// The first offset that can be read.
    public long logStartOffset() {
        return logStartOffset;
    }

    /// One past the last offset that can be read.
    public long highWatermark() {
        return highWatermark;
    }
}
