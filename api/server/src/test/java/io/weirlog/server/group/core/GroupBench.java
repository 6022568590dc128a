package io.weirlog.server.group.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/// One machine with a clock that tests turn, and everything that it has written.
final class GroupBench {
    static final GroupId GROUP = new GroupId("g");
    static final TopicId ORDERS = new TopicId(new UUID(0, 1));
    static final TopicId BILLS = new TopicId(new UUID(0, 2));

    final List<GroupRecord> log = new ArrayList<>();
    final List<Outcome.Answer> late = new ArrayList<>();
    private final GroupConfig config;
    private GroupMachine machine;
    private long nowMillis = 1_000_000;
    private long wallAheadMillis = 1_700_000_000_000L;
    private long tickets;
    private Topics topics;

    GroupBench(GroupConfig config, int orders) {
        this.config = config;
        topics = topics(1, Map.of("orders", new Topics.Topic(ORDERS, orders)));
        machine = new GroupMachine(config);
        begin();
    }

    static Topics topics(long index, Map<String, Topics.Topic> topics) {
        return new Topics(index, topics);
    }

    static MemberId member(String name) {
        return new MemberId(name);
    }

    static TopicPartition orders(int partition) {
        return new TopicPartition(ORDERS, partition);
    }

    static NavigableSet<TopicPartition> partitions(int... numbers) {
        var partitions = new TreeSet<TopicPartition>();
        for (var number : numbers) {
            partitions.add(orders(number));
        }
        return partitions;
    }

    static MemberTerms terms(Optional<String> instance, Subscription subscription) {
        return new MemberTerms(
                instance.map(InstanceId::new), "test", "", subscription, 10_000, 20_000, AssignorKind.STICKY);
    }

    /// Another coordinator takes over: it knows what is in the log.
    void failOver() {
        machine = new GroupMachine(config);
        log.forEach(machine::replay);
        begin();
    }

    private void begin() {
        take(machine.step(new GroupEvent.Loaded(now())));
        take(machine.step(new GroupEvent.TopicsChanged(now(), topics)));
    }

    void topicsBecome(Topics newer) {
        topics = newer;
        take(machine.step(new GroupEvent.TopicsChanged(now(), newer)));
    }

    GroupMachine machine() {
        return machine;
    }

    Now now() {
        return new Now(nowMillis, nowMillis + wallAheadMillis);
    }

    void stepWallClock(long millis) {
        wallAheadMillis += millis;
    }

    /// Time goes on, with a tick whenever one is due.
    void pass(long millis) {
        var end = nowMillis + millis;
        while (machine.nextTickMillis().orElse(Long.MAX_VALUE) <= end) {
            nowMillis = Math.max(nowMillis, machine.nextTickMillis().orElse(0));
            take(machine.step(new GroupEvent.Tick(now())));
        }
        nowMillis = end;
    }

    /// The answer; empty if it waits.
    Optional<GroupReply> ask(GroupRequest request) {
        var ticket = new Ticket(++tickets);
        var outcome = machine.step(new GroupEvent.Requested(now(), ticket, request));
        var reply = outcome.answers().stream()
                .filter(answer -> answer.ticket().equals(ticket))
                .map(Outcome.Answer::reply)
                .findFirst();
        take(outcome);
        return reply;
    }

    private void take(Outcome outcome) {
        log.addAll(outcome.records());
        late.addAll(outcome.answers());
    }

    <T extends GroupReply> T ask(Class<T> kind, GroupRequest request) {
        return assertInstanceOf(kind, ask(request).orElseThrow());
    }

    GroupReply.Membership join(String name) {
        return join(name, Optional.empty());
    }

    GroupReply.Membership join(String name, Optional<String> instance) {
        return ask(
                GroupReply.Membership.class,
                new GroupRequest.Join(GROUP, member(name), terms(instance, Subscription.of("orders"))));
    }

    static GroupRequest.Heartbeat heartbeat(String name, int epoch, NavigableSet<TopicPartition> owned, long wait) {
        return new GroupRequest.Heartbeat(GROUP, member(name), epoch, Optional.empty(), Optional.empty(), owned, wait);
    }

    GroupReply.Membership beat(String name, int epoch, NavigableSet<TopicPartition> owned) {
        return ask(GroupReply.Membership.class, heartbeat(name, epoch, owned, 0));
    }

    /// Heartbeats until the member owns what it may and is told nothing new.
    GroupReply.Membership settle(GroupReply.Membership state) {
        var next = beat(state.member().value(), state.epoch(), state.assigned());
        return next.equals(state) ? next : settle(next);
    }

    void assertRefused(RefusalReason reason, GroupRequest request) {
        assertEquals(reason, ask(GroupReply.Refused.class, request).reason());
    }

    static GroupRequest.CommitOffsets commit(String name, int epoch, int partition, long offset) {
        return commit(Optional.of(new GroupRequest.MemberRef(member(name), epoch)), orders(partition), offset, "");
    }

    static GroupRequest.CommitOffsets commit(
            Optional<GroupRequest.MemberRef> by, TopicPartition partition, long offset, String note) {
        return new GroupRequest.CommitOffsets(
                GROUP, by, List.of(new GroupRequest.OffsetCommit(partition, offset, OptionalInt.empty(), note)));
    }

    /// Why the only partition of a request about offsets was refused; empty if it was not.
    Optional<RefusalReason> result(GroupRequest request) {
        return ask(GroupReply.PartitionResults.class, request)
                .results()
                .getFirst()
                .map(GroupReply.Refused::reason);
    }

    Map<Integer, Long> committed() {
        var found = new TreeMap<Integer, Long>();
        var fetch = new GroupRequest.FetchOffsets(GROUP, Optional.empty(), Optional.empty());
        ask(GroupReply.Offsets.class, fetch)
                .offsets()
                .forEach((partition, offset) -> found.put(partition.partition(), offset.nextOffset()));
        return found;
    }

    GroupReply.GroupDescription describe() {
        return ask(GroupReply.Described.class, new GroupRequest.DescribeGroup(GROUP))
                .group();
    }
}
