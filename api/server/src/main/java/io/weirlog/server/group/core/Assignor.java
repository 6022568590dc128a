package io.weirlog.server.group.core;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Divides partitions among members: a function of its input, so that every coordinator comes to the same.
///
/// Whatever the kind, each partition of a topic that someone subscribes to goes to exactly one of its subscribers.
public final class Assignor {
    private Assignor() {}

    /// @param members in any order
    /// @param partitions how many each topic has: of all topics that members subscribe to
    public record Input(List<Member> members, NavigableMap<TopicId, Integer> partitions) {
        public Input {
            members = members.stream().sorted(Member.ORDER).toList();
        }
    }

    /// @param name by which members are ordered: a static member's instance id, so that its next life has its place
    /// @param topics that it subscribes to
    /// @param former what it was to own so far
    public record Member(MemberId id, String name, NavigableSet<TopicId> topics, NavigableSet<TopicPartition> former) {
        private static final Comparator<Member> ORDER =
                Comparator.comparing(Member::name).thenComparing(Member::id);
    }

    /// What each member gets; a member that gets nothing is there with nothing.
    public static NavigableMap<MemberId, NavigableSet<TopicPartition>> assign(AssignorKind kind, Input input) {
        return switch (kind) {
            case STICKY -> new BalancedAssignment(input, true).assign();
            case UNIFORM -> new BalancedAssignment(input, false).assign();
            case RANGE -> ranges(input);
        };
    }

    private static NavigableMap<MemberId, NavigableSet<TopicPartition>> ranges(Input input) {
        var assigned = new TreeMap<MemberId, NavigableSet<TopicPartition>>();
        input.members().forEach(member -> assigned.put(member.id(), new TreeSet<>()));
        input.partitions().forEach((topic, count) -> {
            var subscribers = input.members().stream()
                    .filter(member -> member.topics().contains(topic))
                    .toList();
            int partition = 0;
            for (int i = 0; i < subscribers.size(); i++) {
                // The first ones get one more each, until it comes out even.
                int share = count / subscribers.size() + (i < count % subscribers.size() ? 1 : 0);
                var own = assigned.computeIfAbsent(subscribers.get(i).id(), _ -> new TreeSet<>());
                for (int end = partition + share; partition < end; partition++) {
                    own.add(new TopicPartition(topic, partition));
                }
            }
        });
        return assigned;
    }
}
