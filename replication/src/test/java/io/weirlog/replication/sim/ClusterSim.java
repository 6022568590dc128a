package io.weirlog.replication.sim;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.Durability;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.TopicConfigs;
import io.weirlog.replication.core.Roles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// One run: a cluster under load and faults, then at peace, with the oracle watching.
public final class ClusterSim {
    private static final long REST_MICROS = 60_000_000;
    private static final TopicId TOPIC = new TopicId(new UUID(1, 1));

    final SimPlan plan;
    final SimWorld world;
    final Roles roles;
    final SimSwitches switches;
    final SimNetwork network;
    final SimMetadata metadata;
    final ClusterOracle oracle;
    final SimClients clients;
    final SimFaults faults;
    private final List<SimNode> nodes = new ArrayList<>();
    private final List<PartitionIdentity> identities = new ArrayList<>();
    private final LogConfig logConfig;
    private final long[] heardMicros;
    private boolean calm;
    private boolean anyWiped;

    /// What a run shows.
    record Result(long events, long virtualMicros, long traceHash, Map<String, Long> coverage) {}

    ClusterSim(long seed, Roles roles, SimSwitches switches, boolean verbose) throws IOException {
        this.world = new SimWorld(seed, verbose);
        this.plan = SimPlan.of(world.random("plan"));
        this.roles = roles;
        this.switches = switches;
        this.network = new SimNetwork(world, plan.nodes());
        this.metadata = new SimMetadata(world, switches, this::committed);
        this.oracle = new ClusterOracle(this);
        this.clients = new SimClients(this);
        this.faults = new SimFaults(this);
        this.heardMicros = new long[plan.nodes() + 1];
        this.logConfig = LogConfig.builder()
                .segmentBytes(3_000)
                .segmentIndexBytes(400)
                .indexIntervalBytes(200)
                .durability(plan.durability())
                .fileDeleteDelayMillis(0)
                .build();
        for (var i = 0; i < plan.partitions(); i++) {
            identities.add(new PartitionIdentity("t", new TopicPartition(TOPIC, i)));
        }
        for (var i = 1; i <= plan.nodes(); i++) {
            nodes.add(new SimNode(this, i));
        }
    }

    SimNode node(int number) {
        return nodes.get(number - 1);
    }

    List<SimNode> nodes() {
        return nodes;
    }

    TopicId topicId() {
        return TOPIC;
    }

    PartitionIdentity identity(int partition) {
        return identities.get(partition);
    }

    LogConfig logConfig() {
        return logConfig;
    }

    PartitionImage latestPartition(int partition) {
        return metadata.latest().topics().byId(TOPIC).orElseThrow().partitions().get(partition);
    }

    boolean isCalm() {
        return calm;
    }

    /// From now on all that is known of a partition may be gone with the disks of one node.
    void wiped() {
        anyWiped = true;
    }

    // The controller.

    private void committed(MetadataState state, List<MetadataEvent> events) {
        for (var event : events) {
            if (event instanceof MetadataEvent.PartitionChanged change) {
                var partition = change.partition();
                change.election().ifPresent(election -> {
                    world.count("election: " + election.reason().name());
                    if (isOfEligibleReplica(partition)) {
                        world.count("election of an eligible replica outside of the in-sync set");
                    }
                    if (!election.clean()) {
                        oracle.uncleanElection(partition.partition(), partition.leaderEpoch());
                    }
                });
                if (!partition.eligibleLeaderReplicas().isEmpty()) {
                    world.count("eligible replicas outside of the in-sync set");
                }
                if (partition.leader().isEmpty()) {
                    world.count("no leader");
                }
            }
        }
        for (var partition = 0;
                partition < plan.partitions() && state.topics().byId(TOPIC).isPresent();
                partition++) {
            oracle.checkInSync(partition);
        }
        var position = metadata.length() - 1;
        for (var node : nodes) {
            node.after(500 + faults.metadataDelayMicros(), () -> {
                if (network.reachesController(node.number)) {
                    node.followMetadata(position);
                }
            });
        }
    }

    private boolean isOfEligibleReplica(PartitionImage after) {
        var before = metadata.before()
                .topics()
                .byId(TOPIC)
                .orElseThrow()
                .partitions()
                .get(after.partition());
        return after.leader().filter(before.eligibleLeaderReplicas()::contains).isPresent();
    }

    void heartbeat(int node) {
        heardMicros[node] = world.nowMicros();
    }

    /// A new controller gives everyone a whole session.
    void controllerChanged(long micros) {
        metadata.awayFor(micros);
        for (var i = 0; i < heardMicros.length; i++) {
            heardMicros[i] = world.nowMicros() + micros;
        }
    }

