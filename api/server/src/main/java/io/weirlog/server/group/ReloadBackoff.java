package io.weirlog.server.group;

import java.util.random.RandomGenerator;

/// How long a coordinator that ended by itself waits for its successor: twice as long each time, since whatever refuses
/// its appends may last, and loading costs. A part of the wait is random, so that partitions which failed together do
/// not load together.
///
/// Not safe for use by several threads.
final class ReloadBackoff {
    static final long WAIT_MILLIS_MIN = 100;
    /// Short, since nobody can use the groups meanwhile.
    static final long WAIT_MILLIS_MAX = 3_000;
    /// Who lasted this long begins at the shortest wait again.
    static final long QUIET_MILLIS = 10_000;

    private final RandomGenerator random;
    private long ceilingMillis = WAIT_MILLIS_MIN;
    private long againAtMillis;

    ReloadBackoff(RandomGenerator random, long nowMillis) {
        this.random = random;
        this.againAtMillis = nowMillis;
    }

    /// To be asked once for each end; between half the current ceiling and all of it.
    ///
    /// @param nowMillis by a clock that never steps
    long nextMillis(long nowMillis) {
        if (nowMillis - againAtMillis >= QUIET_MILLIS) {
            ceilingMillis = WAIT_MILLIS_MIN;
        }
        var wait = ceilingMillis / 2 + random.nextLong(ceilingMillis / 2 + 1);
        ceilingMillis = Math.min(WAIT_MILLIS_MAX, 2 * ceilingMillis);
        againAtMillis = nowMillis + wait;
        return wait;
    }
}
