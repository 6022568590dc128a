package io.weirlog.client;

/// Who is to be elected.
public enum LeaderElection {
    /// The preferred leader, where it is in sync.
    PREFERRED,
    /// Where nobody leads because no complete replica is there: one that is there, whatever it lacks. Acknowledged
    /// records
    /// may be lost.
    UNCLEAN
}
