package io.weirlog.cli;

import java.security.Security;

/// How long this process believes what a name stood for. A container or pod that comes back under its name often has
/// another address, and Java asks for a name again after 30 seconds only.
final class ResolvedNames {
    private static final String SECONDS_MAX = "5";

    private ResolvedNames() {}

    /// Counts if no name was resolved before: then Java has read the first two. gRPC reads the third.
    static void forgetSoon() {
        Security.setProperty("networkaddress.cache.ttl", SECONDS_MAX);
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        System.setProperty("networkaddress.cache.ttl", SECONDS_MAX);
    }
}
