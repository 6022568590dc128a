package io.weirlog.metadata;

/// Told of what this node is in its quorum: first at once, then after each change, by one thread.
///
/// A role that lasted shorter than the call before it took may be left out: a listener that was active in one
/// term and now hears of another was not active in between. When it hears that it is active, this node's
/// images include everything that was committed before that term.
@FunctionalInterface
public interface QuorumRoleListener {
    void roleChanged(QuorumRole role);
}
