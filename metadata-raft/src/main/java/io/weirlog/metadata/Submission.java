package io.weirlog.metadata;

import io.weirlog.metadata.core.MetadataReply;

/// What became of a command that was handed to this node.
public sealed interface Submission {
    /// Committed and applied.
    record Answered(MetadataReply reply) implements Submission {}

    /// Never reached the log: this node does not lead, is not ready, or is stopping.
    record NotAppended(String reason) implements Submission {}

    /// Never reached the log: too many commands wait already.
    record Overloaded(String reason) implements Submission {}

    /// Reached the log of a leader that stepped down or stopped: it may still be committed, or be lost.
    record Unknown(String reason) implements Submission {}
}
