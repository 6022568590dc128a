package io.weirlog.metadata;

import org.jspecify.annotations.Nullable;

/// The node cannot take part in its quorum. The message says why and what to do.
public final class QuorumStartException extends Exception {
    private static final long serialVersionUID = 1;

    public enum Reason {
        /// The folder cannot be made, read or written.
        FOLDER_UNUSABLE,
        /// Another process, or another quorum in this one, has the folder.
        FOLDER_IN_USE,
        FOLDER_OF_OTHER_CLUSTER,
        FOLDER_OF_OTHER_NODE,
        /// The file that says whose folder it is cannot be read, or is missing beside a Raft log.
        IDENTITY_DAMAGED,
        /// This voter had state once and it is gone. It must not vote again: it may have promised its vote to
        /// another, or have acknowledged entries that it lost.
        VOTER_STATE_GONE,
        /// The quorum removed this voter; what it holds is of the past.
        REMOVED_FROM_QUORUM,
        /// The log or the snapshot does not pass its checks.
        STATE_DAMAGED,
        /// The port to listen on is taken, or the address is not this machine's.
        ADDRESS_UNUSABLE,
        FAILED
    }

    private final Reason reason;

    public QuorumStartException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
