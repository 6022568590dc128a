package io.weirlog.replication.scenario;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ReadResult;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.core.FollowerEffect;
import io.weirlog.replication.core.FollowerEvent;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.FollowerPartition;
import io.weirlog.replication.core.LeaderEffect;
import io.weirlog.replication.core.LeaderEvent;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.LeaderPartition;
import io.weirlog.replication.core.LogOutline;
import io.weirlog.replication.core.PartitionMetadata;
import io.weirlog.replication.core.StreamSession;
import io.weirlog.replication.sim.LogContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One broker of a scenario with its replica of the one partition: the real roles over a real log, in which each record
/// is a letter in a batch of its own. Nothing happens by itself but what the roles want.
final class ScenarioNode {
    private static final Path DIRECTORY = Path.of("/t-0");
    private static final int RETRY_MILLIS = 100;
    private static final int LAG_MILLIS_MAX = 10_000;

    final int number;
    private final ScenarioCluster cluster;
    private FaultyStorage disk = new FaultyStorage(1);
    private Offset checkpoint = Offset.ZERO;
    private StreamSession lastSession = new StreamSession(0);
    private @Nullable Replica replica;

    private final class Replica {
        final PartitionLog log;
        final LogOutline outline;
        /// Of the registration that it lives under.
        final BrokerEpoch brokerEpoch;
        Offset highWatermark = checkpoint;
        Optional<LeaderEpoch> epoch = Optional.empty();
        int followed;

        @Nullable
        LeaderPartition leader;

        @Nullable
        FollowerPartition follower;
        /// By follower, what it is to be sent next.
        final TreeMap<Integer, Sending> sending = new TreeMap<>();

        Replica(PartitionLog log, BrokerEpoch brokerEpoch) {
            this.log = log;
            this.outline = LogOutline.of(log);
            this.brokerEpoch = brokerEpoch;
        }
    }

    private record Sending(StreamSession session, Offset from) {}

    ScenarioNode(ScenarioCluster cluster, int number) {
        this.cluster = cluster;
        this.number = number;
    }

    BrokerId id() {
        return new BrokerId(number);
    }

    boolean isRunning() {
        return replica != null;
    }

    private Replica running() {
        if (replica == null) {
            throw new IllegalStateException("n" + number + " does not run");
        }
        return replica;
    }

    // Lives.

    void start(BrokerEpoch brokerEpoch) throws IOException {
        replica = new Replica(PartitionLog.open(disk, DIRECTORY, cluster.identity(), cluster.logConfig()), brokerEpoch);
    }

    void stop() throws IOException {
        checkpoint();
        running().log.close();
        replica = null;
        disk = disk.recoverAs(LossMode.ALL_KEPT, 1);
    }

    void crash(LossMode mode) {
        running();
        replica = null;
        disk = disk.recoverAs(mode, 1);
    }

    /// The watermark that the next life begins with.
    void checkpoint() {
        checkpoint = running().highWatermark;
    }

    // Metadata.

    void learn(PartitionImage image, PartitionMetadata metadata) throws IOException {
        var self = running();
        if (self.epoch.equals(Optional.of(image.leaderEpoch()))) {
            if (self.leader != null) {
                run(self.leader.step(new LeaderEvent.MetadataChanged(metadata)));
            }
            return;
        }
        resign(self);
        self.epoch = Optional.of(image.leaderEpoch());
        if (image.leader().equals(Optional.of(id()))) {
            self.log.beginEpoch(image.leaderEpoch());
            var terms = new LeaderPartition.Terms(id(), cluster.durability(), LAG_MILLIS_MAX);
            self.leader =
                    cluster.roles().leader(terms, metadata, self.outline, self.highWatermark, cluster.nowMillis());
            self.highWatermark = self.leader.highWatermark();
            run(self.leader.start());
        } else if (image.leader().isPresent()) {
            var terms = new FollowerPartition.Terms(
                    image.leaderEpoch(), self.brokerEpoch, cluster.durability(), RETRY_MILLIS);
            self.follower =
                    cluster.roles().follower(terms, self.outline, self.highWatermark, lastSession, cluster.nowMillis());
            self.highWatermark = self.follower.highWatermark();
            self.followed = image.leader().get().value();
            connected();
        }
    }

    private void resign(Replica self) {
        if (self.follower != null) {
            lastSession = self.follower.session();
        }
        self.leader = null;
        self.follower = null;
        self.sending.clear();
    }

    void tick(long nowMillis) throws IOException {
        var self = running();
        if (self.leader != null) {
            run(self.leader.step(new LeaderEvent.Tick(nowMillis)));
        }
        follow(new FollowerEvent.Tick(nowMillis));
    }

    // Streams.

    void connected() throws IOException {
        if (cluster.isConnected(number, running().followed)) {
            follow(new FollowerEvent.Connected());
        }
    }

    void disconnected(int other) throws IOException {
        var self = running();
        if (self.followed == other) {
            follow(new FollowerEvent.Disconnected());
        }
        step(new LeaderEvent.FollowerGone(new BrokerId(other)));
    }

    void receive(int from, LeaderMessage message) throws IOException {
        if (running().followed == from) {
            follow(new FollowerEvent.Received(message));
        }
    }

    void receive(int from, FollowerMessage message) throws IOException {
        var follower = new BrokerId(from);
        step(
                switch (message) {
                    case FollowerMessage.Open open -> new LeaderEvent.FollowerOpened(follower, open);
                    case FollowerMessage.Ack ack -> new LeaderEvent.FollowerAcked(follower, ack);
                    case FollowerMessage.Close close -> new LeaderEvent.FollowerClosed(follower, close);
                });
    }

