package io.weirlog.metadata;

import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import java.util.concurrent.CompletableFuture;

/// Proposes commands to the metadata quorum.
public interface MetadataClient {
    /// Completes with the machine's answer once the command is committed and applied. A refusal is an answer
    /// too.
    ///
    /// Fails only with [MetadataUnavailableException]; if that leaves the outcome open, propose the same
    /// command again, with the same request id: it is answered as the first time, not done twice.
    CompletableFuture<MetadataReply> propose(MetadataCommand command);
}
