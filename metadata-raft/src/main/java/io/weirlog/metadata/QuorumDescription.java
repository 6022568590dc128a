package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The metadata quorum as one of its members sees it.
///
/// @param term of the newest election that this member knows of
/// @param logEnd one past the last entry of this member's log
/// @param commitEnd one past the last entry that this member knows to be committed
/// @param voters in the order of their ids
/// @param joining nodes that catch up in order to vote; only the active controller knows of them
public record QuorumDescription(
        BrokerId self,
        Optional<BrokerId> leader,
        long term,
        long logEnd,
        long commitEnd,
        List<Member> voters,
        List<Member> joining) {
    public QuorumDescription {
        voters = List.copyOf(voters);
        joining = List.copyOf(joining);
    }

    /// @param progress known to the active controller only
    public record Member(BrokerId id, Endpoint endpoint, Optional<Progress> progress) {}

    /// @param matchEnd one past the last entry that it is known to have
    /// @param nextIndex the entry that it is sent next
    /// @param lagEntries how many entries of the active controller's log it is not known to have
    /// @param lastContact how long ago it answered last
    public record Progress(long matchEnd, long nextIndex, long lagEntries, Duration lastContact) {}

    public Optional<Member> voter(BrokerId id) {
        return voters.stream().filter(voter -> voter.id().equals(id)).findFirst();
    }
}
