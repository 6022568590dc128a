package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/// Says what a group is like, and why it is not at rest.
final class Descriptions {
    /// An explanation names so many members, and so many partitions of each.
    private static final int NAMED_MAX = 5;

    private final GroupStore store;
    private final SubscribedTopics topics;
    private final MemberWatch watch;

    Descriptions(GroupStore store, SubscribedTopics topics, MemberWatch watch) {
        this.store = store;
        this.topics = topics;
        this.watch = watch;
    }

    GroupReply describe(GroupId id, Now now) {
        var known = store.group(id);
        if (known.isEmpty()) {
            return Offsets.unknownGroup(id);
        }
        var group = known.get();
        var members = new ArrayList<GroupReply.MemberDescription>();
        group.members()
                .forEach((member, terms) -> members.add(new GroupReply.MemberDescription(
                        member,
                        terms,
                        group.assignment(member),
                        group.target(member),
                        watch.silentMillis(new MemberKey(id, member), now))));
        return new GroupReply.Described(new GroupReply.GroupDescription(
                summary(group), reason(group, now), group.meta(), members, group.offsets()));
    }

    GroupReply list(String after, int countMax) {
        return new GroupReply.Listed(store.groups().tailMap(new GroupId(after), false).values().stream()
                .limit(Math.min(countMax, GroupConfig.LISTED_GROUPS_MAX))
                .map(Descriptions::summary)
                .toList());
    }

    private static GroupReply.GroupSummary summary(Group group) {
        var state = GroupReply.GroupState.EMPTY;
        if (!group.members().isEmpty()) {
            state = group.isStable() ? GroupReply.GroupState.STABLE : GroupReply.GroupState.RECONCILING;
        }
        return new GroupReply.GroupSummary(
                group.id(), state, group.members().size(), group.meta().epoch());
    }

    private String reason(Group group, Now now) {
        var reasons = new ArrayList<String>();
        var left = 0;
        for (var member : group.members().keySet()) {
            if (group.isSettled(member)) {
                continue;
            }
            if (reasons.size() >= NAMED_MAX) {
                left++;
                continue;
            }
            reasons.add(reason(group, member, now));
        }
        if (left > 0) {
            reasons.add("%d more members are not settled".formatted(left));
        }
        return String.join("; ", reasons);
    }

    private String reason(Group group, MemberId member, Now now) {
        var parts = new ArrayList<String>();
        var current = group.assignment(member);
        if (!current.revoking().isEmpty()) {
            var key = new MemberKey(group.id(), member);
            parts.add("has not acknowledged that it lost %s; silent for %s s, fenced in %s s if it does not"
                    .formatted(
                            names(current.revoking().keySet()),
                            watch.silentMillis(key, now) / 1000,
                            watch.revokeMillis(key, now).orElse(0) / 1000));
        }
        var awaited = group.awaited(member);
        if (!awaited.isEmpty()) {
            var holders = awaited.stream()
                    .flatMap(partition -> group.owner(partition).stream())
                    .distinct()
                    .limit(NAMED_MAX)
                    .map(MemberId::value)
                    .collect(Collectors.joining(", "));
            parts.add("waits for %s, which %s has not let go of".formatted(names(awaited), holders));
        }
        return "member " + member + " " + String.join(", and ", parts);
    }

    private String names(Collection<TopicPartition> partitions) {
        List<String> named =
                partitions.stream().limit(NAMED_MAX).map(topics.topics()::text).toList();
        var more = partitions.size() - named.size();
        return String.join(", ", named) + (more > 0 ? " and %d more".formatted(more) : "");
    }
}
