package io.weirlog.log;

/// What retention believes of the wall clock: that it has advanced, since the last look, by at most an hour.
///
/// A clock that works is never held back, as retention looks every few minutes. One that jumps ahead by ten days
/// does not empty every log at once: it is caught up with an hour per look, which leaves time to set it right.
/// Until the first look the latest believable record stands for the last one. Not thread-safe.
final class RetentionClock {
    static final long STEP_MILLIS_MAX = 60 * 60 * 1000;

    private long trustedMillis;

    /// @param newestRecordMillis the log's latest timestamp that is not after now; 0 if there is none
    long trustedNow(long nowMillis, long newestRecordMillis) {
        var known = Math.max(trustedMillis, newestRecordMillis);
        // A clock that was set back is believed: that keeps more.
        trustedMillis = Math.min(nowMillis, known + STEP_MILLIS_MAX);
        return trustedMillis;
    }
}
