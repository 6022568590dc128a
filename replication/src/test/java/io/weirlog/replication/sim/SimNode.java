package io.weirlog.replication.sim;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.fault.CrashException;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.IsrResult;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.replication.core.FollowerEvent;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.LeaderEvent;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.PartitionMetadata;
import io.weirlog.replication.core.ReplicationStream;
import io.weirlog.replication.core.StreamSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One broker: its disk, its view of the metadata, its replicas, and its streams to and from others.
final class SimNode {
    private static final long TICK_MICROS = 50_000;
    private static final List<LossMode> LOSS_MODES = List.of(LossMode.values());

    final ClusterSim cluster;
    final int number;
    private final Random random;
    private final SimWorld world;

    FaultyStorage disk;
    private final Map<Integer, List<Long>> checkpoints = new HashMap<>();
    private @Nullable BrokerEpoch stoppedCleanly;
    private @Nullable BrokerEpoch formerEpoch;

    private int life;
    private boolean running;
    private boolean paused;
    private final List<Runnable> deferred = new ArrayList<>();
    private @Nullable BrokerEpoch epoch;
    private int imagePosition;
    private boolean opened;
    private boolean unfencing;
    private long slowUntilMicros;
    private long wallOffsetMillis;
    final TreeMap<Integer, SimReplica> replicas = new TreeMap<>();
    private final TreeMap<Integer, SimNetwork.Stream> toLeaders = new TreeMap<>();
    private final TreeMap<Integer, Outbound> toFollowers = new TreeMap<>();
    private final Map<RequestKey, RequestId> proposalRequests = new HashMap<>();

    private record RequestKey(int partition, int leaderEpoch, long number) {}

    private record Outbound(SimNetwork.Stream stream, ReplicationStream sender) {}

    @FunctionalInterface
    interface Work {
        void run() throws IOException;
    }

    SimNode(ClusterSim cluster, int number) throws IOException {
        this.cluster = cluster;
        this.world = cluster.world;
        this.number = number;
        this.random = world.random("node " + number);
        this.disk = new FaultyStorage(random.nextLong());
        disk.createDirectories(Path.of("/data"));
        disk.syncDirectory(Path.of("/"));
    }

    BrokerId id() {
        return new BrokerId(number);
    }

    BrokerEpoch epoch() {
        return Optional.ofNullable(epoch).orElseThrow();
    }

    boolean isRunning() {
        return running;
    }

    boolean isPaused() {
        return paused;
    }

    long localMillis() {
        return world.nowMillis();
    }

    long wallMillis() {
        return 1_700_000_000_000L + world.nowMillis() + wallOffsetMillis;
    }

    void stepClock(long millis) {
        wallOffsetMillis += millis;
    }

    void slowDiskFor(long micros) {
        slowUntilMicros = world.nowMicros() + micros;
    }

    long syncMicros() {
        var base = cluster.plan.syncMicros();
        var micros = 50 + random.nextInt(base);
        return world.nowMicros() < slowUntilMicros ? micros + 50_000 + random.nextInt(450_000) : micros;
    }

    /// What this node knows of the metadata.
    View image() {
        return new View(cluster.metadata.at(imagePosition), cluster);
    }

    // Time and failure.

    /// Later, if this life of the node still lasts then.
    void after(long micros, Work work) {
        var now = life;
        world.after(micros, () -> here(now, work));
    }

    private void here(int inLife, Work work) {
        if (!running || life != inLife) {
            return;
        }
        if (paused) {
            deferred.add(() -> here(inLife, work));
            return;
        }
        doNow(work);
    }

    /// From a client: a node that is gone or stands still says nothing.
    void request(Work work) {
        if (running && opened) {
            here(life, work);
        }
    }

    void doNow(Work work) {
        try {
            work.run();
        } catch (CrashException e) {
            world.count("crash in a disk operation");
            crash(randomLoss());
        } catch (IOException e) {
            // L6: the log is poisoned; a node with a failed disk stops, and what was not synced may be lost.
            world.count("disk failed");
            world.say(() -> "n" + number + " disk failed: " + e);
            crash(randomLoss());
        }
    }

    LossMode randomLoss() {
        return LOSS_MODES.get(random.nextInt(LOSS_MODES.size()));
    }

