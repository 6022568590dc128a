package io.weirlog.metadata.ratis;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The log or the snapshot on this node's disk cannot be trusted.
final class DamagedStateException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedStateException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
