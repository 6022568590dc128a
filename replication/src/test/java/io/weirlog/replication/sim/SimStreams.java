package io.weirlog.replication.sim;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.replication.core.FollowerEvent;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.LeaderEvent;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.ReplicationStream;
import io.weirlog.replication.core.StreamSession;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/// The streams of one node: one to each node that leads what it follows, and one from each that follows what it leads.
final class SimStreams {
    private final SimNode node;
    private final SimWorld world;
    private final Random random;
    private final TreeMap<Integer, SimNetwork.Stream> toLeaders = new TreeMap<>();
    private final TreeMap<Integer, Outbound> toFollowers = new TreeMap<>();

    private record Outbound(SimNetwork.Stream stream, ReplicationStream sender) {}

    SimStreams(SimNode node) {
        this.node = node;
        this.world = node.cluster.world;
        this.random = world.random("streams " + node.number);
    }

    boolean reach(int leader) {
        return toLeaders.containsKey(leader);
    }

    void clear() {
        toLeaders.clear();
        toFollowers.clear();
    }

    void connect() {
        for (var replica : node.replicas.values()) {
            var leader = replica.followedNode();
            if (leader > 0 && !toLeaders.containsKey(leader) && random.nextInt(4) > 0) {
                var other = node.cluster.node(leader);
                if (!other.isRunning() || other.isPaused() || isCut(leader)) {
                    continue;
                }
                var stream = node.cluster.network.connect(node.number, leader);
                var mine = node.life();
                var theirs = other.life();
                stream.attach(
                        () -> node.here(mine, () -> streamClosed(leader, stream)),
                        () -> other.here(theirs, () -> other.streams.inboundClosed(node.number, stream)));
                other.streams.accept(node.number, stream);
                toLeaders.put(leader, stream);
                node.after(300, () -> connected(leader, stream));
            }
        }
    }

    private boolean isCut(int other) {
        return node.cluster.network.isCut(node.number, other) || node.cluster.network.isCut(other, node.number);
    }

    private void connected(int leader, SimNetwork.Stream stream) throws IOException {
        if (stream.equals(toLeaders.get(leader))) {
            for (var replica : List.copyOf(node.replicas.values())) {
                if (replica.followedNode() == leader) {
                    replica.run(replica.follower, new FollowerEvent.Connected());
                }
            }
        }
    }

    private void streamClosed(int leader, SimNetwork.Stream stream) throws IOException {
        if (toLeaders.remove(leader, stream)) {
            for (var replica : List.copyOf(node.replicas.values())) {
                if (replica.followedNode() == leader) {
                    replica.run(replica.follower, new FollowerEvent.Disconnected());
                }
            }
        }
    }

    private void accept(int follower, SimNetwork.Stream stream) {
        node.doNow(() -> {
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
        for (var replica : List.copyOf(node.replicas.values())) {
            replica.step(new LeaderEvent.FollowerGone(new BrokerId(follower)));
        }
    }

    void send(int leader, int partition, FollowerMessage message) {
        var stream = toLeaders.get(leader);
        world.say(() -> "n" + node.number + "/p" + partition + " to n" + leader + ": " + message
                + (stream == null ? ", without a stream" : ""));
        if (stream != null) {
            var other = node.cluster.node(leader);
            var theirs = other.life();
            stream.there(() -> other.here(theirs, () -> other.streams.fromFollower(node.number, partition, message)));
        }
    }

    private void fromFollower(int follower, int partition, FollowerMessage message) throws IOException {
        var replica = node.replicas.get(partition);
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
        world.say(() -> "n" + node.number + "/p" + partition + " to n" + follower + ": " + message
                + (outbound == null ? ", without a stream" : ""));
        if (outbound != null) {
            var other = node.cluster.node(follower);
            var theirs = other.life();
            outbound.stream()
                    .back(() -> other.here(
                            theirs, () -> other.streams.fromLeader(node.number, outbound, partition, message)));
        }
    }

    private void fromLeader(int leader, Outbound outbound, int partition, LeaderMessage message) throws IOException {
        if (!outbound.stream().equals(toLeaders.get(leader))) {
            return;
        }
        var replica = node.replicas.get(partition);
        if (replica != null && replica.followedNode() == leader) {
            replica.run(replica.follower, new FollowerEvent.Received(message));
        }
        if (message instanceof LeaderMessage.Batches batches) {
            var other = node.cluster.node(leader);
            var theirs = other.life();
            var bytes = batches.batches().remaining();
            outbound.stream()
                    .there(() -> other.here(
                            theirs,
                            () -> other.streams.sender(
                                    node.number, outbound, new ReplicationStream.Event.Credit(bytes))));
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
                    node.after(20 + random.nextInt(100), () -> read(follower, outbound, send));
            }
        }
    }

    private void read(int follower, Outbound outbound, ReplicationStream.Effect.Send send) throws IOException {
        var partition = send.partition().partition();
        var replica = node.replicas.get(partition);
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
            var id = node.cluster.identity(partition).id();
            sender(follower, outbound, new ReplicationStream.Event.Start(id, session, from, end));
        }
    }

    void stopSending(int follower, int partition) throws IOException {
        var outbound = toFollowers.get(follower);
        if (outbound != null) {
            var id = node.cluster.identity(partition).id();
            sender(follower, outbound, new ReplicationStream.Event.Stop(id));
        }
    }

    void stopSending(int partition) {
        node.doNow(() -> {
            for (var follower : List.copyOf(toFollowers.keySet())) {
                stopSending(follower, partition);
            }
        });
    }

    void offerMore(int partition, Offset end) throws IOException {
        var id = node.cluster.identity(partition).id();
        for (var entry : List.copyOf(toFollowers.entrySet())) {
            sender(entry.getKey(), entry.getValue(), new ReplicationStream.Event.Offer(id, end));
        }
    }
}
