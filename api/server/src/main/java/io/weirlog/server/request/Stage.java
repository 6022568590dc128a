package io.weirlog.server.request;

import java.util.Locale;

/// What an append goes through at its leader; see [AppendTimes].
enum Stage {
    QUEUE,
    APPEND,
    REPLICATE,
    RESPOND;

    String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
