package io.weirlog.replication.core;

import io.weirlog.common.Invariant;

/// Numbers a follower's attempts to follow one partition. Each answer carries the number of the attempt that it is
/// for, so that what was meant for an earlier one never touches the log (KAFKA-13207).
///
/// No number is used twice in one life of a broker: not even after a replica was let go and has come back, while
/// messages of its former attempts are still on their way.
public record StreamSession(long value) {
    private static final int ATTEMPT_BITS = 32;

    public StreamSession {
        Invariant.check(value >= 0, "negative session %s", value);
    }

    /// The number before the first that a replica may use.
    ///
    /// @param taken how many replicas this life of the broker has taken before it
    public static StreamSession afterReplicas(int taken) {
        Invariant.check(taken >= 0, "negative number of replicas %s", taken);
        return new StreamSession((long) taken << ATTEMPT_BITS);
    }

    public StreamSession next() {
        return new StreamSession(value + 1);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
