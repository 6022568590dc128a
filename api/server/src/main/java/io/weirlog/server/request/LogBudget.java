package io.weirlog.server.request;

import java.time.Duration;
import java.util.OptionalLong;

/// How much may be logged: so many lines in a period, and with the first one after that how many were left out. Where
/// everything is slow, telling of it must not make it slower.
final class LogBudget {
    private final int linesMax;
    private final long periodNanos;
    private boolean begun;
    private long sinceNanos;
    private int lines;
    private long leftOut;

    /// @param linesMax within `period`
    LogBudget(int linesMax, Duration period) {
        this.linesMax = linesMax;
        this.periodNanos = period.toNanos();
    }

    /// @return how many lines were left out before this one; empty if this one has to be, too
    synchronized OptionalLong take(long nowNanos) {
        if (!begun || nowNanos - sinceNanos >= periodNanos) {
            begun = true;
            sinceNanos = nowNanos;
            lines = 0;
        }
        if (lines >= linesMax) {
            leftOut++;
            return OptionalLong.empty();
        }
        lines++;
        var before = leftOut;
        leftOut = 0;
        return OptionalLong.of(before);
    }
}