    // Lives.

    void start() {
        life++;
        running = true;
        paused = false;
        opened = false;
        epoch = null;
        unfencing = false;
        // The metadata log is read from the last snapshot on.
        imagePosition = random.nextInt(imagePosition + 1);
        world.note("start", number, life, 0);
        world.say(() -> "n" + number + " starts");
        doNow(() -> disk.createDirectories(Path.of("/data")));
        register(cluster.metadata.newRequest());
        after(random.nextLong(TICK_MICROS), this::tick);
    }

    private void register(RequestId request) {
        var clean =
                cluster.switches.cleanlyStopped(Optional.ofNullable(stoppedCleanly), Optional.ofNullable(formerEpoch));
        var command = new MetadataCommand.RegisterBroker(
                request,
                id(),
                new UUID(number, life),
                Optional.empty(),
                Map.of("client", new Endpoint("n" + number, 7171)),
                true,
                clean);
        propose(command, answer -> {
            if (answer.orElse(null) instanceof MetadataReply.BrokerRegistered(var registered, var index)) {
                epoch = registered;
                formerEpoch = registered;
                stoppedCleanly = null;
                world.say(() -> "n" + number + " is registered in epoch " + registered);
            } else {
                after(100_000, () -> register(request));
            }
        });
    }

    /// Also for those that only need an answer in this life.
    private void propose(MetadataCommand command, Consumer<Optional<MetadataReply>> answer) {
        var now = life;
        if (!cluster.network.reachesController(number)) {
            after(500_000, () -> answer.accept(Optional.empty()));
            return;
        }
        cluster.metadata.propose(
                cluster.switches.proposed(command, cluster.metadata), reply -> here(now, () -> answer.accept(reply)));
    }

    /// Before the first start: as if an earlier life had ended cleanly.
    void knownAs(BrokerEpoch setUp) {
        stoppedCleanly = setUp;
        formerEpoch = setUp;
    }

    void kill() {
        world.say(() -> "n" + number + " is killed");
        end(disk.recoverAs(LossMode.ALL_KEPT, random.nextLong()), false);
    }

    void crash(LossMode mode) {
        world.say(() -> "n" + number + " crashes: " + mode);
        end(disk.recoverAs(mode, random.nextLong()), true);
        cluster.nodeCrashed(this);
    }

    private void end(FaultyStorage left, boolean lossy) {
        world.note("end", number, life, lossy ? 1 : 0);
        running = false;
        paused = false;
        deferred.clear();
        disk = left;
        if (lossy) {
            for (var kept : checkpoints.values()) {
                while (kept.size() > 1 && random.nextBoolean()) {
                    kept.removeLast();
                }
            }
        }
        replicas.values().forEach(replica -> cluster.oracle.gone(replica));
        replicas.clear();
        toLeaders.clear();
        toFollowers.clear();
        proposalRequests.clear();
        cluster.network.nodeGone(number);
    }

    /// A clean stop: everything is flushed, and noted.
    void stopCleanly() {
        var ending = epoch;
        doNow(() -> {
            for (var replica : replicas.values()) {
                replica.log.close();
            }
        });
        if (running) {
            world.count("clean stop");
            stoppedCleanly = opened ? ending : null;
            end(disk.recoverAs(LossMode.ALL_KEPT, random.nextLong()), false);
        }
    }

    void pause() {
        paused = true;
    }

    void resume() {
        if (!paused) {
            return;
        }
        paused = false;
        var waiting = List.copyOf(deferred);
        deferred.clear();
        waiting.forEach(Runnable::run);
    }

    void replica(int partition, Consumer<SimReplica> user) {
        var replica = replicas.get(partition);
        if (replica != null) {
            user.accept(replica);
        }
    }

    // Metadata.

    private void tick() throws IOException {
        after(TICK_MICROS, this::tick);
        if (cluster.network.reachesController(number) && !cluster.metadata.isAway()) {
            if (epoch != null) {
                cluster.heartbeat(number);
            }
            var latest = cluster.metadata.length() - 1;
            followMetadata(
                    random.nextInt(4) == 0 ? imagePosition + random.nextInt(latest - imagePosition + 1) : latest);
        }
        connect();
        for (var replica : List.copyOf(replicas.values())) {
            replica.tick();
        }
    }

