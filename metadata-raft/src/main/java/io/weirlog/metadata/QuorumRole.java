package io.weirlog.metadata;

import io.weirlog.common.BrokerId;

/// What a node is in its quorum right now.
public sealed interface QuorumRole {
    /// The active controller: leads, and has applied everything committed before its term.
    ///
    /// @param term rises with each election; two active controllers never share one
    record Active(long term) implements QuorumRole {}

    /// Another node leads.
    record Following(BrokerId leader) implements QuorumRole {}

    /// No leader is known, or this node is about to lead.
    record Searching() implements QuorumRole {}

    /// This node is no voter: it was not added yet, or was removed. It waits, and harms nobody.
    record NotVoter() implements QuorumRole {}
}
