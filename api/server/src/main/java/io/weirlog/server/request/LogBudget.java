package io.weirlog.server.request;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/// How much may be logged: so many lines a second, and with the first one after that how many were left out. Where
/// everything is slow, telling of it must not make it slower.
final class LogBudget {
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final int linesPerSecond;
    private boolean begun;
    private long sinceNanos;
    private int lines;
    private long leftOut;

    LogBudget(int linesPerSecond) {
        this.linesPerSecond = linesPerSecond;
    }

    /// @return how many lines were left out before this one; empty if this one has to be, too
    synchronized OptionalLong take(long nowNanos) {
        if (!begun || nowNanos - sinceNanos >= SECOND_NANOS) {
            begun = true;
            sinceNanos = nowNanos;
            lines = 0;
        }
        if (lines >= linesPerSecond) {
            leftOut++;
            return OptionalLong.empty();
        }
        lines++;
        var before = leftOut;
        leftOut = 0;
        return OptionalLong.of(before);
    }
}
