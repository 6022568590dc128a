package io.weirlog.replication;

/// When an append is answered (Kafka's `acks`).
public enum Acks {
    /// Once the leader has written it, however unsafe that is yet.
    NONE,
    /// Once the leader's own copy is as safe as the topic's durability says.
    LEADER,
    /// Once the copies of all in-sync replicas are: the high watermark has passed it.
    ALL
}
