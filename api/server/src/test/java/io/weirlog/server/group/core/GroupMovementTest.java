package io.weirlog.server.group.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.TopicPartition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What moves in a large group, and how soon, when one member dies and when all of them are restarted.
class GroupMovementTest {
    private static final int MEMBERS = 50;
    private static final int PARTITIONS = 500;
    private static final long SESSION_MILLIS = 10_000;
    private static final long BEAT_MILLIS = 1_000;

    private final GroupBench bench = new GroupBench(GroupConfig.DEFAULT, PARTITIONS);
    /// By the number of the member.
    private final Map<Integer, GroupReply.Membership> members = new TreeMap<>();

    private static Optional<String> host(int number, boolean isStatic) {
        return isStatic ? Optional.of("host-" + number) : Optional.empty();
    }

    private void allJoin(boolean isStatic) {
        for (int number = 0; number < MEMBERS; number++) {
            members.put(number, bench.join("m" + number, host(number, isStatic)));
        }
        while (beatAll()) {
            bench.pass(1);
        }
        assertEquals(GroupReply.GroupState.STABLE, bench.describe().summary().state());
        assertEquals(PARTITIONS, owners().size());
    }

    /// A heartbeat of every member; whether anybody was told anything new.
    private boolean beatAll() {
        var news = false;
        for (var entry : members.entrySet()) {
            var before = entry.getValue();
            var now = bench.beat(before.member().value(), before.epoch(), before.assigned());
            news |= !now.equals(before);
            entry.setValue(now);
        }
        return news;
    }

    private Map<TopicPartition, Integer> owners() {
        var owners = new HashMap<TopicPartition, Integer>();
        members.forEach((number, state) -> state.assigned()
                .forEach(partition -> assertEquals(null, owners.put(partition, number), "two own " + partition)));
        return owners;
    }

    @Test
    void onlyThePartitionsOfADeadMemberMove() {
        allJoin(false);
        var before = owners();
        var dead = Objects.requireNonNull(members.remove(MEMBERS / 2));
        var waited = 0L;
        while (owners().size() < PARTITIONS) {
            assertTrue(waited < SESSION_MILLIS + BEAT_MILLIS, () -> "only " + owners().size() + " are owned");
            bench.pass(BEAT_MILLIS / 4);
            waited += BEAT_MILLIS / 4;
            beatAll();
        }
        var after = owners();
        NavigableSet<TopicPartition> moved = new TreeSet<>(after.keySet());
        moved.removeIf(partition -> Objects.equals(after.get(partition), before.get(partition)));
        System.out.printf(
                "%d members over %d partitions, one killed: %d partitions moved, all owned again %d ms after its last"
                        + " heartbeat (session timeout %d ms)%n",
                MEMBERS, PARTITIONS, moved.size(), waited, SESSION_MILLIS);
        assertEquals(dead.assigned(), moved);
        assertEquals(GroupReply.GroupState.STABLE, bench.describe().summary().state());
    }

    /// Static members under new member ids, as most clients have them, and under the ones they had.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRestartOfAllStaticMembersInTurnMovesNothing(boolean keepsMemberId) {
        allJoin(true);
        var before = owners();
        for (int number = 0; number < MEMBERS; number++) {
            var former = Objects.requireNonNull(members.remove(number));
            beatAll();
            bench.pass(BEAT_MILLIS);
            beatAll();
            var written = bench.log.size();
            var name = keepsMemberId ? "m" + number : "again-" + number;
            var back = bench.join(name, host(number, true));
            members.put(number, back);
            assertEquals(former.assigned(), back.assigned());
            assertTrue(back.epoch() > former.epoch(), "the life before is fenced");
            assertEquals(List.of(), changesOfOthers(written, former.member(), back.member()));
            assertTrue(!beatAll(), "nobody hears anything new");
        }
        System.out.printf(
                "%d static members over %d partitions, all restarted in turn %s: 0 partitions moved, %d owned%n",
                MEMBERS, PARTITIONS, keepsMemberId ? "under their member ids" : "under new member ids", before.size());
        assertEquals(before, owners());
    }

    private List<GroupRecord> changesOfOthers(int since, MemberId former, MemberId back) {
        return bench.log.subList(since, bench.log.size()).stream()
                .filter(record -> switch (record) {
                    case GroupRecord.CurrentChanged(var _, var member, var _) ->
                        !member.equals(former) && !member.equals(back);
                    case GroupRecord.CurrentRemoved(var _, var member) -> !member.equals(former);
                    case GroupRecord.TargetChanged(var _, var member, var _) ->
                        !member.equals(former) && !member.equals(back);
                    case GroupRecord.TargetRemoved(var _, var member) -> !member.equals(former);
                    case GroupRecord.GroupChanged _,
                            GroupRecord.GroupRemoved _,
                            GroupRecord.MemberChanged _,
                            GroupRecord.MemberRemoved _,
                            GroupRecord.OffsetCommitted _,
                            GroupRecord.OffsetRemoved _ -> false;
                })
                .toList();
    }
}
