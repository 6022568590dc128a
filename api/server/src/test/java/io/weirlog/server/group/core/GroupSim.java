package io.weirlog.server.group.core;

import io.weirlog.common.TopicId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;

/// A cluster that coordinates one group: real machines on simulated logs, brokers, connections, clocks and members.
/// Everything follows from the seed. After faults have stopped, the group has to come to rest (G4).
final class GroupSim {
    static final GroupId GROUP = new GroupId("readers");
    /// Has offsets, and never a member.
    static final GroupId TOOLS = new GroupId("tools");

    private static final int RPC_TIMEOUT_MILLIS = 1_500;
    private static final int RESEND_MILLIS = 150;
    private static final int MESSAGE_LATE_MILLIS_MAX = 6_000;
    private static final int TOPICS_LATE_MILLIS_MAX = 3_000;
    private static final long WALL_START_MILLIS = 1_700_000_000_000L;

    private final Random random;
    private final GroupSimPlan plan;
    private final GroupSwitches switches;
    private final SimQueue queue = new SimQueue();
    private final GroupOracle oracle;
    private final List<SimGroupBroker> brokers = new ArrayList<>();
    private final List<SimMember> members = new ArrayList<>();
    private final Map<String, Topics.Topic> topics = new LinkedHashMap<>();
    private final Map<String, Long> coverage = new TreeMap<>();
    private long metadataIndex;
    private long topicNumbers;
    private int epochs;
    private long wallAheadMillis = WALL_START_MILLIS;
    private boolean calm;

    /// @param coverage how often what happened
    record Result(long traceHash, long events, long virtualMillis, Map<String, Long> coverage) {}

    /// A request under way.
    final class Call {
        private final BiConsumer<GroupReply, Integer> onReply;
        private final Runnable onFailure;
        private boolean over;

        Call(BiConsumer<GroupReply, Integer> onReply, Runnable onFailure) {
            this.onReply = onReply;
            this.onFailure = onFailure;
        }

        void answer(GroupReply reply, int epoch) {
            travel(() -> end(() -> onReply.accept(reply, epoch)));
        }

        void fail() {
            travel(() -> end(onFailure));
        }

        private void end(Runnable action) {
            if (!over) {
                over = true;
                action.run();
            }
        }
    }

    GroupSim(long seed, GroupSwitches switches) {
        random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.switches = switches;
        plan = GroupSimPlan.of(random);
        oracle = new GroupOracle(this);
    }

    Result run() {
        for (int i = 0; i < plan.brokers(); i++) {
            brokers.add(new SimGroupBroker(this, i));
        }
        for (var name : List.of("orders", "bills")) {
            createTopic(name);
        }
        brokers.forEach(broker -> broker.view(currentTopics()));
        elect();
        for (int i = 0; i < plan.members(); i++) {
            var member = new SimMember(this, i);
            members.add(member);
            queue.after(random.nextInt(2_000), member::start);
        }
        var tool = new SimTool(this);
        queue.after(500, tool::work);
        everyResend();
        queue.after(plan.faultEveryMillis(), this::fault);
        queue.runUntil(plan.horizonMillis());
        calmDown();
        var rest = MESSAGE_LATE_MILLIS_MAX + plan.sessionMillis() + 3L * plan.rebalanceMillis() + 6_000;
        queue.runUntil(plan.horizonMillis() + rest);
        oracle.atRest(members);
        return new Result(queue.traceHash(), queue.events(), queue.nowMillis(), coverage);
    }

    private void calmDown() {
        calm = true;
        elect();
        members.forEach(SimMember::calmDown);
        brokers.forEach(
                broker -> queue.after(TOPICS_LATE_MILLIS_MAX, () -> broker.run(() -> broker.view(currentTopics()))));
    }

    private void everyResend() {
        brokers.forEach(SimGroupBroker::resend);
        queue.after(RESEND_MILLIS, this::everyResend);
    }

    private void fault() {
        if (calm) {
            return;
        }
        if (strikes(GroupSimPlan.Fault.ELECTION, 2)) {
            elect();
        }
        if (strikes(GroupSimPlan.Fault.BROKER_PAUSE, 2)) {
            var broker = brokers.get(random.nextInt(brokers.size()));
            broker.pause(300 + random.nextInt(5_000));
            queue.after(200, this::elect);
        }
        if (strikes(GroupSimPlan.Fault.TOPICS_CHANGE, 2)) {
            changeTopics();
        }
        if (strikes(GroupSimPlan.Fault.CLOCK_STEP, 3)) {
            wallAheadMillis += random.nextInt(20_000_000) - 10_000_000;
        }
        if (strikes(GroupSimPlan.Fault.ALL_LEAVE, 6)) {
            members.forEach(SimMember::crash);
        }
        members.get(random.nextInt(members.size())).fault();
        queue.after(1 + random.nextInt(2 * plan.faultEveryMillis()), this::fault);
    }

    /// Whoever has the newest log among enough brokers to meet every quorum.
    private void elect() {
        var awake = new ArrayList<>(
                brokers.stream().filter(broker -> !broker.isPaused() || calm).toList());
        var needed = plan.brokers() - plan.quorum() + 1;
        if (awake.size() < needed) {
            return;
        }
        Collections.shuffle(awake, random);
        var voters = awake.subList(0, needed);
        var leader = voters.getFirst();
        for (var voter : voters) {
            leader = voter.freshness() > leader.freshness() ? voter : leader;
        }
        count("elections");
        epochs++;
        for (var voter : voters) {
            voter.adopt(epochs);
        }
        leader.lead(epochs);
    }

