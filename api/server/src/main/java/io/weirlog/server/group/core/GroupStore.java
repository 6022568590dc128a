package io.weirlog.server.group.core;

import io.weirlog.common.InvariantViolation;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// All groups of one partition of `__offsets`, as its records make them. There is no other way to change them.
final class GroupStore {
    private final NavigableMap<GroupId, Group> groups = new TreeMap<>();
    private long metadataIndex;

    Optional<Group> group(GroupId id) {
        return Optional.ofNullable(groups.get(id));
    }

    /// One that is known to be there.
    Group existing(GroupId id) {
        return group(id).orElseThrow(() -> new InvariantViolation("group %s is gone".formatted(id)));
    }

    NavigableMap<GroupId, Group> groups() {
        return Collections.unmodifiableNavigableMap(groups);
    }

    /// The newest metadata that any record was made with: older ones know less than the records do.
    long metadataIndex() {
        return metadataIndex;
    }

    void apply(GroupRecord record) {
        switch (record) {
            case GroupRecord.GroupChanged(var _, var meta) ->
                metadataIndex = Math.max(metadataIndex, meta.metadataIndex());
            case GroupRecord.OffsetCommitted(var _, var _, var offset) ->
                metadataIndex = Math.max(metadataIndex, offset.metadataIndex());
            case GroupRecord.GroupRemoved _,
                    GroupRecord.MemberChanged _,
                    GroupRecord.MemberRemoved _,
                    GroupRecord.TargetChanged _,
                    GroupRecord.TargetRemoved _,
                    GroupRecord.CurrentChanged _,
                    GroupRecord.CurrentRemoved _,
                    GroupRecord.OffsetRemoved _ -> {}
        }
        var group = groups.computeIfAbsent(record.group(), Group::new);
        group.apply(record);
        if (group.isBlank()) {
            groups.remove(group.id());
        }
    }

    /// After a replay.
    void checkWhole() {
        groups.values().forEach(Group::checkWhole);
    }

    /// The fewest records that make this state: equal for equal states.
    List<GroupRecord> records() {
        return groups.values().stream()
                .flatMap(group -> group.records().stream())
                .toList();
    }
}
