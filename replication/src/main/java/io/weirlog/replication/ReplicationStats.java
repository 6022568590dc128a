package io.weirlog.replication;

import io.weirlog.replication.core.PartitionMetadata;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

/// What the replication of all partitions of a broker has done since its start. Thread-safe.
public final class ReplicationStats {
    private final LongAdder isrShrinks = new LongAdder();
    private final LongAdder isrExpands = new LongAdder();
    private final LongAdder followerReadBytes = new LongAdder();
    private final Map<BadInput, LongAdder> refused = new EnumMap<>(BadInput.class);
    private volatile LongConsumer watermarkNanos = nanos -> {};

    public ReplicationStats() {
        for (var kind : BadInput.values()) {
            refused.put(kind, new LongAdder());
        }
    }

    /// What was refused of other brokers' messages.
    public long refused(BadInput kind) {
        return counter(kind).sum();
    }

    public void refuse(BadInput kind) {
        counter(kind).increment();
    }

    private LongAdder counter(BadInput kind) {
        return Objects.requireNonNull(refused.get(kind));
    }

    /// In-sync sets that lost a replica, of partitions led here.
    public long isrShrinks() {
        return isrShrinks.sum();
    }

    /// In-sync sets that got a replica, of partitions led here.
    public long isrExpands() {
        return isrExpands.sum();
    }

    /// What consumers have read of partitions that others lead.
    public long followerReadBytes() {
        return followerReadBytes.sum();
    }

    public void readFromFollower(long bytes) {
        followerReadBytes.add(bytes);
    }

    /// Tells `listener` of each write how long it took from then until the high watermark had passed it. Called by the
    /// owners of partitions: it must not block.
    public void onWatermarkNanos(LongConsumer listener) {
        watermarkNanos = listener;
    }

    /// A replica that is moved away is not one that was lost.
    void inSyncChanged(PartitionMetadata before, PartitionMetadata after) {
        if (before.inSync().stream()
                .anyMatch(replica ->
                        after.replicas().contains(replica) && !after.inSync().contains(replica))) {
            isrShrinks.increment();
        }
        if (!before.inSync().containsAll(after.inSync())) {
            isrExpands.increment();
        }
    }

    void watermarkPassed(long nanos) {
        watermarkNanos.accept(nanos);
    }
}