    private void changeTopics() {
        var names = List.copyOf(topics.keySet());
        var name = names.isEmpty() ? "orders" : names.get(random.nextInt(names.size()));
        switch (random.nextInt(4)) {
            case 0 -> {
                topics.remove(name);
                count("topics deleted");
            }
            case 1, 2 ->
                topics.computeIfPresent(name, (_, topic) -> new Topics.Topic(topic.id(), topic.partitions() + 1));
            default -> createTopic(List.of("orders", "bills", "more").get(random.nextInt(3)));
        }
        metadataIndex++;
        announceTopics();
    }

    private void createTopic(String name) {
        topics.putIfAbsent(name, new Topics.Topic(new TopicId(new UUID(0, ++topicNumbers)), 1 + random.nextInt(4)));
        metadataIndex++;
    }

    private void announceTopics() {
        var now = currentTopics();
        for (var broker : brokers) {
            var late = plan.has(GroupSimPlan.Fault.STALE_METADATA) ? random.nextInt(TOPICS_LATE_MILLIS_MAX) : 1;
            queue.after(
                    late,
                    () -> broker.run(() -> {
                        if (now.metadataIndex() > broker.view().metadataIndex()) {
                            broker.view(now);
                        }
                    }));
        }
    }

    Topics currentTopics() {
        return new Topics(metadataIndex, topics);
    }

    /// Sends a request to a broker; just one of the two is called.
    void call(
            SimGroupBroker broker, GroupRequest request, BiConsumer<GroupReply, Integer> onReply, Runnable onFailure) {
        var call = new Call(onReply, onFailure);
        queue.after(RPC_TIMEOUT_MILLIS, () -> call.end(onFailure));
        deliver(broker, () -> broker.request(request, call));
        if (strikes(GroupSimPlan.Fault.MESSAGE_TWICE, 10)) {
            var nobody = new Call((_, _) -> {}, () -> {});
            queue.after(
                    random.nextInt(MESSAGE_LATE_MILLIS_MAX), () -> broker.run(() -> broker.request(request, nobody)));
        }
    }

    /// Runs something in the broker a little later, unless it is lost on the way.
    void deliver(SimGroupBroker broker, Runnable action) {
        travel(() -> broker.run(action));
    }

    private void travel(Runnable action) {
        if (!strikes(GroupSimPlan.Fault.MESSAGE_LOST, 20)) {
            queue.after(1 + random.nextInt(20), action);
        }
    }

    /// Whether a fault of this kind happens now: one time of so many, if the seed has it at all.
    boolean strikes(GroupSimPlan.Fault fault, int oneOf) {
        if (calm || !plan.has(fault) || random.nextInt(oneOf) > 0) {
            return false;
        }
        count(fault.name());
        return true;
    }

    void count(String what) {
        coverage.merge(what, 1L, Long::sum);
    }

    GroupMachine newMachine() {
        var config = new GroupConfig(10, 100, 1_000, 60_000, 60_000, 700, plan.retentionMillis(), 5_000);
        return new GroupMachine(config, switches.rules());
    }

    /// The records of a log, as they are left when some of it was compacted.
    List<GroupRecord> compacted(List<SimBatch> log) {
        var all = log.stream().flatMap(batch -> batch.records().stream()).toList();
        var clean = random.nextBoolean() ? 0 : random.nextInt(all.size() + 1);
        var later = new HashSet<List<Object>>();
        var kept = new ArrayList<GroupRecord>();
        for (int i = all.size() - 1; i >= 0; i--) {
            var record = all.get(i);
            var latest = i >= clean || later.add(GroupOracle.key(record));
            if (latest && !(i < clean && GroupOracle.isTombstone(record) && random.nextBoolean())) {
                kept.addFirst(record);
            }
        }
        return kept;
    }

    /// G5: what the machine knows is what the log says.
    void checkReplay(String what, GroupMachine machine, List<SimBatch> log) {
        var store = new GroupStore();
        log.forEach(batch -> batch.records().forEach(store::apply));
        if (!store.records().equals(machine.records())) {
            throw new GroupOracle.Violation("G5: the machine is not what a replay of " + what + " gives: "
                    + machine.records() + " instead of " + store.records());
        }
    }

    SimGroupBroker leader() {
        return brokers.stream()
                .filter(broker -> broker.leads() && broker.knownEpoch() == epochs)
                .findFirst()
                .orElse(brokers.getFirst());
    }

    /// The newest epoch that anybody leads in.
    int epochs() {
        return epochs;
    }

    boolean isCalm() {
        return calm;
    }

    Random random() {
        return random;
    }

    GroupSimPlan plan() {
        return plan;
    }

    GroupSwitches switches() {
        return switches;
    }

    SimQueue queue() {
        return queue;
    }

    GroupOracle oracle() {
        return oracle;
    }

    List<SimGroupBroker> brokers() {
        return brokers;
    }

    long nowMillis() {
        return queue.nowMillis();
    }

    long wallMillis() {
        return queue.nowMillis() + wallAheadMillis;
    }

    Optional<Topics.Topic> topic(TopicId id) {
        return topics.values().stream().filter(topic -> topic.id().equals(id)).findFirst();
    }
}
