package io.weirlog.log;

/// Spreads bytes over time, for several threads together. Pure but for its memory of what was taken.
final class ByteThrottle {
    private static final double NANOS_PER_SECOND = 1e9;
    /// How much may be ahead of the rate: waits that are shorter cost more than they smooth.
    private static final long AHEAD_NANOS_MAX = 100_000_000;

    private final long bytesPerSecondMax;
    /// When all that was taken so far has been paid for.
    private long paidNanos;

    ByteThrottle(long bytesPerSecondMax, long nowNanos) {
        this.bytesPerSecondMax = bytesPerSecondMax;
        this.paidNanos = nowNanos;
    }

    /// Takes bytes; returns for how many nanoseconds the caller has to wait then.
    synchronized long take(long bytes, long nowNanos) {
        var nanos = (long) (bytes * NANOS_PER_SECOND / bytesPerSecondMax);
        paidNanos = (paidNanos - nowNanos < 0 ? nowNanos : paidNanos) + nanos;
        var waitNanos = paidNanos - nowNanos;
        return waitNanos <= AHEAD_NANOS_MAX ? 0 : waitNanos;
    }
}
