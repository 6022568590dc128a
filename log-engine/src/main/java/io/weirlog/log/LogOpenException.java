package io.weirlog.log;

import java.io.IOException;

/// A directory cannot serve as a partition's log; nothing in it was changed.
public final class LogOpenException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient LogOpenFailure failure;

    public LogOpenException(LogOpenFailure failure) {
        super(failure.message());
        this.failure = failure;
    }

    public LogOpenFailure failure() {
        return failure;
    }
}
