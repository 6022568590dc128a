package io.weirlog.log;

import java.io.IOException;

/// A write or sync of this log has failed, now or earlier, so nobody knows what is on disk: it takes no further
/// append or sync until it is opened anew (L6). The cause is the first failure.
public final class LogPoisonedException extends IOException {
    private static final long serialVersionUID = 1;

    public LogPoisonedException(String message, Throwable cause) {
        super(message, cause);
    }
}
