package io.weirlog.replication.sim;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.fault.CrashException;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.IsrResult;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.LeaderEvent;
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
    private static final Path DATA = Path.of("/data");
    private static final List<LossMode> LOSS_MODES = List.of(LossMode.values());

    final ClusterSim cluster;
    final int number;
    private final Random random;
    private final SimWorld world;

    FaultyStorage disk;
    private final Map<Integer, List<Long>> checkpoints = new HashMap<>();
    private @Nullable BrokerEpoch stoppedCleanly;
    private @Nullable BrokerEpoch formerEpoch;
    /// The identity of its data directory.
    private UUID directory;

    private int life;
    private boolean running;
    private boolean paused;
    private final List<Runnable> deferred = new ArrayList<>();
    private @Nullable BrokerEpoch epoch;
    private int imagePosition;
    private boolean opened;
    private boolean unfencing;
    private int replicasTaken;
    private long slowUntilMicros;
    private long wallOffsetMillis;
    final TreeMap<Integer, SimReplica> replicas = new TreeMap<>();
    final SimStreams streams;
    private final Map<RequestKey, RequestId> proposalRequests = new HashMap<>();

    private record RequestKey(int partition, int leaderEpoch, long number) {}

    @FunctionalInterface
    interface Work {
        void run() throws IOException;
    }

    SimNode(ClusterSim cluster, int number) throws IOException {
        this.cluster = cluster;
        this.world = cluster.world;
        this.number = number;
        this.random = world.random("node " + number);
        this.streams = new SimStreams(this);
        this.disk = emptyDisk();
        this.directory = newDirectory();
    }

    private FaultyStorage emptyDisk() throws IOException {
        var empty = new FaultyStorage(random.nextLong());
        empty.createDirectories(DATA);
        empty.syncDirectory(Path.of("/"));
        return empty;
    }

    private UUID newDirectory() {
        return new UUID(number, random.nextLong());
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
    SimView image() {
        return new SimView(cluster.metadata.at(imagePosition), cluster);
    }

    // Time and failure.

    /// Later, if this life of the node still lasts then.
    void after(long micros, Work work) {
        var now = life;
        world.after(micros, () -> here(now, work));
    }

    int life() {
        return life;
    }

    void here(int inLife, Work work) {
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
        replicasTaken = 0;
        // The metadata log is read from the last snapshot on.
        imagePosition = random.nextInt(imagePosition + 1);
        world.note("start", number, life, 0);
        world.say(() -> "n" + number + " starts");
        doNow(() -> disk.createDirectories(DATA));
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
                clean,
                List.of(directory),
                FeatureRange.FIRST);
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
        cluster.metadata.propose(command, reply -> here(now, () -> answer.accept(reply)));
    }

    /// What it registers as before its first start.
    List<UUID> directories() {
        return List.of(directory);
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

    /// The node comes back with empty disks.
    void wipe() throws IOException {
        if (running) {
            crash(randomLoss());
        }
        world.say(() -> "n" + number + " is wiped");
        disk = emptyDisk();
        directory = cluster.switches.directoryOfWipedDisk(directory, newDirectory());
        checkpoints.clear();
        stoppedCleanly = null;
    }

    /// A late copy of a former life's registration has taken the place of this one: nobody listens to it any more.
    private boolean isDisplaced(SimView view) {
        var self = view.state().brokers().get(id());
        return epoch != null && self != null && self.epoch().compareTo(epoch) > 0;
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
        for (var replica : replicas.values()) {
            if (replica.leader != null && replica.leader.hasPendingIsr()) {
                world.count("leader died with a pending in-sync change");
            }
            cluster.oracle.gone(replica);
        }
        replicas.clear();
        streams.clear();
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
        streams.connect();
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
        if (isDisplaced(view)) {
            world.count("broker displaced");
            kill();
            cluster.nodeCrashed(this);
            return;
        }
        if (epoch == null || !cluster.switches.mayTakeRoles(view.state().index(), epoch)) {
            return;
        }
        takeAndGive(view);
        opened = true;
        for (var replica : List.copyOf(replicas.values())) {
            replica.onImage(view.partition(replica.partition), view.metadata(replica.partition));
        }
        streams.connect();
    }

    /// Opens the replicas that belong here and are not open yet, and drops those that do not any more.
    private void takeAndGive(SimView view) throws IOException {
        for (var partition = 0; partition < cluster.plan.partitions(); partition++) {
            boolean belongsHere = view.partition(partition).replicas().contains(id());
            var replica = replicas.get(partition);
            if (belongsHere && replica == null) {
                open(partition);
            } else if (!belongsHere && replica != null) {
                drop(replica);
            } else if (!belongsHere && !opened && disk.exists(directoryOf(partition))) {
                // Of a former life that did not learn that it had to give the replica up.
                drop(open(partition));
            }
        }
    }

    private SimReplica open(int partition) throws IOException {
        var log = PartitionLog.open(disk, directoryOf(partition), cluster.identity(partition), cluster.logConfig());
        noteCut(partition, log.logEndOffset());
        var noted = checkpoints.getOrDefault(partition, List.of(0L)).getLast();
        var known = cluster.switches.knownWatermark(new Offset(noted), log);
        var replica = new SimReplica(this, partition, log, known, StreamSession.afterReplicas(replicasTaken++));
        replicas.put(partition, replica);
        cluster.oracle.opened(replica);
        return replica;
    }

    private static Path directoryOf(int partition) {
        return DATA.resolve("t-" + partition);
    }

    private void drop(SimReplica replica) throws IOException {
        world.count("replica dropped");
        world.say(() -> replica + " is dropped");
        replica.resign();
        replicas.remove(replica.partition);
        checkpoints.remove(replica.partition);
        cluster.oracle.gone(replica);
        replica.log.delete();
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

    /// No note may reach beyond what the log was cut to, or it would soon tell of other records: it is written anew
    /// before anything is appended.
    void noteCut(int partition, Offset end) {
        checkpoints.computeIfPresent(partition, (one, kept) -> {
            kept.replaceAll(noted -> Math.min(noted, end.value()));
            return kept;
        });
    }

    void checkpoint(int partition, Offset highWatermark) {
        // Every now and then, as a broker does.
        if (random.nextInt(20) == 0) {
            checkpoints
                    .computeIfAbsent(partition, one -> new ArrayList<>(List.of(0L)))
                    .add(highWatermark.value());
        }
    }
}
