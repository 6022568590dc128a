package io.weirlog.metadata.codec;

import java.io.IOException;

/// Bytes that are no record of ours: damaged, or written by a version that knows more.
public final class MalformedRecordException extends IOException {
    private static final long serialVersionUID = 1;

    public MalformedRecordException(String message) {
        super(message);
    }

    public MalformedRecordException(String message, Throwable cause) {
        super(message, cause);
    }
}