    /// The log of the metadata was seen up to `position`.
    void followMetadata(int position) throws IOException {
        if (position > imagePosition || (!opened && epoch != null)) {
            imagePosition = Math.max(imagePosition, position);
            apply();
        }
        serve();
    }

    private void apply() throws IOException {
        var view = image();
        if (epoch == null || !cluster.switches.mayTakeRoles(view.state().index(), epoch)) {
            return;
        }
        if (!opened) {
            open(view);
            opened = true;
        }
        for (var replica : List.copyOf(replicas.values())) {
            replica.onImage(view.partition(replica.partition), view.metadata(replica.partition));
        }
        connect();
    }

    private void open(View view) throws IOException {
        for (var partition = 0; partition < cluster.plan.partitions(); partition++) {
            if (view.partition(partition).replicas().contains(id())) {
                var log = PartitionLog.open(
                        disk, Path.of("/data/t-" + partition), cluster.identity(partition), cluster.logConfig());
                var kept = checkpoints.getOrDefault(partition, List.of(0L));
                var known = cluster.switches.knownWatermark(new Offset(kept.getLast()), log);
                var replica = new SimReplica(this, partition, log, known);
                replicas.put(partition, replica);
                cluster.oracle.opened(replica);
            }
        }
    }

    private void serve() {
        if (opened && !unfencing && epoch != null && imagePosition == cluster.metadata.length() - 1) {
            var self = image().state().brokers().get(id());
            if (self != null && self.fenced() && self.epoch().equals(epoch)) {
                unfencing = true;
                propose(
                        new MetadataCommand.UnfenceBroker(cluster.metadata.newRequest(), id(), epoch),
                        answer -> unfencing = false);
            }
        }
    }

    void propose(SimReplica replica, IsrProposal proposal) {
        var key = new RequestKey(replica.partition, proposal.leaderEpoch().value(), proposal.number());
        var request = proposalRequests.computeIfAbsent(key, one -> cluster.metadata.newRequest());
        var members = proposal.inSync().stream()
                .map(member -> new IsrChange.Member(member.id(), member.epoch()))
                .toList();
        var change = new IsrChange(
                cluster.identity(replica.partition).id(), proposal.leaderEpoch(), proposal.partitionEpoch(), members);
        var command = new MetadataCommand.AlterIsr(request, id(), epoch(), List.of(change));
        propose(command, answer -> {
            if (replica.leader == null || !replica.roleEpoch().equals(proposal.leaderEpoch())) {
                return;
            }
            doNow(() -> replica.step(event(proposal, answer)));
        });
    }

    private LeaderEvent event(IsrProposal proposal, Optional<MetadataReply> answer) {
        if (answer.isEmpty()) {
            world.count("outcome of an in-sync change unknown");
            return new LeaderEvent.IsrUnknown(proposal.number());
        }
        if (answer.get() instanceof MetadataReply.IsrAltered(var results, var index)) {
            return switch (results.getFirst()) {
                case IsrResult.Altered(var leaderEpoch, var partitionEpoch)
                when leaderEpoch.equals(proposal.leaderEpoch()) ->
                    new LeaderEvent.IsrAltered(proposal.number(), partitionEpoch);
                case IsrResult.Altered elected -> new LeaderEvent.IsrRefused(proposal.number(), true);
                case IsrResult.Refused(var reason) ->
                    new LeaderEvent.IsrRefused(
                            proposal.number(),
                            reason != IsrResult.Reason.INELIGIBLE_REPLICA
                                    && reason != IsrResult.Reason.INVALID_IN_SYNC_SET);
            };
        }
        return new LeaderEvent.IsrRefused(proposal.number(), true);
    }

    // Streams.

    Optional<SimNetwork.Stream> streamTo(int leader) {
        return Optional.ofNullable(toLeaders.get(leader));
    }

