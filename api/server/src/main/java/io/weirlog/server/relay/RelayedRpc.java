package io.weirlog.server.relay;

import java.util.Locale;

/// What clients ask for that other brokers are asked in turn.
public enum RelayedRpc {
    APPEND,
    PRODUCE,
    FETCH,
    CONSUME,
    LIST_OFFSETS,
    DELETE_RECORDS,
    GROUPS;

    /// As metrics name it.
    String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
