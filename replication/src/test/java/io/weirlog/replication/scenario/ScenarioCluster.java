package io.weirlog.replication.scenario;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.IsrResult;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.TopicConfigs;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.LeaderEvent;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.Roles;
import io.weirlog.replication.sim.SimView;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/// The brokers of a scenario, what the metadata say, and the messages between them, each of which waits to be
/// delivered.
final class ScenarioCluster {
    private static final int DELIVERIES_MAX = 1_000;
    private static final TopicId TOPIC = new TopicId(new UUID(1, 1));

    /// @param replicas of the one partition; the first leads
    record Setting(int brokers, int replicas, int inSyncMin, Durability durability, boolean unclean) {}

    /// @param offset where the leader put it
    private record Appended(char letter, long offset, int node) {}

    private record Link(int from, int to) {}

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private final Setting setting;
    private final Roles roles;
    private final TreeMap<Integer, ScenarioNode> nodes = new TreeMap<>();
    private final Map<Link, ArrayDeque<Object>> messages = new HashMap<>();
    private final Set<Link> cut = new HashSet<>();
    private final Set<Integer> deaf = new HashSet<>();
    private final ArrayDeque<Work> later = new ArrayDeque<>();
    private final List<Appended> waiting = new ArrayList<>();
    private final TreeMap<Long, Character> acknowledged = new TreeMap<>();
    private final List<String> said = new ArrayList<>();
    private MetadataState state = MetadataState.EMPTY;
    private long requests;
    private long nowMillis;

    ScenarioCluster(Setting setting, Roles roles) throws IOException {
        this.setting = setting;
        this.roles = roles;
        for (var number = 1; number <= setting.brokers(); number++) {
            nodes.put(number, new ScenarioNode(this, number));
            register(number, Optional.empty());
        }
        var configs = Map.of(
                TopicConfigs.MIN_INSYNC_REPLICAS, Integer.toString(setting.inSyncMin()),
                TopicConfigs.DURABILITY, setting.durability().configValue(),
                TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE, Boolean.toString(setting.unclean()));
        apply(new MetadataCommand.CreateTopic(request(), "t", TOPIC, 1, setting.replicas(), configs));
        for (var node : nodes.values()) {
            node.start(epochOf(node.number));
        }
        learnAll();
    }

    // What the nodes need.

    PartitionIdentity identity() {
        return new PartitionIdentity("t", new TopicPartition(TOPIC, 0));
    }

    LogConfig logConfig() {
        return LogConfig.builder().durability(setting.durability()).build();
    }

    Durability durability() {
        return setting.durability();
    }

    Roles roles() {
        return roles;
    }

    long nowMillis() {
        return nowMillis;
    }

    boolean isConnected(int one, int other) {
        var peer = nodes.get(other);
        return peer != null && peer.isRunning() && !cut.contains(new Link(one, other));
    }

    void send(int from, int to, Object message) {
        if (isConnected(from, to)) {
            messages.computeIfAbsent(new Link(from, to), link -> new ArrayDeque<>())
                    .add(message);
        }
    }

    void acknowledged(ScenarioNode leader, Offset watermark) {
        for (var one : List.copyOf(waiting)) {
            if (one.node() == leader.number && one.offset() < watermark.value()) {
                waiting.remove(one);
                acknowledged.put(one.offset(), one.letter());
                said.add("%s is acknowledged".formatted(one.letter()));
            }
        }
    }

    void propose(ScenarioNode leader, BrokerEpoch brokerEpoch, IsrProposal proposal) {
        var members = proposal.inSync().stream()
                .map(member -> new IsrChange.Member(member.id(), member.epoch()))
                .toList();
        said.add("n%d asks for in sync %s"
                .formatted(
                        leader.number,
                        proposal.inSync().stream().map(IsrProposal.Member::id).toList()));
        later.add(() -> {
            var change = new IsrChange(identity().id(), proposal.leaderEpoch(), proposal.partitionEpoch(), members);
            var reply = apply(new MetadataCommand.AlterIsr(request(), leader.id(), brokerEpoch, List.of(change)));
            if (reply instanceof MetadataReply.IsrAltered(var results, var index)
                    && results.getFirst() instanceof IsrResult.Altered(var leaderEpoch, var partitionEpoch)) {
                leader.step(new LeaderEvent.IsrAltered(proposal.number(), partitionEpoch));
            } else {
                leader.step(new LeaderEvent.IsrRefused(proposal.number(), true));
            }
            learnAll();
        });
    }

    // What a scenario does.

    void append(int number, char letter) throws IOException {
        var node = node(number);
        var offset = node.logEnd().value();
        var appended = new Appended(letter, offset, number);
        waiting.add(appended);
        if (!node.append(letter)) {
            waiting.remove(appended);
            said.add("%s is refused".formatted(letter));
        }
    }

    void deleteBefore(int number, long offset) throws IOException {
        node(number).deleteBefore(new Offset(offset));
    }

    /// Until nothing is under way any more.
    void deliverAll() throws IOException {
        settle();
        var left = DELIVERIES_MAX;
        for (var link = nextLink(); link.isPresent(); link = nextLink()) {
            if (left-- == 0) {
                throw new IllegalStateException("the messages do not come to an end");
            }
            deliver(link.get());
        }
    }

    private Optional<Link> nextLink() {
        return messages.entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .min(Comparator.comparingInt(Link::from).thenComparingInt(Link::to));
    }

    void deliver(int from, int to, int count) throws IOException {
        var link = new Link(from, to);
        for (var i = 0; i < count; i++) {
            var next = Optional.ofNullable(messages.get(link)).map(ArrayDeque::peek);
            said.add("n%d to n%d: %s"
                    .formatted(
                            from,
                            to,
                            next.map(message -> message.getClass().getSimpleName())
                                    .orElse("nothing")));
            if (next.isPresent()) {
                deliver(link);
            }
        }
    }

