package io.weirlog.metadata.ratis;

import java.security.Security;
import org.apache.ratis.util.ExitUtils;

/// What Ratis does to a whole process, undone once per process: it is a guest in ours.
final class RatisEnvironment {
    private static final String RESOLVED_SECONDS_MAX = "5";

    static {
        // A voter that moved is found under its name again. Java's own resolver reads the first two, gRPC's the third.
        Security.setProperty("networkaddress.cache.ttl", RESOLVED_SECONDS_MAX);
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        System.setProperty("networkaddress.cache.ttl", RESOLVED_SECONDS_MAX);
        // Loading ExitUtils makes it the process's handler of uncaught exceptions, and that one ends the process.
        var handler = Thread.getDefaultUncaughtExceptionHandler();
        ExitUtils.disableSystemExit();
        Thread.setDefaultUncaughtExceptionHandler(handler);
    }

    private RatisEnvironment() {}

    static void prepare() {
        // Loading the class did it.
    }
}
