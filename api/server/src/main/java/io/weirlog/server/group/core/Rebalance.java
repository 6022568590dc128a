package io.weirlog.server.group.core;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Decides who should own what, and brings members there step by step.
///
/// A partition on its way from one member to another goes through these states; each arrow is one record batch:
///
/// ```
/// assigned to a --target changes--> revoking from a --a acknowledges, or is fenced--> nobody's --> assigned to b
///               <--changes back----
/// ```
///
/// The last arrow is of the same batch as the one before, unless b is not there yet.
final class Rebalance {
    private final SubscribedTopics topics;
    private final Rules rules;

    Rebalance(SubscribedTopics topics, Rules rules) {
        this.topics = topics;
        this.rules = rules;
    }

    /// After members, subscriptions or topics have changed.
    void regroup(Group group, Changes changes) {
        regroup(group, group.meta().epoch(), false, changes);
    }

    /// After members joined or went.
    ///
    /// @param formerMemberEpoch the highest epoch of those that went, 0 if none did
    void membersChanged(Group group, int formerMemberEpoch, Changes changes) {
        regroup(group, rules.nextGroupEpoch(group.meta().epoch(), formerMemberEpoch), true, changes);
    }

    private void regroup(Group group, int epoch, boolean membersChanged, Changes changes) {
        var meta = group.meta();
        var assignor = mostWanted(group);
        var targets = Assignor.assign(assignor, input(group));
        var newTargets = !targets.equals(group.targets());
        var emptySince = emptySince(group, membersChanged, changes.now());
        var newEpoch = newTargets && !membersChanged ? Math.incrementExact(epoch) : epoch;
        if (newTargets
                || newEpoch != meta.epoch()
                || assignor != meta.assignor()
                || !emptySince.equals(meta.emptySinceMillis())) {
            var index = topics.topics().metadataIndex();
            changes.put(new GroupRecord.GroupChanged(group.id(), new GroupMeta(newEpoch, emptySince, assignor, index)));
        }
        targets.forEach((member, target) -> {
            if (!group.targets().containsKey(member) || !group.target(member).equals(target)) {
                changes.put(new GroupRecord.TargetChanged(group.id(), member, target));
            }
        });
        reconcile(group, changes);
    }

    /// Takes from members what they should not have, and gives them what they should have and nobody has.
    void reconcile(Group group, Changes changes) {
        for (var member : group.members().keySet()) {
            group.current(member).ifPresent(current -> {
                var next = next(group, current, group.target(member));
                if (!next.equals(current)) {
                    changes.put(new GroupRecord.CurrentChanged(group.id(), member, next));
                }
            });
        }
    }

    private CurrentAssignment next(Group group, CurrentAssignment current, NavigableSet<TopicPartition> target) {
        var nextEpoch = Math.incrementExact(current.epoch());
        var assigned = new TreeMap<TopicPartition, Integer>();
        var revokedBefore = new TreeMap<TopicPartition, Integer>();
        var revokedNow = new TreeMap<TopicPartition, Integer>();
        current.assigned()
                .forEach((partition, since) ->
                        (target.contains(partition) ? assigned : revokedNow).put(partition, since));
        // What comes back before it was acknowledged has been the member's all the time.
        current.revoking()
                .forEach((partition, since) ->
                        (target.contains(partition) ? assigned : revokedBefore).put(partition, since));
        for (var partition : target) {
            if (group.owner(partition).isEmpty()) {
                assigned.put(partition, nextEpoch);
            }
        }
        if (assigned.equals(current.assigned()) && revokedNow.isEmpty()) {
            return current;
        }
        return new CurrentAssignment(
                nextEpoch, current.joinEpoch(), assigned, rules.stillRevoking(revokedBefore, revokedNow));
    }

    private Assignor.Input input(Group group) {
        var members = new ArrayList<Assignor.Member>();
        NavigableMap<TopicId, Integer> partitions = new TreeMap<>();
        group.members().forEach((member, terms) -> {
            var subscribed = topics.of(terms.subscription());
            var name = terms.instance().map(InstanceId::value).orElse(member.value());
            members.add(new Assignor.Member(member, name, subscribed, group.target(member)));
            for (var topic : subscribed) {
                topics.topics().topic(topic).ifPresent(found -> partitions.put(topic, found.partitions()));
            }
        });
        return new Assignor.Input(members, partitions);
    }

    /// What most members ask for; of several the first. A group without members keeps what it had.
    private static AssignorKind mostWanted(Group group) {
        if (group.members().isEmpty()) {
            return group.meta().assignor();
        }
        var votes = new EnumMap<AssignorKind, Integer>(AssignorKind.class);
        group.members().values().forEach(terms -> votes.merge(terms.assignor(), 1, Integer::sum));
        var wanted = AssignorKind.STICKY;
        for (var kind : AssignorKind.values()) {
            wanted = votes.getOrDefault(kind, 0) > votes.getOrDefault(wanted, 0) ? kind : wanted;
        }
        return wanted;
    }

    private static OptionalLong emptySince(Group group, boolean membersChanged, Now now) {
        if (!group.members().isEmpty()) {
            return OptionalLong.empty();
        }
        return membersChanged ? OptionalLong.of(now.wallMillis()) : group.meta().emptySinceMillis();
    }
}
