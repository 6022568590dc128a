package io.weirlog.metadata.ratis;

import org.apache.ratis.util.ExitUtils;

/// What Ratis does to a whole process, undone once per process: it is a guest in ours.
final class RatisEnvironment {
    static {
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
