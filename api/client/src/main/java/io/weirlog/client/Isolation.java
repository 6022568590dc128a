package io.weirlog.client;

/// What a reader sees of transactions.
public enum Isolation {
    /// Everything that is replicated.
    READ_UNCOMMITTED(io.weirlog.v1.Isolation.ISOLATION_READ_UNCOMMITTED),
    /// Only what no open transaction may still take back, less what was aborted.
    READ_COMMITTED(io.weirlog.v1.Isolation.ISOLATION_READ_COMMITTED);

    private final io.weirlog.v1.Isolation proto;

    Isolation(io.weirlog.v1.Isolation proto) {
        this.proto = proto;
    }

    io.weirlog.v1.Isolation toProto() {
        return proto;
    }
}
