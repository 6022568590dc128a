package io.weirlog.metadata.core;

/// What became of one item of a command that carries many.
public sealed interface ItemResult {
    record Accepted() implements ItemResult {}

    /// The item changed nothing; the others are not held up by it.
    ///
    /// @param reason of the first problem found
    /// @param message all problems found, for people
    record Refused(RejectReason reason, String message) implements ItemResult {}
}
