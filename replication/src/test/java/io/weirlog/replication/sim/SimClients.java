package io.weirlog.replication.sim;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.sim.SimReplica.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Producers and consumers as they are outside: they know too little, wait too long, and try again.
final class SimClients {
    private final ClusterSim cluster;
    private final SimWorld world;
    private final Random random;
    private final List<Producer> producers = new ArrayList<>();
    private final List<Map<Long, Long>> idempotentValues = new ArrayList<>();
    private long values = 1;
    private long producerIds;
    private boolean stopped;

    /// A batch on its way: its records are the numbers from `firstValue` on.
    record Batch(
            long producer,
            boolean idempotent,
            boolean acksAll,
            int sequence,
            long firstValue,
            int records,
            ByteBuffer bytes) {}

    SimClients(ClusterSim cluster) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.random = world.random("clients");
    }

    void start() {
        for (var partition = 0; partition < cluster.plan.partitions(); partition++) {
            idempotentValues.add(new HashMap<>());
            producers.add(new Producer(partition, true, true));
            producers.add(new Producer(partition, false, true));
            producers.add(new Producer(partition, false, false));
            var consumer = new Consumer(partition);
            world.after(random.nextInt(100_000), consumer::poll);
        }
        producers.forEach(producer -> world.after(random.nextInt(100_000), producer::next));
    }

    void stop() {
        stopped = true;
    }

    boolean areIdle() {
        return producers.stream().allMatch(producer -> producer.inFlight.isEmpty());
    }

    Map<Long, Long> idempotentValues(int partition) {
        return idempotentValues.get(partition);
    }

    private SimNode target(int partition) {
        var image = cluster.latestPartition(partition);
        var leader = image.leader();
        if (leader.isPresent() && random.nextInt(20) > 0) {
            return cluster.node(leader.get().value());
        }
        return cluster.node(
                image.replicas().get(random.nextInt(image.replicas().size())).value());
    }

    /// A batch on its way, or waiting to be sent again.
    private static final class Sent {
        final Batch batch;
        int attempt;
        int refusals;

        Sent(Batch batch) {
            this.batch = batch;
        }
    }

    /// Sends several batches at once if it is idempotent and the plan says so. Each is sent again by itself, whatever
    /// becomes of the others: it is the leader's part to keep them in order.
    private final class Producer {
        final int partition;
        final boolean idempotent;
        final boolean acksAll;
        final int inFlightMax;
        final List<Sent> inFlight = new ArrayList<>();
        long id = ++producerIds;
        int sequence;
        boolean isToGoOn;

        Producer(int partition, boolean idempotent, boolean acksAll) {
            this.partition = partition;
            this.idempotent = idempotent;
            this.acksAll = acksAll;
            this.inFlightMax = idempotent ? cluster.plan.inFlightMax() : 1;
        }

        void next() {
            isToGoOn = false;
            if (stopped) {
                return;
            }
            var records = 1 + random.nextInt(3);
            var builder = new RecordBatchBuilder(Compression.NONE, 128);
            var first = values;
            for (var i = 0; i < records; i++) {
                builder.append(values++, null, new byte[random.nextInt(60)], List.of());
            }
            if (idempotent) {
                builder.producer(id, (short) 0, sequence);
                for (var i = 0; i < records; i++) {
                    idempotentValues.get(partition).put(first + i, id);
                }
            }
            var sent = new Sent(new Batch(id, idempotent, acksAll, sequence, first, records, builder.build()));
            sequence += records;
            inFlight.add(sent);
            send(sent);
            if (inFlight.size() < inFlightMax) {
                world.count("several batches in flight");
                goOn();
            }
        }

        private void goOn() {
            if (!isToGoOn) {
                isToGoOn = true;
                world.after(5_000 + random.nextInt(cluster.plan.appendEveryMicros()), this::next);
            }
        }

        private void send(Sent sent) {
            if (!inFlight.contains(sent)) {
                return;
            }
            var now = ++sent.attempt;
            var node = target(partition);
            var lost = random.nextInt(30) == 0;
            world.after(
                    cluster.network.delay(),
                    () -> node.request(() -> {
                        var replica = node.replicas.get(partition);
                        if (replica == null) {
                            answer(sent, now, Outcome.NOT_APPENDED);
                        } else {
                            replica.append(sent.batch, outcome -> {
                                if (!lost) {
                                    answer(sent, now, outcome);
                                }
                            });
                        }
                    }));
            world.after(500_000 + random.nextInt(1_500_000), () -> done(sent, now, Outcome.UNKNOWN));
        }

        private void answer(Sent sent, int of, Outcome outcome) {
            world.after(cluster.network.delay(), () -> done(sent, of, outcome));
        }

        private void done(Sent sent, int of, Outcome outcome) {
            if (of != sent.attempt || !inFlight.contains(sent)) {
                return;
            }
            sent.attempt++;
            switch (outcome) {
                case APPENDED -> finish(sent);
                case NOT_APPENDED -> again(sent);
                case FORGOTTEN -> startAnew();
                case UNKNOWN -> {
                    if (idempotent) {
                        world.count("unknown outcome retried");
                        again(sent);
                    } else {
                        finish(sent);
                    }
                }
            }
        }

        private void again(Sent sent) {
            sent.refusals++;
            if (sent.refusals > (stopped ? 50 : 200)) {
                startAnew();
                return;
            }
            world.after(20_000 + random.nextInt(100_000), () -> send(sent));
        }

        /// Nothing is known of what is in flight: another id begins.
        private void startAnew() {
            id = ++producerIds;
            sequence = 0;
            inFlight.clear();
            goOn();
        }

        private void finish(Sent sent) {
            inFlight.remove(sent);
            goOn();
        }
    }

    /// Reads below the watermark, and checks epochs as KIP-320 has it.
    private final class Consumer {
        private final int partition;
        private long position;
        private int lastEpoch = -1;
        private int leaderEpoch;

        Consumer(int partition) {
            this.partition = partition;
        }

        void poll() {
            var node = target(partition);
            node.request(() -> {
                var replica = node.replicas.get(partition);
                if (replica != null
                        && replica.leader != null
                        && replica.roleEpoch().value() >= leaderEpoch) {
                    leaderEpoch = replica.roleEpoch().value();
                    read(replica);
                }
            });
            if (!stopped) {
                world.after(20_000 + random.nextInt(150_000), this::poll);
            }
        }

        private void read(SimReplica replica) throws IOException {
            if (lastEpoch >= 0) {
                var end = replica.log.endOffsetForEpoch(new LeaderEpoch(lastEpoch));
                if (end.epoch().value() < lastEpoch || end.endOffset().value() < position) {
                    cluster.oracle.consumerTruncated(
                            replica, position, end.endOffset().value());
                    position = Math.min(position, end.endOffset().value());
                    lastEpoch = end.epoch().value();
                    return;
                }
            }
            position = Math.max(position, replica.log.logStartOffset().value());
            LogContent.forEach(
                    replica.log,
                    position,
                    Math.min(position + 100, replica.highWatermark().value()),
                    (offset, entry) -> {
                        cluster.oracle.consumed(replica, offset, entry);
                        position = offset + 1;
                        lastEpoch = entry.epoch();
                    });
        }
    }
}
