package io.weirlog.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// One consumer group, as its coordinator sees it.
///
/// @param reason why the group is not stable, and who is waited for; empty if it is
/// @param partitions those with a committed offset, and those of the members without one
public record GroupDescription(
        String group,
        GroupState state,
        String reason,
        LeaderDescription coordinator,
        List<Member> members,
        List<Partition> partitions) {
    public GroupDescription {
        members = List.copyOf(members);
        partitions = List.copyOf(partitions);
    }

    /// @param instance the name of a static member over all its lives; empty for others
    /// @param clientId what the member calls itself
    /// @param assigned what it may own
    /// @param revoking what it has been told to let go of, and still has
    public record Member(
            String member,
            Optional<String> instance,
            String clientId,
            int epoch,
            List<PartitionRef> assigned,
            List<PartitionRef> revoking) {
        public Member {
            assigned = List.copyOf(assigned);
            revoking = List.copyOf(revoking);
        }
    }

    /// @param committed where the group reads on; empty if nothing was committed
    /// @param highWatermark the end of what can be read; empty if the partition's leader could not be asked
    /// @param lagRecords how many offsets lie between the two; empty if the leader could not be asked
    /// @param lagAge how long the first record that was not committed has been there; empty if that is not known
    /// @param member who may own it, if anybody
    public record Partition(
            PartitionRef partition,
            OptionalLong committed,
            OptionalLong highWatermark,
            OptionalLong lagRecords,
            Optional<Duration> lagAge,
            Optional<String> member) {}
}
