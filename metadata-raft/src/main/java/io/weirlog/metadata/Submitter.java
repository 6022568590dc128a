package io.weirlog.metadata;

import java.util.concurrent.CompletableFuture;

/// Makes one attempt to get a command into the log of the metadata.
@FunctionalInterface
public interface Submitter {
    /// @param command encoded by [io.weirlog.metadata.codec.CommandCodec]
    /// @return completes always, and normally
    CompletableFuture<Submission> submit(byte[] command);
}
