package io.weirlog.client;

/// How a group divides its partitions among its members. The members ask for one, and the group's coordinator uses what
/// most of them ask for.
public enum Assignor {
    /// Evenly over all topics together, and with every change as few partitions as possible go elsewhere.
    STICKY(io.weirlog.v1.Assignor.ASSIGNOR_STICKY),
    /// Evenly over all topics together, whatever was before.
    UNIFORM(io.weirlog.v1.Assignor.ASSIGNOR_UNIFORM),
    /// Each topic by itself, in ranges: the same numbers of several topics go to the same member.
    RANGE(io.weirlog.v1.Assignor.ASSIGNOR_RANGE);

    private final io.weirlog.v1.Assignor proto;

    Assignor(io.weirlog.v1.Assignor proto) {
        this.proto = proto;
    }

    io.weirlog.v1.Assignor toProto() {
        return proto;
    }
}
