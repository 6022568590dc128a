package io.weirlog.log;

import java.io.IOException;

/// A full disk is no broken one: what it holds can still be read, and it works again once there is room.
public final class DiskFull {
    private DiskFull() {}

    /// Whether a failure says that there is no room, or has come of one that does (ENOSPC, EDQUOT).
    public static boolean isCauseOf(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            var message = cause.getMessage();
            if (message != null && (message.contains("No space left") || message.contains("quota exceeded"))) {
                return true;
            }
        }
        return false;
    }
}
