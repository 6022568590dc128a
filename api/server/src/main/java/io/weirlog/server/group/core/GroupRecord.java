package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.TreeSet;

/// A change of a group as it lies in the log. Each carries the whole new value of its key, and the latest per key makes
/// the state, so that a compacted log replays to the same (G5).
public sealed interface GroupRecord {
    GroupId group();

    record GroupChanged(GroupId group, GroupMeta meta) implements GroupRecord {}

    record GroupRemoved(GroupId group) implements GroupRecord {}

    record MemberChanged(GroupId group, MemberId member, MemberTerms terms) implements GroupRecord {}

    record MemberRemoved(GroupId group, MemberId member) implements GroupRecord {}

    /// What the member should own.
    record TargetChanged(GroupId group, MemberId member, NavigableSet<TopicPartition> partitions)
            implements GroupRecord {
        public TargetChanged {
            partitions = Collections.unmodifiableNavigableSet(new TreeSet<>(partitions));
        }
    }

    record TargetRemoved(GroupId group, MemberId member) implements GroupRecord {}

    /// What the member may own.
    record CurrentChanged(GroupId group, MemberId member, CurrentAssignment current) implements GroupRecord {}

    record CurrentRemoved(GroupId group, MemberId member) implements GroupRecord {}

    record OffsetCommitted(GroupId group, TopicPartition partition, CommittedOffset offset) implements GroupRecord {}

    record OffsetRemoved(GroupId group, TopicPartition partition) implements GroupRecord {}
}
