package io.weirlog.server.group.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The assignors against properties that can be said in a line, on random groups.
class AssignorTest {
    private static final int SEEDS = Integer.getInteger("weirlog.assignor.seeds", 2_000);

    private static TopicId topic(int number) {
        return new TopicId(new UUID(0, number));
    }

    private static Assignor.Input random(Random random, boolean sameTopics) {
        var partitions = new TreeMap<TopicId, Integer>();
        var topics = 1 + random.nextInt(5);
        for (int i = 0; i < topics; i++) {
            partitions.put(topic(i), 1 + random.nextInt(9));
        }
        var members = new ArrayList<Assignor.Member>();
        var count = 1 + random.nextInt(7);
        var names = new ArrayList<Integer>();
        for (int i = 0; i < count; i++) {
            names.add(i);
        }
        Collections.shuffle(names, random);
        for (int name : names) {
            var subscribed = new TreeSet<TopicId>();
            for (var topic : partitions.keySet()) {
                if (sameTopics || random.nextInt(3) > 0) {
                    subscribed.add(topic);
                }
            }
            members.add(new Assignor.Member(
                    new MemberId("m" + name), "n" + name, subscribed, Collections.emptyNavigableSet()));
        }
        return new Assignor.Input(members, partitions);
    }

    /// The same group with some members and partitions gone and others there, and what was assigned as the former.
    private static Assignor.Input changed(
            Random random, Assignor.Input input, NavigableMap<MemberId, NavigableSet<TopicPartition>> former) {
        var members = new ArrayList<Assignor.Member>();
        for (var member : input.members()) {
            if (random.nextInt(4) > 0) {
                members.add(new Assignor.Member(
                        member.id(),
                        member.name(),
                        member.topics(),
                        former.getOrDefault(member.id(), new TreeSet<>())));
            }
        }
        for (int i = random.nextInt(3); i > 0 || members.isEmpty(); i--) {
            members.add(new Assignor.Member(
                    new MemberId("new" + members.size()),
                    "new" + members.size(),
                    new TreeSet<>(input.partitions().keySet()),
                    Collections.emptyNavigableSet()));
        }
        var partitions = new TreeMap<>(input.partitions());
        if (random.nextBoolean()) {
            partitions.merge(partitions.firstKey(), random.nextInt(4), Integer::sum);
        }
        return new Assignor.Input(members, partitions);
    }

    private static NavigableSet<TopicPartition> own(
            NavigableMap<MemberId, NavigableSet<TopicPartition>> assigned, Assignor.Member member) {
        return assigned.getOrDefault(member.id(), Collections.emptyNavigableSet());
    }

    private static void assertComplete(
            Assignor.Input input, NavigableMap<MemberId, NavigableSet<TopicPartition>> assigned, long seed) {
        var owned = new ArrayList<TopicPartition>();
        for (var member : input.members()) {
            for (var partition : own(assigned, member)) {
                owned.add(partition);
                assertTrue(member.topics().contains(partition.topicId()), "seed " + seed + ": not subscribed");
            }
        }
        var wanted = new ArrayList<TopicPartition>();
        input.partitions().forEach((topic, count) -> {
            if (input.members().stream().anyMatch(member -> member.topics().contains(topic))) {
                for (int i = 0; i < count; i++) {
                    wanted.add(new TopicPartition(topic, i));
                }
            }
        });
        owned.sort(Comparator.naturalOrder());
        assertEquals(wanted, owned, "seed " + seed);
        assertEquals(input.members().size(), assigned.size(), "seed " + seed);
    }

