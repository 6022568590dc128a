package io.weirlog.metadata.ratis;

import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.core.Applied;
import io.weirlog.metadata.core.MetadataState;
import java.io.IOException;

/// Told of what happens to a quorum member. No call may block: they come from Ratis' own threads.
public interface NodeListener {
    /// The Raft folder exists. Called at every start, before this node votes.
    void storageReady() throws IOException;

    /// The state is that of a snapshot, whatever it was before. In the order of the log with [#applied].
    void restored(MetadataState state);

    /// One command was committed and applied. In the order of the log.
    void applied(Applied applied);

    void roleChanged(QuorumRole role);

    /// This member stopped because the quorum removed it: that was asked for, and is no failure.
    ///
    /// @param forGood it says so in this member's log; otherwise it was away, and another told it
    void removed(boolean forGood);

    /// This member stopped by itself and will not come back.
    void failed(Throwable cause);
}
