package io.weirlog.replication.core;

/// How far a follower is behind its leader.
///
/// @param records that it has not acknowledged
/// @param millis since it had acknowledged everything
public record ReplicaLag(long records, long millis) {
    public ReplicaLag max(ReplicaLag that) {
        return new ReplicaLag(Math.max(records, that.records), Math.max(millis, that.millis));
    }
}