    private void connect() {
        for (var replica : replicas.values()) {
            var leader = replica.followedNode();
            if (leader > 0 && !toLeaders.containsKey(leader) && random.nextInt(4) > 0) {
                var other = cluster.node(leader);
                if (!other.isRunning() || other.isPaused() || isCut(leader)) {
                    continue;
                }
                var stream = cluster.network.connect(number, leader);
                var mine = life;
                var theirs = other.life;
                stream.attach(
                        () -> here(mine, () -> streamClosed(leader, stream)),
                        () -> other.here(theirs, () -> other.inboundClosed(number, stream)));
                other.accept(number, stream);
                toLeaders.put(leader, stream);
                after(300, () -> connected(leader, stream));
            }
        }
    }

    private boolean isCut(int other) {
        return cluster.network.isCut(number, other) || cluster.network.isCut(other, number);
    }

    private void connected(int leader, SimNetwork.Stream stream) throws IOException {
        if (stream.equals(toLeaders.get(leader))) {
            for (var replica : List.copyOf(replicas.values())) {
                if (replica.followedNode() == leader) {
                    replica.run(replica.follower, new FollowerEvent.Connected());
                }
            }
        }
    }

    private void streamClosed(int leader, SimNetwork.Stream stream) throws IOException {
        if (toLeaders.remove(leader, stream)) {
            for (var replica : List.copyOf(replicas.values())) {
                if (replica.followedNode() == leader) {
                    replica.run(replica.follower, new FollowerEvent.Disconnected());
                }
            }
        }
    }

    private void accept(int follower, SimNetwork.Stream stream) {
        doNow(() -> {
            var old = toFollowers.get(follower);
            if (old != null) {
                old.stream().breakStream(5_000);
                gone(follower);
            }
            var limits = new ReplicationStream.Limits(2_000, 500);
            toFollowers.put(follower, new Outbound(stream, new ReplicationStream(limits)));
        });
    }

    private void inboundClosed(int follower, SimNetwork.Stream stream) throws IOException {
        var outbound = toFollowers.get(follower);
        if (outbound != null && outbound.stream().equals(stream)) {
            toFollowers.remove(follower);
            gone(follower);
        }
    }

    private void gone(int follower) throws IOException {
        for (var replica : List.copyOf(replicas.values())) {
            replica.step(new LeaderEvent.FollowerGone(new BrokerId(follower)));
        }
    }

    void send(int leader, int partition, FollowerMessage message) {
        var stream = toLeaders.get(leader);
        world.say(() -> "n" + number + "/p" + partition + " to n" + leader + ": " + message
                + (stream == null ? ", without a stream" : ""));
        if (stream != null) {
            var other = cluster.node(leader);
            var theirs = other.life;
            stream.there(() -> other.here(theirs, () -> other.fromFollower(number, partition, message)));
        }
    }

    private void fromFollower(int follower, int partition, FollowerMessage message) throws IOException {
        var replica = replicas.get(partition);
        var from = new BrokerId(follower);
        if (replica == null || replica.leader == null) {
            if (message instanceof FollowerMessage.Open open) {
                send(
                        follower,
                        partition,
                        new LeaderMessage.Refused(open.session(), LeaderMessage.Reason.NOT_LEADER, "does not lead"));
            }
            return;
        }
        replica.step(
                switch (message) {
                    case FollowerMessage.Open open -> new LeaderEvent.FollowerOpened(from, open);
                    case FollowerMessage.Ack ack -> new LeaderEvent.FollowerAcked(from, ack);
                    case FollowerMessage.Close close -> new LeaderEvent.FollowerClosed(from, close);
                });
    }

    void send(int follower, int partition, LeaderMessage message) {
        var outbound = toFollowers.get(follower);
        world.say(() -> "n" + number + "/p" + partition + " to n" + follower + ": " + message
                + (outbound == null ? ", without a stream" : ""));
        if (outbound != null) {
            var other = cluster.node(follower);
            var theirs = other.life;
            outbound.stream()
                    .back(() -> other.here(theirs, () -> other.fromLeader(number, outbound, partition, message)));
        }
    }

    private void fromLeader(int leader, Outbound outbound, int partition, LeaderMessage message) throws IOException {
        if (!outbound.stream().equals(toLeaders.get(leader))) {
            return;
        }
        var replica = replicas.get(partition);
        if (replica != null && replica.followedNode() == leader) {
            replica.run(replica.follower, new FollowerEvent.Received(message));
        }
        if (message instanceof LeaderMessage.Batches batches) {
            var other = cluster.node(leader);
            var theirs = other.life;
            var bytes = batches.batches().remaining();
            outbound.stream()
                    .there(() -> other.here(
                            theirs, () -> other.sender(number, outbound, new ReplicationStream.Event.Credit(bytes))));
        }
    }

