package io.weirlog.metadata.core;

import java.util.UUID;

/// Names one request to the metadata: a proposer draws it once and keeps it over retries, so that a command
/// whose answer was lost is answered again and not done again.
public record RequestId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
