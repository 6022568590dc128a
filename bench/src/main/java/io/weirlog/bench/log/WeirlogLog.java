package io.weirlog.bench.log;

import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.BatchLimits;
import io.weirlog.log.BatchValidator;
import io.weirlog.log.BatchVerdict;
import io.weirlog.log.FileStorage;
import io.weirlog.log.LogConfig;
import io.weirlog.log.LogSlice;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ReadResult;
import io.weirlog.log.TimestampBounds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Weirlog's engine, used as a broker uses it, in the durability class `page-cache`. A broker appends all the batches
/// that have come meanwhile at once, so how many that are is part of the measurement.
final class WeirlogLog implements Contender {
    static final LogConfig CONFIG =
            LogConfig.builder().durability(Durability.PAGE_CACHE).build();
    static final PartitionIdentity IDENTITY =
            new PartitionIdentity("bench", new TopicPartition(new TopicId(new UUID(1, 2)), 0));
    private static final LeaderEpoch EPOCH = new LeaderEpoch(0);

    private final PartitionLog log;
    private final boolean validating;
    private final int batchesAtOnce;
    private final List<ByteBuffer> waiting = new ArrayList<>();
    private final BatchLimits limits = CONFIG.batchLimits();

    WeirlogLog(Path directory, boolean validating, int batchesAtOnce) throws IOException {
        this.log = PartitionLog.open(new FileStorage(), directory, IDENTITY, CONFIG);
        this.log.beginEpoch(EPOCH);
        this.validating = validating;
        this.batchesAtOnce = batchesAtOnce;
    }

    @Override
    public void append(ByteBuffer batch) throws IOException {
        var nowMillis = System.currentTimeMillis();
        if (validating
                && !(BatchValidator.validate(batch, limits, TimestampBounds.of(CONFIG, nowMillis))
                        instanceof BatchVerdict.Valid)) {
            throw new IOException("not valid");
        }
        waiting.add(batch);
        if (waiting.size() == batchesAtOnce) {
            log.append(waiting, EPOCH, nowMillis);
            waiting.clear();
        }
    }

    @Override
    public long read(long offset, int maxBytes, ByteBuffer target) throws IOException {
        try (var slice = slice(offset, maxBytes)) {
            slice.copyTo(target);
            return slice.nextOffset().value();
        }
    }

    @Override
    public int lookUp(long offset, int maxBytes) throws IOException {
        try (var slice = slice(offset, maxBytes)) {
            return slice.length();
        }
    }

    private LogSlice slice(long offset, int maxBytes) throws IOException {
        return switch (log.read(new Offset(offset), maxBytes, log.logEndOffset())) {
            case ReadResult.Slice(var slice) -> slice;
            case ReadResult.OutOfRange range -> throw new IOException(range.toString());
        };
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
