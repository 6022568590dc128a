package io.weirlog.metadata;

import org.jspecify.annotations.Nullable;

/// No answer from the metadata quorum within the deadline.
public final class MetadataUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean outcomeKnownNotApplied;

    public MetadataUnavailableException(String message, boolean outcomeKnownNotApplied, @Nullable Throwable cause) {
        super(message, cause);
        this.outcomeKnownNotApplied = outcomeKnownNotApplied;
    }

    /// Whether the command certainly has not been and will not be applied. Otherwise it may have been or may
    /// still be.
    public boolean outcomeKnownNotApplied() {
        return outcomeKnownNotApplied;
    }
}
