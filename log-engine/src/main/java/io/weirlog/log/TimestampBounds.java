package io.weirlog.log;

import io.weirlog.record.TimestampType;

/// How far the times that producers give may be from the time of the append (KIP-937).
///
/// @param nowMillis the time of the append
/// @param beforeMaxMillis how far in the past at most
/// @param afterMaxMillis how far in the future at most
public record TimestampBounds(long nowMillis, long beforeMaxMillis, long afterMaxMillis) {
    /// Those of a topic. With log append time producers' times do not count, so they are not bounded.
    public static TimestampBounds of(LogConfig config, long nowMillis) {
        return config.timestampType() == TimestampType.LOG_APPEND_TIME
                ? new TimestampBounds(nowMillis, Long.MAX_VALUE, Long.MAX_VALUE)
                : new TimestampBounds(nowMillis, config.timestampBeforeMaxMillis(), config.timestampAfterMaxMillis());
    }

    /// Whether a record may have this time; none at all, which the format writes as −1, is within every bound.
    public boolean admit(long timestampMillis) {
        return timestampMillis < 0
                || (nowMillis - timestampMillis <= beforeMaxMillis && timestampMillis - nowMillis <= afterMaxMillis);
    }
}
