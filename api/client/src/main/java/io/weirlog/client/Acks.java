package io.weirlog.client;

/// When a write counts as done.
public enum Acks {
    /// As soon as the leader has taken it in: it may still be lost, and its offset stays unknown.
    NONE(io.weirlog.v1.Acks.ACKS_NONE),
    /// When the leader's own log holds it as safely as the topic's durability says.
    LEADER(io.weirlog.v1.Acks.ACKS_LEADER),
    /// When every in-sync replica holds it as safely as the topic's durability says.
    ALL(io.weirlog.v1.Acks.ACKS_ALL);

    private final io.weirlog.v1.Acks proto;

    Acks(io.weirlog.v1.Acks proto) {
        this.proto = proto;
    }

    io.weirlog.v1.Acks toProto() {
        return proto;
    }
}
