package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.Collections;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/// What can be asked of a group. Plain data from a client: it may be nonsense, and is refused then.
public sealed interface GroupRequest {
    /// A member in one of its epochs.
    record MemberRef(MemberId member, int epoch) {}

    record OffsetCommit(TopicPartition partition, long nextOffset, OptionalInt leaderEpoch, String note) {}

    /// Begins a life of a member. Under an id that is a member, or under the instance id of one, a new life takes over
    /// the partitions of the one before, which is fenced.
    ///
    /// @param member chosen by the client, or drawn at random for it
    record Join(GroupId group, MemberId member, MemberTerms terms) implements GroupRequest {}

    /// Says that a member is there, and what it owns.
    ///
    /// @param epoch of the last answer that it got
    /// @param instance of a static member: lets it be told why it is none any more
    /// @param terms new ones, or empty to keep the ones it has
    /// @param owned what it owns; what is missing of a revocation told in `epoch` is acknowledged by that
    /// @param waitMillis how long the answer may wait for something new
    record Heartbeat(
            GroupId group,
            MemberId member,
            int epoch,
            Optional<InstanceId> instance,
            Optional<MemberTerms> terms,
            NavigableSet<TopicPartition> owned,
            long waitMillis)
            implements GroupRequest {
        public Heartbeat {
            owned = Collections.unmodifiableNavigableSet(new TreeSet<>(owned));
        }
    }

    record Leave(GroupId group, MemberId member, int epoch) implements GroupRequest {}

    /// Removes a static member, whoever asks.
    record RemoveInstance(GroupId group, InstanceId instance) implements GroupRequest {}

    /// @param by empty: by nobody, which only groups without members take. (Transactions will be a third kind.)
    record CommitOffsets(GroupId group, Optional<MemberRef> by, List<OffsetCommit> offsets) implements GroupRequest {
        public CommitOffsets {
            offsets = List.copyOf(offsets);
        }
    }

    /// @param by given, only a coordinator that knows the member in that epoch answers
    /// @param partitions empty: all that have an offset
    record FetchOffsets(GroupId group, Optional<MemberRef> by, Optional<List<TopicPartition>> partitions)
            implements GroupRequest {}

    record DescribeGroup(GroupId group) implements GroupRequest {}

    /// @param after groups whose ids come after this; empty text for all
    record ListGroups(String after, int countMax) implements GroupRequest {}

    record DeleteGroup(GroupId group, boolean validateOnly) implements GroupRequest {}

    record DeleteOffsets(GroupId group, List<TopicPartition> partitions, boolean validateOnly) implements GroupRequest {
        public DeleteOffsets {
            partitions = List.copyOf(partitions);
        }
    }

    record SetOffsets(GroupId group, List<OffsetCommit> offsets, boolean validateOnly) implements GroupRequest {
        public SetOffsets {
            offsets = List.copyOf(offsets);
        }
    }
}
