package io.weirlog.metadata;

import io.weirlog.common.BrokerId;

/// What a node is in its quorum right now.
public sealed interface QuorumRole {
    /// The active controller: leads, and has applied everything committed before its term.
    record Active() implements QuorumRole {}

    /// Another node leads.
    record Following(BrokerId leader) implements QuorumRole {}

    /// No leader is known, or this node is about to lead.
    record Searching() implements QuorumRole {}
}