    /// No partition could go to a subscriber that has two fewer.
    private static void assertBalanced(
            Assignor.Input input, NavigableMap<MemberId, NavigableSet<TopicPartition>> assigned, long seed) {
        for (var from : input.members()) {
            for (var to : input.members()) {
                var more = own(assigned, from).size() - own(assigned, to).size();
                var movable = own(assigned, from).stream()
                        .anyMatch(partition -> to.topics().contains(partition.topicId()));
                assertTrue(more < 2 || !movable, () -> "seed " + seed + ": " + from.id() + " has " + more + " more");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyPartitionHasOneSubscriberAndTheOrderOfMembersDoesNotMatter(AssignorKind kind) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            var random = new Random(seed);
            var input = random(random, random.nextBoolean());
            var assigned = Assignor.assign(kind, input);
            assertComplete(input, assigned, seed);
            var shuffled = new ArrayList<>(input.members());
            Collections.shuffle(shuffled, random);
            assertEquals(
                    assigned, Assignor.assign(kind, new Assignor.Input(shuffled, input.partitions())), "seed " + seed);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STICKY", "UNIFORM"})
    void isBalanced(AssignorKind kind) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            var random = new Random(seed);
            var input = random(random, random.nextInt(3) == 0);
            var assigned = Assignor.assign(kind, input);
            assertBalanced(input, assigned, seed);
            var next = changed(random, input, assigned);
            var reassigned = Assignor.assign(kind, next);
            assertComplete(next, reassigned, seed);
            assertBalanced(next, reassigned, seed);
        }
    }

    @Test
    void rangesAreContiguousAndDifferByOne() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            var input = random(new Random(seed), true);
            var assigned = Assignor.assign(AssignorKind.RANGE, input);
            for (var topic : input.partitions().keySet()) {
                var next = 0;
                var smallest = Integer.MAX_VALUE;
                var largest = 0;
                for (var member : input.members()) {
                    var own = own(assigned, member).stream()
                            .filter(partition -> partition.topicId().equals(topic))
                            .toList();
                    for (var partition : own) {
                        assertEquals(next++, partition.partition(), "seed " + seed);
                    }
                    smallest = Math.min(smallest, own.size());
                    largest = Math.max(largest, own.size());
                }
                assertTrue(largest - smallest <= 1, "seed " + seed);
            }
        }
    }

    @Test
    void stickyLeavesABalancedAssignmentAlone() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            var random = new Random(seed);
            var input = random(random, random.nextInt(3) == 0);
            var assigned = Assignor.assign(AssignorKind.STICKY, input);
            var again = new Assignor.Input(
                    input.members().stream()
                            .map(member -> new Assignor.Member(
                                    member.id(), member.name(), member.topics(), own(assigned, member)))
                            .toList(),
                    input.partitions());
            assertEquals(assigned, Assignor.assign(AssignorKind.STICKY, again), "seed " + seed);
        }
    }

    /// Where all subscribe to the same, the fewest moves are known: members keep up to their even share, and those that
    /// had most get the larger shares.
    @Test
    void stickyMovesAsLittleAsPossible() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            var random = new Random(seed);
            var first = random(random, true);
            var next = changed(random, first, Assignor.assign(AssignorKind.STICKY, first));
            var assigned = Assignor.assign(AssignorKind.STICKY, next);
            var kept = 0;
            for (var member : next.members()) {
                var both = new TreeSet<>(own(assigned, member));
                both.retainAll(member.former());
                kept += both.size();
            }
            assertEquals(mostKept(next), kept, "seed " + seed);
        }
    }

    private static int mostKept(Assignor.Input input) {
        var total =
                input.partitions().values().stream().mapToInt(Integer::intValue).sum();
        var had = input.members().stream()
                .map(member -> member.former().size())
                .sorted(Comparator.reverseOrder())
                .toList();
        var kept = 0;
        for (int i = 0; i < had.size(); i++) {
            kept += Math.min(had.get(i), total / had.size() + (i < total % had.size() ? 1 : 0));
        }
        return kept;
    }

    /// Fifty members over five hundred partitions: one goes, and only its partitions move.
    @Test
    void aMemberThatGoesMovesOnlyItsPartitions() {
        var partitions = new TreeMap<>(Map.of(topic(1), 500));
        var members = new ArrayList<Assignor.Member>();
        for (int i = 0; i < 50; i++) {
            members.add(new Assignor.Member(
                    new MemberId("m" + i), "m" + i, new TreeSet<>(List.of(topic(1))), Collections.emptyNavigableSet()));
        }
        var assigned = Assignor.assign(AssignorKind.STICKY, new Assignor.Input(members, partitions));
        var left = members.stream()
                .skip(1)
                .map(member -> new Assignor.Member(member.id(), member.name(), member.topics(), own(assigned, member)))
                .toList();
        var next = Assignor.assign(AssignorKind.STICKY, new Assignor.Input(left, partitions));
        for (var member : left) {
            assertTrue(own(next, member).containsAll(member.former()), member.id() + " lost something");
        }
    }
}
