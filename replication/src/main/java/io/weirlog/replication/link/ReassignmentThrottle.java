package io.weirlog.replication.link;

import io.weirlog.replication.core.TokenBucket;
import java.util.function.LongSupplier;

/// `reassignment.bytes.per.second`: what this broker sends to replicas that are being added, over all streams together.
/// Those in sync are not throttled. Thread-safe.
public final class ReassignmentThrottle {
    private static final long KEPT_MILLIS = 200;

    private final LongSupplier nanoTime;
    private final TokenBucket bucket;

    public ReassignmentThrottle(long bytesPerSecond, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.bucket = new TokenBucket(bytesPerSecond, KEPT_MILLIS, nanoTime.getAsLong());
    }

    /// All bytes that may be sent by now.
    synchronized long take() {
        return bucket.take(nanoTime.getAsLong());
    }
}