    // The leader.

    /// @return false if the leader takes no records now
    boolean append(char letter) throws IOException {
        var self = running();
        if (self.leader == null || !self.leader.hasEnoughInSync()) {
            return false;
        }
        var batch = new RecordBatchBuilder(Compression.NONE, 64);
        batch.append(letter, null, new byte[1], List.of());
        self.log.append(List.of(batch.build()), self.leader.epoch(), 0);
        step(new LeaderEvent.Appended());
        return true;
    }

    void deleteBefore(Offset start) throws IOException {
        running().log.deleteRecordsBefore(start);
        step(new LeaderEvent.LogStartMoved());
    }

    void step(LeaderEvent event) throws IOException {
        var self = replica;
        if (self != null && self.leader != null) {
            run(self.leader.step(event));
        }
    }

    private void run(List<LeaderEffect> effects) throws IOException {
        var self = running();
        for (var effect : effects) {
            switch (effect) {
                case LeaderEffect.SyncLog() -> {
                    self.log.sync();
                    step(new LeaderEvent.Synced());
                }
                case LeaderEffect.AcknowledgeLocal acknowledge -> {}
                case LeaderEffect.AnnounceHighWatermark(var end) -> {
                    self.highWatermark = end;
                    cluster.acknowledged(this, end);
                }
                case LeaderEffect.Answer(var to, var message) -> cluster.send(number, to.value(), message);
                case LeaderEffect.StartSending(var to, var session, var from) ->
                    self.sending.put(to.value(), new Sending(session, from));
                case LeaderEffect.StopSending(var to) -> self.sending.remove(to.value());
                case LeaderEffect.OfferMore offer -> {}
                case LeaderEffect.ProposeIsr(var proposal) -> cluster.propose(this, self.brokerEpoch, proposal);
            }
        }
        push(self);
    }

    /// Each batch is a message of its own.
    private void push(Replica self) throws IOException {
        for (var to : List.copyOf(self.sending.keySet())) {
            var next = self.sending.get(to);
            while (next != null
                    && next.from().isBefore(self.log.logEndOffset())
                    && self.log.read(next.from(), 1, self.log.logEndOffset()) instanceof ReadResult.Slice(var slice)) {
                try (slice) {
                    var bytes = ByteBuffer.allocate(slice.length());
                    slice.copyTo(bytes);
                    var progress = new LeaderMessage.Progress(self.highWatermark, self.log.logStartOffset());
                    cluster.send(number, to, new LeaderMessage.Batches(next.session(), bytes.flip(), progress));
                    next = new Sending(next.session(), slice.nextOffset());
                    self.sending.put(to, next);
                }
            }
        }
    }

    // The follower.

    private void follow(FollowerEvent event) throws IOException {
        var self = running();
        var role = self.follower;
        if (role == null) {
            return;
        }
        for (var effect : role.step(event)) {
            switch (effect) {
                case FollowerEffect.Send(var message) -> cluster.send(number, self.followed, message);
                case FollowerEffect.CutLog(var end) -> {
                    self.log.truncateTo(end);
                    follow(new FollowerEvent.LogCut());
                }
                case FollowerEffect.StartLogAt(var start) -> {
                    self.log.truncateFullyAndStartAt(start);
                    follow(new FollowerEvent.LogCut());
                }
                case FollowerEffect.Append(var batches) -> append(batches);
                case FollowerEffect.SyncLog() -> {
                    self.log.sync();
                    follow(new FollowerEvent.Synced());
                }
                case FollowerEffect.AnnounceHighWatermark(var end) -> self.highWatermark = end;
                case FollowerEffect.DeleteRecordsBefore(var start) -> self.log.deleteRecordsBefore(start);
            }
        }
    }

    private void append(ByteBuffer batches) throws IOException {
        try {
            running().log.appendAsFollower(batches);
            follow(new FollowerEvent.Appended());
        } catch (MalformedBatchException e) {
            follow(new FollowerEvent.BatchesRejected());
        }
    }

    // For the reader.

    /// As `a@0 b@1`: each letter with the epoch that it was written in.
    String records() throws IOException {
        var log = running().log;
        var records = new StringJoiner(" ");
        var start = log.logStartOffset().value();
        LogContent.forEach(
                log,
                start,
                log.logEndOffset().value(),
                (offset, entry) -> records.add((char) entry.value() + "@" + entry.epoch()));
        return (start > 0 ? "from %d: ".formatted(start) : "") + records;
    }

    /// Whether the log has this letter there; what was deleted it has had.
    boolean has(long offset, char letter) throws IOException {
        var log = running().log;
        if (offset < log.logStartOffset().value()) {
            return true;
        }
        var found = new boolean[1];
        LogContent.forEach(log, offset, offset + 1, (at, entry) -> found[0] = entry.value() == letter);
        return found[0];
    }

    Offset logEnd() {
        return running().log.logEndOffset();
    }

    Offset logStart() {
        return running().log.logStartOffset();
    }

    String describe() throws IOException {
        if (replica == null) {
            return "n%d is down".formatted(number);
        }
        var self = replica;
        var epoch = self.epoch.map(LeaderEpoch::toString).orElse("-");
        var role = self.leader != null
                ? "leads"
                : self.follower == null
                        ? "waits"
                        : (self.follower.isFollowing() ? "follows n" : "opens n") + self.followed;
        return "n%d %s in epoch %s, watermark %s: %s"
                .formatted(number, role, epoch, self.highWatermark, records())
                .stripTrailing();
    }
}