    private void deliver(Link link) throws IOException {
        var message = Optional.ofNullable(messages.get(link)).orElseThrow().remove();
        var node = node(link.to());
        switch (message) {
            case LeaderMessage fromLeader -> node.receive(link.from(), fromLeader);
            case FollowerMessage fromFollower -> node.receive(link.from(), fromFollower);
            default -> throw new IllegalStateException("what is " + message);
        }
        settle();
    }

    private void settle() throws IOException {
        while (!later.isEmpty()) {
            later.remove().run();
        }
    }

    void cut(int one, int other) throws IOException {
        cut.add(new Link(one, other));
        cut.add(new Link(other, one));
        broken(one, other);
    }

    private void broken(int one, int other) throws IOException {
        messages.remove(new Link(one, other));
        messages.remove(new Link(other, one));
        if (node(one).isRunning()) {
            node(one).disconnected(other);
        }
        if (node(other).isRunning()) {
            node(other).disconnected(one);
        }
    }

    void join(int one, int other) throws IOException {
        cut.remove(new Link(one, other));
        cut.remove(new Link(other, one));
        node(one).connected();
        node(other).connected();
    }

    void tick(long millis) throws IOException {
        nowMillis += millis;
        for (var node : nodes.values()) {
            if (node.isRunning()) {
                node.tick(nowMillis);
            }
        }
        settle();
    }

    /// Its process is gone, and whoever was connected to it knows.
    void gone(int number) throws IOException {
        for (var other : nodes.keySet()) {
            if (other != number) {
                broken(number, other);
            }
        }
    }

    void start(int number, boolean afterCleanStop) throws IOException {
        register(number, afterCleanStop ? Optional.of(epochOf(number)) : Optional.empty());
        node(number).start(epochOf(number));
        learnAll();
        for (var other : nodes.values()) {
            if (other.isRunning() && !deaf.contains(other.number)) {
                other.connected();
            }
        }
        settle();
    }

    void fence(int number) throws IOException {
        apply(new MetadataCommand.FenceBroker(request(), new BrokerId(number), epochOf(number)));
        learnAll();
    }

    void unfence(int number) throws IOException {
        apply(new MetadataCommand.UnfenceBroker(request(), new BrokerId(number), epochOf(number)));
        learnAll();
    }

    /// While it is deaf a node learns nothing of the metadata.
    void deaf(int number, boolean isDeaf) throws IOException {
        if (isDeaf) {
            deaf.add(number);
        } else {
            deaf.remove(number);
            learnAll();
        }
    }

    // Metadata.

    private void register(int number, Optional<BrokerEpoch> stoppedCleanly) {
        apply(new MetadataCommand.RegisterBroker(
                request(),
                new BrokerId(number),
                new UUID(number, requests),
                Optional.empty(),
                Map.of("client", new Endpoint("n" + number, 7171)),
                requests > setting.brokers(),
                stoppedCleanly));
    }

    private RequestId request() {
        return new RequestId(new UUID(42, ++requests));
    }

    private MetadataReply apply(MetadataCommand command) {
        var applied = MetadataMachine.apply(state, state.index() + 1, command);
        if (applied.reply() instanceof MetadataReply.Rejected rejected) {
            throw new IllegalStateException(command + ": " + rejected);
        }
        state = applied.state();
        return applied.reply();
    }

    private BrokerEpoch epochOf(int number) {
        return Optional.ofNullable(state.brokers().get(new BrokerId(number)))
                .orElseThrow()
                .epoch();
    }

    private PartitionImage partition() {
        return state.topics().byId(TOPIC).orElseThrow().partitions().getFirst();
    }

    private void learnAll() throws IOException {
        var image = partition();
        for (var node : nodes.values()) {
            if (node.isRunning()
                    && !deaf.contains(node.number)
                    && image.replicas().contains(node.id())) {
                node.learn(image, SimView.replicationMetadata(state, image, setting.inSyncMin()));
            }
        }
        settle();
    }

    // For the reader.

    ScenarioNode node(int number) {
        return Optional.ofNullable(nodes.get(number))
                .orElseThrow(() -> new IllegalArgumentException("there is no n" + number));
    }

    /// What has happened since it was asked last.
    List<String> takeSaid() {
        var lines = List.copyOf(said);
        said.clear();
        return lines;
    }

    /// How things are.
    List<String> describe() throws IOException {
        var lines = new ArrayList<String>();
        var image = partition();
        lines.add("metadata: %s, epoch %s, in sync %s, eligible %s"
                .formatted(
                        image.leader().map(leader -> "n" + leader + " leads").orElse("nobody leads"),
                        image.leaderEpoch(),
                        image.inSyncReplicas(),
                        image.eligibleLeaderReplicas()));
        for (var node : nodes.values()) {
            if (image.replicas().contains(node.id())) {
                lines.add(node.describe());
            }
        }
        return lines;
    }

    void say(String line) {
        said.add(line);
    }

    /// What was acknowledged and is not in the leader's log.
    String lost() throws IOException {
        var leader = partition().leader();
        if (leader.isEmpty()) {
            return "nobody leads";
        }
        var lost = new ArrayList<Character>();
        for (var one : acknowledged.entrySet()) {
            if (!node(leader.get().value()).has(one.getKey(), one.getValue())) {
                lost.add(one.getValue());
            }
        }
        return lost.isEmpty() ? "nothing acknowledged is lost" : "lost: " + lost;
    }
}
