package io.weirlog.server.group.core;

import static io.weirlog.server.group.core.GroupBench.GROUP;
import static io.weirlog.server.group.core.GroupBench.commit;
import static io.weirlog.server.group.core.GroupBench.heartbeat;
import static io.weirlog.server.group.core.GroupBench.orders;
import static io.weirlog.server.group.core.GroupBench.partitions;
import static io.weirlog.server.group.core.GroupBench.terms;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GroupMachineTest {
    private final GroupBench bench = new GroupBench(GroupConfig.DEFAULT, 4);

    @Test
    void theFirstMemberGetsEverythingAndTheSecondWhatTheFirstLetsGoOf() {
        var a = bench.settle(bench.join("a"));
        assertEquals(partitions(0, 1, 2, 3), a.assigned());

        var b = bench.join("b");
        assertEquals(partitions(), b.assigned(), "a has not let go of anything yet");
        assertEquals("RECONCILING", bench.describe().summary().state().name());
        assertTrue(
                bench.describe().reason().contains("member b waits for orders-2, orders-3, which a has not let go of"),
                bench.describe().reason());

        a = bench.beat("a", a.epoch(), partitions(0, 1, 2, 3));
        assertEquals(partitions(0, 1), a.assigned());
        assertEquals(partitions(2, 3), a.revoking());
        assertEquals(OptionalLong.of(20_000), a.revokeMillis());
        bench.beat("a", a.epoch(), partitions(0, 1, 3));
        assertEquals(partitions(2), bench.beat("b", b.epoch(), partitions()).assigned());
        bench.beat("a", a.epoch(), partitions(0, 1));
        b = bench.settle(bench.beat("b", b.epoch(), partitions(2)));
        assertEquals(partitions(2, 3), b.assigned());
        assertEquals("STABLE", bench.describe().summary().state().name());
        assertEquals("", bench.describe().reason());
    }

    /// A heartbeat that was under way for long lacks partitions that the member got since.
    @Test
    void anOldHeartbeatAcknowledgesNothing() {
        var joined = bench.join("a");
        var a = bench.settle(joined);
        bench.join("b");
        var b = bench.beat("b", bench.describe().members().get(1).current().epoch(), partitions());
        var told = bench.beat("a", a.epoch(), partitions());
        assertEquals(partitions(2, 3), told.revoking(), "sent before it was told of the revocation");
        assertEquals(partitions(), bench.beat("b", b.epoch(), partitions()).assigned());
    }

    /// A partition that goes back before its revocation is acknowledged was the member's all the time.
    @Test
    void aRevocationIsCalledOff() {
        var a = bench.settle(bench.join("a"));
        var b = bench.join("b");
        var told = bench.beat("a", a.epoch(), partitions(0, 1, 2, 3));
        bench.ask(GroupReply.Done.class, new GroupRequest.Leave(GROUP, b.member(), b.epoch()));
        assertEquals(Optional.empty(), bench.result(commit("a", a.epoch(), 3, 7)), "in an epoch before");
        var again = bench.beat("a", told.epoch(), partitions(0, 1));
        assertEquals(partitions(0, 1, 2, 3), again.assigned());
        assertNotEquals(told.epoch(), again.epoch());
        assertEquals("STABLE", bench.describe().summary().state().name());
    }

    @Test
    void whoIsSilentIsFencedAndItsPartitionsGoOn() {
        var a = bench.settle(bench.join("a"));
        bench.join("b");
        bench.pass(9_999);
        a = bench.beat("a", a.epoch(), partitions(0, 1, 2, 3));
        assertEquals(2, bench.describe().members().size());
        bench.pass(1);
        assertEquals(1, bench.describe().members().size(), "b is gone");
        assertEquals(
                partitions(0, 1, 2, 3),
                bench.beat("a", a.epoch(), partitions(0, 1)).assigned());
        bench.assertRefused(RefusalReason.UNKNOWN_MEMBER, heartbeat("b", 2, partitions(), 0));
    }

    @Test
    void whoNeverAcknowledgesIsFenced() {
        var a = bench.settle(bench.join("a"));
        var b = bench.join("b");
        for (int i = 0; i < 4; i++) {
            bench.pass(5_000);
            b = bench.beat("b", b.epoch(), b.assigned());
            if (i < 3) {
                a = bench.beat("a", a.epoch(), partitions(0, 1, 2, 3));
            }
        }
        assertEquals(
                partitions(0, 1, 2, 3), bench.beat("b", b.epoch(), b.assigned()).assigned());
        bench.assertRefused(RefusalReason.UNKNOWN_MEMBER, heartbeat("a", a.epoch(), partitions(0, 1, 2, 3), 0));
        assertEquals(
                RefusalReason.UNKNOWN_MEMBER,
                bench.ask(GroupReply.Refused.class, commit("a", a.epoch(), 0, 7))
                        .reason());
    }

    @Test
    void aStaticMemberComesBackToItsPartitionsAndFencesItsFormerLife() {
        var a = bench.settle(bench.join("a", Optional.of("host-a")));
        var b = bench.join("b", Optional.of("host-b"));
        a = bench.settle(bench.beat("a", a.epoch(), partitions(0, 1)));
        b = bench.settle(b);
        bench.pass(5_000);
        var a2 = bench.join("a2", Optional.of("host-a"));
        assertEquals(a.assigned(), a2.assigned());
        assertEquals(b, bench.settle(bench.beat("b", b.epoch(), b.assigned())), "nothing moves");
        bench.assertRefused(
                RefusalReason.FENCED_MEMBER,
                new GroupRequest.Heartbeat(
                        GROUP,
                        a.member(),
                        a.epoch(),
                        Optional.of(new InstanceId("host-a")),
                        Optional.empty(),
                        a.assigned(),
                        0));
        bench.assertRefused(RefusalReason.UNKNOWN_MEMBER, commit("a", a.epoch(), 0, 7));
        assertEquals(Optional.empty(), bench.result(commit("a2", a2.epoch(), 0, 7)));
    }

    @Test
    void aNewLifeUnderTheSameMemberIdFencesTheOneBefore() {
        var a = bench.settle(bench.join("a"));
        var again = bench.join("a");
        assertEquals(a.assigned(), again.assigned());
        bench.assertRefused(RefusalReason.STALE_MEMBER_EPOCH, heartbeat("a", a.epoch(), partitions(), 0));
        bench.assertRefused(RefusalReason.STALE_MEMBER_EPOCH, commit("a", a.epoch(), 0, 7));
    }

    @Test
    void onlyTheOwnerCommitsInAnEpochInWhichItOwnedThePartition() {
        var a = bench.settle(bench.join("a"));
        assertEquals(Optional.empty(), bench.result(commit("a", a.epoch(), 3, 5)));
        var b = bench.join("b");
        a = bench.beat("a", a.epoch(), a.assigned());
        assertEquals(Optional.empty(), bench.result(commit("a", a.epoch(), 3, 6)), "while it is being revoked");
        bench.beat("a", a.epoch(), partitions(0, 1));
        assertEquals(Optional.of(RefusalReason.PARTITION_NOT_OWNED), bench.result(commit("a", a.epoch(), 3, 7)));
        b = bench.settle(b);
        assertEquals(Optional.empty(), bench.result(commit("b", b.epoch(), 3, 8)));
        bench.ask(GroupReply.Done.class, new GroupRequest.Leave(GROUP, b.member(), b.epoch()));
        bench.beat("a", a.epoch(), partitions(0, 1));
        assertEquals(
                Optional.of(RefusalReason.PARTITION_NOT_OWNED),
                bench.result(commit("a", a.epoch(), 3, 9)),
                "about the time before b had it");
        assertEquals(Map.of(3, 8L), bench.committed());
    }

    @Test
    void nobodyCommitsWhileTheGroupHasMembers() {
        assertEquals(Optional.empty(), bench.result(commit(Optional.empty(), orders(0), 5, "by hand")));
        bench.join("a");
        bench.assertRefused(RefusalReason.GROUP_NOT_EMPTY, commit(Optional.empty(), orders(0), 6, ""));
        assertEquals(Map.of(0, 5L), bench.committed());
    }

    @Test
    void badCommitsAreRefusedOneByOne() {
        assertEquals(
                Optional.of(RefusalReason.INVALID_REQUEST), bench.result(commit(Optional.empty(), orders(0), -1, "")));
        assertEquals(
                Optional.of(RefusalReason.UNKNOWN_PARTITION), bench.result(commit(Optional.empty(), orders(4), 1, "")));
        var unknown = new TopicPartition(new TopicId(new UUID(9, 9)), 0);
        assertEquals(
                Optional.of(RefusalReason.UNKNOWN_PARTITION), bench.result(commit(Optional.empty(), unknown, 1, "")));
        assertEquals(
                Optional.of(RefusalReason.INVALID_REQUEST),
                bench.result(commit(Optional.empty(), orders(0), 1, "é".repeat(2_049))));
        assertEquals(Optional.empty(), bench.result(commit(Optional.empty(), orders(0), 1, "é".repeat(2_048))));
        bench.assertRefused(
                RefusalReason.INVALID_REQUEST, new GroupRequest.CommitOffsets(GROUP, Optional.empty(), List.of()));
    }

    @Test
    void aHeartbeatWaitsForNews() {
        var a = bench.settle(bench.join("a"));
        assertEquals(Optional.empty(), bench.ask(heartbeat("a", a.epoch(), a.assigned(), 60_000)));
        bench.late.clear();
        bench.join("b");
        var told = bench.late.stream()
                .map(Outcome.Answer::reply)
                .filter(reply -> reply instanceof GroupReply.Membership state
                        && state.member().value().equals("a"))
                .toList();
        assertEquals(1, told.size());
        var state = (GroupReply.Membership) told.getFirst();
        assertEquals(partitions(2, 3), state.revoking());
        assertEquals(Optional.empty(), bench.ask(heartbeat("a", state.epoch(), a.assigned(), 60_000)));
        bench.late.clear();
        bench.pass(3_333);
        assertEquals(1, bench.late.size(), "no longer than the heartbeat interval");
    }

    @Test
    void aHeartbeatThatWaitsIsToldThatItsMemberIsGone() {
        var a = bench.settle(bench.join("a", Optional.of("host-a")));
        assertEquals(Optional.empty(), bench.ask(heartbeat("a", a.epoch(), a.assigned(), 60_000)));
        bench.late.clear();
        bench.join("a2", Optional.of("host-a"));
        assertToldLate(RefusalReason.UNKNOWN_MEMBER);
    }

    /// Were it told only that it is no member, it would join again and fence the other one.
    @Test
    void aHeartbeatThatWaitsIsToldThatAnotherProcessHasItsInstanceId() {
        var a = bench.settle(bench.join("a", Optional.of("host-a")));
        var waiting = new GroupRequest.Heartbeat(
                GROUP,
                a.member(),
                a.epoch(),
                Optional.of(new InstanceId("host-a")),
                Optional.empty(),
                a.assigned(),
                60_000);
        assertEquals(Optional.empty(), bench.ask(waiting));
        bench.late.clear();
        bench.join("a2", Optional.of("host-a"));
        assertToldLate(RefusalReason.FENCED_MEMBER);
    }

    private void assertToldLate(RefusalReason reason) {
        assertTrue(bench.late.stream()
                .anyMatch(
                        answer -> answer.reply() instanceof GroupReply.Refused refused && refused.reason() == reason));
    }

    @Test
    void topicsAppearGrowAndVanish() {
        var terms = terms(Optional.empty(), new Subscription(List.of("bills"), Optional.of("o.*s")));
        var a = bench.ask(GroupReply.Membership.class, new GroupRequest.Join(GROUP, new MemberId("a"), terms));
        assertEquals(partitions(0, 1, 2, 3), a.assigned());
        bench.result(commit("a", a.epoch(), 1, 5));

        var orders = new Topics.Topic(GroupBench.ORDERS, 5);
        var bills = new Topics.Topic(GroupBench.BILLS, 1);
        bench.topicsBecome(GroupBench.topics(2, Map.of("orders", orders, "bills", bills, "__os", bills)));
        a = bench.settle(bench.beat("a", a.epoch(), a.assigned()));
        var all = new TreeSet<>(partitions(0, 1, 2, 3, 4));
        all.add(new TopicPartition(GroupBench.BILLS, 0));
        assertEquals(all, a.assigned());

        bench.topicsBecome(GroupBench.topics(1, Map.of()));
        assertEquals(a, bench.settle(bench.beat("a", a.epoch(), a.assigned())), "older metadata change nothing");
        bench.topicsBecome(GroupBench.topics(3, Map.of("bills", bills)));
        a = bench.settle(bench.beat("a", a.epoch(), a.assigned()));
        assertEquals(new TreeSet<>(List.of(new TopicPartition(GroupBench.BILLS, 0))), a.assigned());
        assertEquals(Map.of(), bench.committed(), "offsets of a topic that is gone");
    }

    @Test
    void offsetsExpireOnceAGroupHasBeenEmptyForLong() {
        var week = GroupConfig.DEFAULT.offsetsRetentionMillis();
        var a = bench.settle(bench.join("a"));
        bench.result(commit("a", a.epoch(), 1, 5));
        for (long passed = 0; passed < 2 * week; passed += 9_000) {
            bench.pass(9_000);
            bench.beat("a", a.epoch(), a.assigned());
        }
        bench.ask(GroupReply.Done.class, new GroupRequest.Leave(GROUP, a.member(), a.epoch()));
        bench.pass(week - 1);
        assertEquals(Map.of(1, 5L), bench.committed());
        bench.pass(3_600_000);
        assertEquals(Map.of(), bench.committed());
        assertEquals(List.of(), bench.machine().records(), "nothing is left of the group");
    }

    @Test
    void aStepOfTheClockDoesNotExpireOffsets() {
        bench.result(commit(Optional.empty(), orders(0), 5, ""));
        bench.pass(1_000_000);
        bench.stepWallClock(10 * GroupConfig.DEFAULT.offsetsRetentionMillis());
        bench.pass(1_800_000);
        bench.stepWallClock(-10 * GroupConfig.DEFAULT.offsetsRetentionMillis());
        bench.pass(86_400_000);
        assertEquals(Map.of(0, 5L), bench.committed());
    }

    @Test
    void theNextCoordinatorGoesOnWhereTheLastOneWas() {
        var a = bench.settle(bench.join("a"));
        bench.join("b");
        a = bench.beat("a", a.epoch(), a.assigned());
        bench.result(commit("a", a.epoch(), 2, 5));
        var before = bench.machine().records();
        bench.failOver();
        assertEquals(before, bench.machine().records());
        assertEquals(a, bench.beat("a", a.epoch(), partitions(0, 1, 2, 3)), "with a new rebalance timeout");
        assertEquals(Map.of(2, 5L), bench.committed());
        bench.pass(9_999);
        assertEquals(2, bench.describe().members().size(), "with new session timeouts");
    }

    @Test
    void nothingIsAnsweredBeforeTheMachineKnowsEverything() {
        var machine = new GroupMachine(GroupConfig.DEFAULT);
        var request = new GroupRequest.DescribeGroup(GROUP);
        for (var event : List.of(
                new GroupEvent.Tick(bench.now()),
                new GroupEvent.Loaded(bench.now()),
                new GroupEvent.Tick(bench.now()))) {
            assertEquals(List.of(), machine.step(event).records());
            var answers = machine.step(new GroupEvent.Requested(bench.now(), new Ticket(1), request))
                    .answers();
            var refused = (GroupReply.Refused) answers.getFirst().reply();
            assertEquals(RefusalReason.COORDINATOR_LOADING, refused.reason());
        }
    }

    @Test
    void toolsSetAndDeleteOffsetsOfEmptyGroups() {
        var offset = new GroupRequest.OffsetCommit(orders(1), 9, OptionalInt.of(2), "reset");
        assertEquals(Optional.empty(), bench.result(new GroupRequest.SetOffsets(GROUP, List.of(offset), true)));
        assertEquals(Map.of(), bench.committed());
        assertEquals(Optional.empty(), bench.result(new GroupRequest.SetOffsets(GROUP, List.of(offset), false)));
        assertEquals(Map.of(1, 9L), bench.committed());
        var a = bench.join("a");
        bench.assertRefused(RefusalReason.GROUP_NOT_EMPTY, new GroupRequest.SetOffsets(GROUP, List.of(offset), false));
        bench.assertRefused(RefusalReason.GROUP_NOT_EMPTY, new GroupRequest.DeleteGroup(GROUP, false));
        assertEquals(
                Optional.of(RefusalReason.GROUP_NOT_EMPTY),
                bench.result(new GroupRequest.DeleteOffsets(GROUP, List.of(orders(1)), false)));
        bench.ask(GroupReply.Done.class, new GroupRequest.Leave(GROUP, a.member(), a.epoch()));
        bench.result(new GroupRequest.DeleteOffsets(GROUP, List.of(orders(1)), false));
        assertEquals(Map.of(), bench.committed());
        bench.ask(GroupReply.Done.class, new GroupRequest.DeleteGroup(GROUP, false));
        assertEquals(List.of(), bench.machine().records());
        bench.assertRefused(RefusalReason.UNKNOWN_GROUP, new GroupRequest.DeleteGroup(GROUP, false));
    }

    @Test
    void illegalNamesAndSubscriptionsAreRefused() {
        var orders = terms(Optional.empty(), Subscription.of("orders"));
        for (var name : List.of("", " g", "g\n", "g\u0000", "x".repeat(250), "\u202eg")) {
            bench.assertRefused(
                    RefusalReason.INVALID_GROUP, new GroupRequest.Join(new GroupId(name), new MemberId("a"), orders));
            bench.assertRefused(
                    RefusalReason.INVALID_REQUEST, new GroupRequest.Join(GROUP, new MemberId(name), orders));
        }
        for (var pattern : List.of("(", "a{1000}{1000}", "x".repeat(257), "(a{100}){100}", "(?<n>a)\\1")) {
            var terms = terms(Optional.empty(), new Subscription(List.of(), Optional.of(pattern)));
            bench.assertRefused(
                    RefusalReason.INVALID_SUBSCRIPTION, new GroupRequest.Join(GROUP, new MemberId("a"), terms));
        }
        var nothing = terms(Optional.empty(), new Subscription(List.of(), Optional.empty()));
        bench.assertRefused(
                RefusalReason.INVALID_SUBSCRIPTION, new GroupRequest.Join(GROUP, new MemberId("a"), nothing));
        assertEquals(List.of(), bench.log);
    }

    @Test
    void limitsAreKept() {
        var small = new GroupConfig(1, 2, 1_000, 30_000, 30_000, 5_000, 1_000_000, 1_000);
        var limited = new GroupBench(small, 1);
        limited.join("a");
        limited.join("b");
        var orders = terms(Optional.empty(), Subscription.of("orders"));
        limited.assertRefused(RefusalReason.LIMIT_REACHED, new GroupRequest.Join(GROUP, new MemberId("c"), orders));
        limited.assertRefused(
                RefusalReason.LIMIT_REACHED, new GroupRequest.Join(new GroupId("h"), new MemberId("c"), orders));
        var slow = new MemberTerms(Optional.empty(), "", "", Subscription.of("orders"), 30_001, 1, AssignorKind.STICKY);
        limited.assertRefused(RefusalReason.INVALID_REQUEST, new GroupRequest.Join(GROUP, new MemberId("a"), slow));
    }

    @Test
    void groupsAreListedPageByPage() {
        for (var name : List.of("c", "a", "b")) {
            bench.ask(
                    GroupReply.PartitionResults.class,
                    new GroupRequest.CommitOffsets(
                            new GroupId(name),
                            Optional.empty(),
                            List.of(new GroupRequest.OffsetCommit(orders(0), 1, OptionalInt.empty(), ""))));
        }
        var page = bench.ask(GroupReply.Listed.class, new GroupRequest.ListGroups("", 2));
        assertEquals(
                List.of("a", "b"),
                page.groups().stream().map(summary -> summary.group().value()).toList());
        page = bench.ask(GroupReply.Listed.class, new GroupRequest.ListGroups("b", 2));
        assertEquals(1, page.groups().size());
    }
}
