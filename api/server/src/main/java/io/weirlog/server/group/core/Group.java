package io.weirlog.server.group.core;

import io.weirlog.common.Invariant;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// One group as its records make it. The maps are independent of each other, as the keys in the log are: in a compacted
/// log the record of a member may come after that of its assignment.
final class Group {
    private final GroupId id;
    private Optional<GroupMeta> meta = Optional.empty();
    private final NavigableMap<MemberId, MemberTerms> members = new TreeMap<>();
    private final NavigableMap<MemberId, NavigableSet<TopicPartition>> targets = new TreeMap<>();
    private final NavigableMap<MemberId, CurrentAssignment> currents = new TreeMap<>();
    private final NavigableMap<TopicPartition, CommittedOffset> offsets = new TreeMap<>();
    private final NavigableMap<InstanceId, MemberId> instances = new TreeMap<>();
    /// Who has each partition, acknowledged revocations excepted; for lookups only, since it has no order.
    private final Map<TopicPartition, MemberId> owners = new HashMap<>();

    Group(GroupId id) {
        this.id = id;
    }

    GroupId id() {
        return id;
    }

    GroupMeta meta() {
        return meta.orElse(GroupMeta.NEW);
    }

    NavigableMap<MemberId, MemberTerms> members() {
        return Collections.unmodifiableNavigableMap(members);
    }

    Optional<MemberTerms> member(MemberId member) {
        return Optional.ofNullable(members.get(member));
    }

    Optional<MemberId> memberOf(InstanceId instance) {
        return Optional.ofNullable(instances.get(instance));
    }

    NavigableMap<MemberId, NavigableSet<TopicPartition>> targets() {
        return Collections.unmodifiableNavigableMap(targets);
    }

    NavigableSet<TopicPartition> target(MemberId member) {
        var target = targets.get(member);
        return target == null ? Collections.emptyNavigableSet() : target;
    }

    /// Of one that is known to be a member.
    MemberTerms terms(MemberId member) {
        return member(member).orElseThrow(() -> missing("terms", member));
    }

    /// Of one that is known to be a member.
    CurrentAssignment assignment(MemberId member) {
        return current(member).orElseThrow(() -> missing("assignment", member));
    }

    private InvariantViolation missing(String what, MemberId member) {
        return new InvariantViolation("G5: member %s of group %s has no %s".formatted(member, id, what));
    }

    Optional<CurrentAssignment> current(MemberId member) {
        return Optional.ofNullable(currents.get(member));
    }

    Optional<MemberId> owner(TopicPartition partition) {
        return Optional.ofNullable(owners.get(partition));
    }

    NavigableMap<TopicPartition, CommittedOffset> offsets() {
        return Collections.unmodifiableNavigableMap(offsets);
    }

    /// Whether nothing is left that the log has to keep.
    boolean isBlank() {
        return meta.isEmpty() && members.isEmpty() && targets.isEmpty() && currents.isEmpty() && offsets.isEmpty();
    }

    /// Whether every member owns just what it should.
    boolean isStable() {
        return members.keySet().stream().allMatch(this::isSettled);
    }

    boolean isSettled(MemberId member) {
        return current(member)
                .filter(current -> current.revoking().isEmpty()
                        && current.assigned().keySet().equals(target(member)))
                .isPresent();
    }

    void apply(GroupRecord record) {
        switch (record) {
            case GroupRecord.GroupChanged(var _, var changed) -> meta = Optional.of(changed);
            case GroupRecord.GroupRemoved _ -> meta = Optional.empty();
            case GroupRecord.MemberChanged(var _, var member, var terms) -> putMember(member, terms);
            case GroupRecord.MemberRemoved(var _, var member) -> removeMember(member);
            case GroupRecord.TargetChanged(var _, var member, var partitions) -> targets.put(member, partitions);
            case GroupRecord.TargetRemoved(var _, var member) -> targets.remove(member);
            case GroupRecord.CurrentChanged(var _, var member, var current) -> putCurrent(member, current);
            case GroupRecord.CurrentRemoved(var _, var member) -> removeCurrent(member);
            case GroupRecord.OffsetCommitted(var _, var partition, var offset) -> offsets.put(partition, offset);
            case GroupRecord.OffsetRemoved(var _, var partition) -> offsets.remove(partition);
        }
    }

    private void putMember(MemberId member, MemberTerms terms) {
        removeMember(member);
        members.put(member, terms);
        terms.instance().ifPresent(instance -> instances.put(instance, member));
    }

    private void removeMember(MemberId member) {
        var former = members.remove(member);
        if (former != null) {
            former.instance().ifPresent(instance -> instances.remove(instance, member));
        }
    }

    private void putCurrent(MemberId member, CurrentAssignment current) {
        removeCurrent(member);
        currents.put(member, current);
        for (var partitions : List.of(current.assigned(), current.revoking())) {
            for (var partition : partitions.keySet()) {
                var other = owners.put(partition, member);
                Invariant.check(
                        other == null,
                        "G1: partition %s of group %s would be %s's and %s's",
                        partition,
                        id,
                        other,
                        member);
            }
        }
    }

    private void removeCurrent(MemberId member) {
        var former = currents.remove(member);
        if (former != null) {
            former.assigned().keySet().forEach(owners::remove);
            former.revoking().keySet().forEach(owners::remove);
        }
    }

    /// After a replay: that what belongs together is there together.
    void checkWhole() {
        Invariant.check(
                currents.keySet().equals(members.keySet()),
                "G5: group %s has members without an assignment, or the" + " other way round",
                id);
        Invariant.check(
                targets.keySet().equals(members.keySet()),
                "G5: group %s has members without a target, or the other" + " way round",
                id);
        Invariant.check(meta.isPresent(), "G5: group %s has members or offsets, but is not there itself", id);
    }

    /// The records that make this group, in the order of their keys.
    List<GroupRecord> records() {
        var records = new ArrayList<GroupRecord>();
        meta.ifPresent(present -> records.add(new GroupRecord.GroupChanged(id, present)));
        members.forEach((member, terms) -> records.add(new GroupRecord.MemberChanged(id, member, terms)));
        targets.forEach((member, target) -> records.add(new GroupRecord.TargetChanged(id, member, target)));
        currents.forEach((member, current) -> records.add(new GroupRecord.CurrentChanged(id, member, current)));
        offsets.forEach((partition, offset) -> records.add(new GroupRecord.OffsetCommitted(id, partition, offset)));
        return records;
    }

    /// The tombstones that end this group.
    List<GroupRecord> removals() {
        var removals = new ArrayList<GroupRecord>();
        offsets.keySet().forEach(partition -> removals.add(new GroupRecord.OffsetRemoved(id, partition)));
        meta.ifPresent(_ -> removals.add(new GroupRecord.GroupRemoved(id)));
        return removals;
    }

    /// Partitions that someone should own and nobody may yet, since another member has not let go.
    NavigableSet<TopicPartition> awaited(MemberId member) {
        var awaited = new TreeSet<>(target(member));
        current(member)
                .ifPresent(current -> awaited.removeAll(current.assigned().keySet()));
        return awaited;
    }
}
