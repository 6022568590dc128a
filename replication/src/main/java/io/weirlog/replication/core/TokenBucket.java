package io.weirlog.replication.core;

import io.weirlog.common.Invariant;

/// What may be used by now of something that is given out at a steady rate. What is not used is kept, up to a bound, so
/// that a pause is not followed by a flood.
///
/// Over any time whatever, at most `rate * time + bound` is given out.
public final class TokenBucket {
    private static final double NANOS_PER_SECOND = 1e9;

    private final long perSecond;
    private final long nanosMax;
    private long nowNanos;
    /// The time that has not been turned into tokens yet: so that nothing is lost by rounding.
    private long unusedNanos;

    /// @param keptMillis the bound: what comes in so long
    public TokenBucket(long perSecond, long keptMillis, long nowNanos) {
        Invariant.check(perSecond > 0 && keptMillis > 0, "%s tokens a second, kept for %s ms", perSecond, keptMillis);
        this.perSecond = perSecond;
        this.nanosMax = keptMillis * 1_000_000;
        this.nowNanos = nowNanos;
    }

    /// Takes all that there is.
    public long take(long atNanos) {
        Invariant.check(atNanos - nowNanos >= 0, "time goes back from %s to %s", nowNanos, atNanos);
        unusedNanos = Math.min(nanosMax, unusedNanos + (atNanos - nowNanos));
        nowNanos = atNanos;
        long tokens = (long) (perSecond * (unusedNanos / NANOS_PER_SECOND));
        // Rounded up: nothing is given out twice.
        unusedNanos = Math.max(0, unusedNanos - (long) Math.ceil(tokens * NANOS_PER_SECOND / perSecond));
        return tokens;
    }
}