    private void sender(int follower, Outbound outbound, ReplicationStream.Event event) throws IOException {
        if (!outbound.equals(toFollowers.get(follower))) {
            return;
        }
        for (var effect : outbound.sender().step(event)) {
            switch (effect) {
                case ReplicationStream.Effect.Violation(var message) -> throw new AssertionError(message);
                case ReplicationStream.Effect.Send send ->
                    // Reading takes its time: other things happen meanwhile.
                    after(20 + random.nextInt(100), () -> read(follower, outbound, send));
            }
        }
    }

    private void read(int follower, Outbound outbound, ReplicationStream.Effect.Send send) throws IOException {
        var partition = send.partition().partition();
        var replica = replicas.get(partition);
        if (!outbound.equals(toFollowers.get(follower))) {
            return;
        }
        var bytes = 0;
        var next = send.from();
        if (replica != null && replica.leader != null) {
            var read = replica.read(send.from(), send.bytesMax());
            if (read.isEmpty()) {
                replica.step(new LeaderEvent.OutOfRange(new BrokerId(follower), send.session()));
            } else if (read.get().hasRemaining()) {
                bytes = read.get().remaining();
                next = LogContent.end(read.get());
                var progress = new LeaderMessage.Progress(replica.highWatermark(), replica.log.logStartOffset());
                send(follower, partition, new LeaderMessage.Batches(send.session(), read.get(), progress));
            }
        }
        sender(follower, outbound, new ReplicationStream.Event.Sent(send.partition(), send.session(), next, bytes));
    }

    void startSending(int follower, int partition, StreamSession session, Offset from, Offset end) throws IOException {
        var outbound = toFollowers.get(follower);
        if (outbound != null) {
            var id = cluster.identity(partition).id();
            sender(follower, outbound, new ReplicationStream.Event.Start(id, session, from, end));
        }
    }

    void stopSending(int follower, int partition) throws IOException {
        var outbound = toFollowers.get(follower);
        if (outbound != null) {
            var id = cluster.identity(partition).id();
            sender(follower, outbound, new ReplicationStream.Event.Stop(id));
        }
    }

    void stopSending(int partition) {
        doNow(() -> {
            for (var follower : List.copyOf(toFollowers.keySet())) {
                stopSending(follower, partition);
            }
        });
    }

    void offerMore(int partition, Offset end) throws IOException {
        var id = cluster.identity(partition).id();
        for (var entry : List.copyOf(toFollowers.entrySet())) {
            sender(entry.getKey(), entry.getValue(), new ReplicationStream.Event.Offer(id, end));
        }
    }

    void checkpoint(int partition, Offset highWatermark) {
        // Every now and then, as a broker does.
        if (random.nextInt(20) == 0) {
            checkpoints
                    .computeIfAbsent(partition, one -> new ArrayList<>(List.of(0L)))
                    .add(highWatermark.value());
        }
    }

    /// The metadata at one moment, as replication sees them.
    record View(MetadataState state, ClusterSim cluster) {
        PartitionImage partition(int partition) {
            return state.topics()
                    .byId(cluster.topicId())
                    .orElseThrow()
                    .partitions()
                    .get(partition);
        }

        PartitionMetadata metadata(int partition) {
            var image = partition(partition);
            var brokers = new TreeMap<BrokerId, PartitionMetadata.Standing>();
            for (var replica : image.replicas()) {
                var broker = state.brokers().get(replica);
                if (broker != null) {
                    brokers.put(
                            replica,
                            new PartitionMetadata.Standing(broker.epoch(), !broker.fenced() && !broker.draining()));
                }
            }
            return new PartitionMetadata(
                    image.leaderEpoch(),
                    image.partitionEpoch(),
                    image.replicas(),
                    image.inSyncReplicas(),
                    Math.min(cluster.plan.inSyncMin(), image.replicas().size()),
                    brokers);
        }
    }
}