    private void watchBrokers() {
        world.after(100_000, this::watchBrokers);
        if (metadata.isAway()) {
            return;
        }
        for (var broker : metadata.latest().brokers().values()) {
            var silentMicros = world.nowMicros() - heardMicros[broker.id().value()];
            if (!broker.fenced() && silentMicros > plan.sessionMillis() * 1000) {
                fence(broker);
            }
        }
    }

    private void fence(BrokerImage broker) {
        world.count("broker fenced");
        metadata.propose(
                new MetadataCommand.FenceBroker(metadata.newRequest(), broker.id(), broker.epoch()), answer -> {});
    }

    /// A broken connection is noticed before a session ends.
    void nodeCrashed(SimNode node) {
        world.after(300_000, () -> {
            var broker = metadata.latest().brokers().get(node.id());
            if (!node.isRunning() && broker != null && !broker.fenced() && !metadata.isAway()) {
                fence(broker);
            }
        });
        world.after(faults.downMicros(), () -> {
            if (!node.isRunning()) {
                node.start();
            }
        });
    }

    // The run.

    Result run() {
        setUp();
        nodes.forEach(SimNode::start);
        world.after(0, this::watchBrokers);
        clients.start();
        world.after(2_000_000, faults::next);
        while (world.runNext(plan.calmMicros())) {}
        calm = true;
        world.say(() -> "calm");
        faults.end();
        while (world.runNext(plan.calmMicros() + 2_000_000)) {}
        clients.stop();
        awaitRest(plan.calmMicros() + REST_MICROS);
        for (var partition = 0; partition < plan.partitions(); partition++) {
            if (!isLeftWithoutReplicas(partition)) {
                oracle.checkEnd(partition);
            }
        }
        return new Result(world.events(), world.nowMicros(), world.traceHash(), world.coverage());
    }

    private void setUp() {
        for (var node : nodes) {
            var register = new MetadataCommand.RegisterBroker(
                    metadata.newRequest(),
                    node.id(),
                    new UUID(node.number, 0),
                    Optional.empty(),
                    Map.of("client", new Endpoint("n" + node.number, 7171)),
                    false,
                    Optional.empty(),
                    node.directories(),
                    FeatureRange.FIRST);
            if (metadata.setUp(register) instanceof MetadataReply.BrokerRegistered(BrokerEpoch epoch, var index)) {
                node.knownAs(epoch);
            }
        }
        var configs = Map.of(
                TopicConfigs.MIN_INSYNC_REPLICAS,
                Integer.toString(plan.inSyncMin()),
                TopicConfigs.DURABILITY,
                plan.durability().configValue(),
                TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE,
                Boolean.toString(plan.unclean()));
        metadata.setUp(new MetadataCommand.CreateTopic(
                metadata.newRequest(), "t", TOPIC, plan.partitions(), plan.replicas(), configs));
    }

    private void awaitRest(long untilMicros) {
        var unrest = unrest();
        while (unrest.isPresent()) {
            var step = Math.min(untilMicros, world.nowMicros() + 200_000);
            while (world.runNext(step)) {}
            unrest = unrest();
            if (unrest.isPresent() && world.nowMicros() >= untilMicros) {
                throw new ClusterOracle.Violation("liveness: no rest after 60 s of peace: " + unrest.get());
            }
        }
    }

    private Optional<String> unrest() {
        if (world.nowMicros() < plan.calmMicros() + 3_000_000) {
            return Optional.of("it has just begun");
        }
        if (!clients.areIdle() && !anyLeftWithoutReplicas()) {
            return Optional.of("clients wait");
        }
        for (var partition = 0; partition < plan.partitions(); partition++) {
            var unrest = isLeftWithoutReplicas(partition) ? Optional.<String>empty() : oracle.unrest(partition);
            if (unrest.isPresent()) {
                return unrest;
            }
        }
        return Optional.empty();
    }

    private boolean anyLeftWithoutReplicas() {
        for (var partition = 0; partition < plan.partitions(); partition++) {
            if (isLeftWithoutReplicas(partition)) {
                return true;
            }
        }
        return false;
    }

    /// All complete replicas have lost records, by a crash, which only the page cache allows, or with their disks:
    /// nobody leads then (R11).
    private boolean isLeftWithoutReplicas(int partition) {
        var image = latestPartition(partition);
        return image.inSyncReplicas().isEmpty()
                && image.eligibleLeaderReplicas().isEmpty()
                && (anyWiped || plan.durability() == Durability.PAGE_CACHE)
                && !plan.unclean();
    }
}
