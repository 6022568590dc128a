package io.weirlog.metadata.core;

/// Why a partition's leader was chosen anew.
public enum ElectionReason {
    /// Its preferred leader was to lead again.
    PREFERRED,
    /// Somebody asked for a leader at any price (R12).
    UNCLEAN,
    /// Its topic's configs allow a leader that they did not allow before.
    CONFIGS_CHANGED,
    /// One of its replicas, which may be its leader, was let go.
    REASSIGNED,
    /// Its leader went out of service.
    LEADER_GONE,
    /// Its leader is about to stop, and another could take over.
    DRAINING,
    /// Its leader restarted: the former life's epoch must not go on (R1).
    NEW_LIFE,
    /// It had no leader, and somebody who may lead it is there again.
    REPLICA_BACK
}
