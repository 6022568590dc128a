package io.weirlog.replication.core;

import io.weirlog.common.Invariant;

/// Numbers a follower's attempts to follow one partition. Each answer carries the number of the attempt that it is
/// for, so that what was meant for an earlier one never touches the log (KAFKA-13207).
public record StreamSession(long value) {
    public StreamSession {
        Invariant.check(value >= 0, "negative session %s", value);
    }

    public StreamSession next() {
        return new StreamSession(value + 1);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
