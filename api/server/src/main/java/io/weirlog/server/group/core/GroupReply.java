package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;

/// What a request is answered with.
public sealed interface GroupReply {
    record Refused(RefusalReason reason, String message) implements GroupReply {}

    /// To Join and Heartbeat.
    ///
    /// @param assigned all that the member may own
    /// @param revoking what it may own no longer, and has not acknowledged
    /// @param revokeMillis after which it is fenced if it still has not; empty if there is nothing to revoke
    /// @param heartbeatMillis within which it should be heard of again
    record Membership(
            MemberId member,
            int epoch,
            NavigableSet<TopicPartition> assigned,
            NavigableSet<TopicPartition> revoking,
            OptionalLong revokeMillis,
            int heartbeatMillis)
            implements GroupReply {}

    /// It is done, or would be if it was only to be validated.
    record Done() implements GroupReply {}

    /// To CommitOffsets, DeleteOffsets and SetOffsets: one for each partition, in the request's order; empty where it
    /// is done.
    record PartitionResults(List<Optional<Refused>> results) implements GroupReply {}

    /// To FetchOffsets.
    record Offsets(NavigableMap<TopicPartition, CommittedOffset> offsets) implements GroupReply {}

    record Described(GroupDescription group) implements GroupReply {}

    /// To ListGroups, in the order of their ids.
    record Listed(List<GroupSummary> groups) implements GroupReply {}

    enum GroupState {
        EMPTY,
        STABLE,
        RECONCILING
    }

    record GroupSummary(GroupId group, GroupState state, int members, int epoch) {}

    /// @param reason why the group is not stable; empty text if it is
    record GroupDescription(
            GroupSummary summary,
            String reason,
            GroupMeta meta,
            List<MemberDescription> members,
            NavigableMap<TopicPartition, CommittedOffset> offsets) {}

    record MemberDescription(
            MemberId member,
            MemberTerms terms,
            CurrentAssignment current,
            NavigableSet<TopicPartition> target,
            long silentMillis) {}
}
