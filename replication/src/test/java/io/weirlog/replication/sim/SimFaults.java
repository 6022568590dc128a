package io.weirlog.replication.sim;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.log.fault.Operation;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.ReplicaMove;
import io.weirlog.replication.sim.SimPlan.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// Does harm, as the plan has it, and mends everything in the end.
final class SimFaults {
    private static final List<Long> CLOCK_STEPS_MILLIS = List.of(3_600_000L, -3_600_000L, 864_000_000L, -864_000_000L);

    private final ClusterSim cluster;
    private final SimWorld world;
    private final Random random;
    private final List<Fault> kinds;
    private long slowMetadataUntilMicros;

    SimFaults(ClusterSim cluster) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.random = world.random("faults");
        this.kinds = List.copyOf(cluster.plan.faults());
    }

    long metadataDelayMicros() {
        var micros = random.nextInt(5_000);
        return world.nowMicros() < slowMetadataUntilMicros ? micros + random.nextInt(2_000_000) : micros;
    }

    long downMicros() {
        return random.nextInt(3) == 0 ? 50_000 + random.nextInt(200_000) : 200_000 + random.nextInt(4_000_000);
    }

    void next() {
        if (cluster.isCalm() || kinds.isEmpty()) {
            return;
        }
        var every = cluster.plan.faultEveryMicros();
        world.after(every / 2 + random.nextLong(every), this::next);
        var kind = kinds.get(random.nextInt(kinds.size()));
        var node = cluster.node(1 + random.nextInt(cluster.plan.nodes()));
        world.count("fault: " + kind.name());
        world.note(kind.name(), node.number, 0, 0);
        world.say(() -> "fault: " + kind + " n" + node.number);
        try {
            strike(kind, node);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void strike(Fault kind, SimNode node) throws IOException {
        var micros = 100_000L + random.nextInt(3_000_000);
        switch (kind) {
            case KILL -> {
                if (node.isRunning()) {
                    node.kill();
                    cluster.nodeCrashed(node);
                }
            }
            case LOSSY_CRASH -> crash(node);
            case LOSSY_CRASH_OF_ALL -> {
                if (random.nextInt(4) == 0) {
                    cluster.nodes().forEach(this::crash);
                }
            }
            case CRASH_IN_OPERATION -> {
                var disk = node.disk.faults();
                disk.crashAt(disk.boundaries() + 1 + random.nextInt(40));
            }
            case PAUSE -> {
                node.pause();
                world.after(micros, node::resume);
            }
            case ISOLATE -> isolate(node, micros, true, true);
            case ONE_WAY -> isolate(node, micros, random.nextBoolean(), false);
            case CONTROLLER_UNREACHABLE -> {
                cluster.network.cutController(node.number, true);
                world.after(micros, () -> cluster.network.cutController(node.number, false));
            }
            case CONNECTION_RESET -> cluster.network.resetOne();
            case SLOW_NETWORK -> cluster.network.slowFor(micros);
            case SLOW_DISK -> node.slowDiskFor(micros);
            case FAILING_DISK ->
                node.disk
                        .faults()
                        .failNth(random.nextBoolean() ? Operation.SYNC : Operation.WRITE, 1 + random.nextInt(10));
            case CLEAN_RESTART -> {
                if (node.isRunning() && !node.isPaused()) {
                    node.stopCleanly();
                    cluster.nodeCrashed(node);
                }
            }
            case LOST_PROPOSALS -> {
                cluster.metadata.lossy(true);
                world.after(micros, () -> cluster.metadata.lossy(false));
            }
            case CONTROLLER_CHANGE -> cluster.controllerChanged(micros / 3);
            case SLOW_METADATA -> slowMetadataUntilMicros = world.nowMicros() + micros;
            case RETENTION -> delete(random.nextInt(cluster.plan.partitions()));
            case WIPE -> {
                if (random.nextInt(3) == 0) {
                    cluster.wiped();
                    node.wipe();
                }
            }
            case CLOCK_STEP -> node.stepClock(CLOCK_STEPS_MILLIS.get(random.nextInt(CLOCK_STEPS_MILLIS.size())));
            case REASSIGN -> reassign(random.nextInt(cluster.plan.partitions()));
            case FLAPPING -> {
                for (var i = 0L; i < 5; i++) {
                    world.after(i * 150_000, () -> isolate(node, 80_000, true, true));
                }
            }
        }
    }

    private void crash(SimNode node) {
        if (node.isRunning()) {
            node.crash(node.randomLoss());
        }
    }

    private void isolate(SimNode node, long micros, boolean inbound, boolean both) {
        var withController = random.nextInt(3) > 0;
        for (var other = withController ? 0 : 1; other <= cluster.plan.nodes(); other++) {
            if (other != node.number && (both || random.nextBoolean())) {
                if (inbound || both) {
                    cluster.network.cut(other, node.number, true);
                }
                if (!inbound || both) {
                    cluster.network.cut(node.number, other, true);
                }
            }
        }
        world.after(micros, () -> {
            for (var other = 0; other <= cluster.plan.nodes(); other++) {
                cluster.network.cut(other, node.number, false);
                cluster.network.cut(node.number, other, false);
            }
        });
    }

    private void reassign(int partition) {
        var brokers = new ArrayList<>(cluster.nodes().stream().map(SimNode::id).toList());
        Collections.shuffle(brokers, random);
        var target = Optional.of(List.copyOf(brokers.subList(0, cluster.plan.replicas())));
        move(partition, target);
        if (random.nextInt(3) == 0) {
            // Called off and begun again at once: some may not hear of the former.
            var callOffMicros = 10_000L + random.nextInt(300_000);
            world.after(callOffMicros, () -> move(partition, Optional.empty()));
            world.after(callOffMicros + random.nextInt(100_000), () -> move(partition, target));
        }
    }

    private void move(int partition, Optional<List<BrokerId>> target) {
        var move = new ReplicaMove(cluster.identity(partition).id(), target);
        cluster.metadata.propose(
                new MetadataCommand.AlterReassignments(cluster.metadata.newRequest(), List.of(move)), answer -> {});
    }

    private void delete(int partition) {
        cluster.latestPartition(partition).leader().ifPresent(leader -> {
            var node = cluster.node(leader.value());
            node.request(() -> {
                var replica = node.replicas.get(partition);
                if (replica != null && replica.leader != null) {
                    var start = replica.log.logStartOffset().value();
                    var room = replica.highWatermark().value() - start;
                    var whole = random.nextInt(3) == 0;
                    replica.deleteRecords(
                            whole ? Optional.empty() : Optional.of(new Offset(start + random.nextLong(room + 1))));
                }
            });
        });
    }

    void end() {
        cluster.network.healAll();
        cluster.metadata.lossy(false);
        cluster.metadata.awayFor(0);
        slowMetadataUntilMicros = 0;
        for (var node : cluster.nodes()) {
            node.disk.faults().calm();
            node.slowDiskFor(0);
            node.resume();
            if (!node.isRunning()) {
                node.start();
            }
        }
    }
}
