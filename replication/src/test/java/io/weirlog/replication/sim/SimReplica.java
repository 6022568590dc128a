package io.weirlog.replication.sim;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ProducerVerdict;
import io.weirlog.log.ReadResult;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.replication.core.DeletionVerdict;
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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One partition on one node: its real log and its real role, and the host that runs the role's effects.
final class SimReplica {
    final SimNode node;
    final int partition;
    final PartitionLog log;
    private final LogOutline outline;
    private Offset highWatermark;
    private StreamSession lastSession;
    private LeaderEpoch roleEpoch = new LeaderEpoch(0);
    private boolean hasRole;
    private boolean hasCut;

    @Nullable
    LeaderPartition leader;

    @Nullable
    FollowerPartition follower;

    private int followedNode;
    private boolean syncing;
    private boolean syncAgain;
    private final List<Pending> pending = new ArrayList<>();

    /// An append that waits for the watermark.
    ///
    /// @param base empty if the batch is so old that its offset is not known any more
    private record Pending(long end, SimClients.Batch batch, Optional<Offset> base, Consumer<Outcome> answer) {}

    /// What became of an append.
    enum Outcome {
        APPENDED,
        NOT_APPENDED,
        /// The producer is not known, or not any more.
        FORGOTTEN,
        UNKNOWN
    }

    SimReplica(SimNode node, int partition, PartitionLog log, Offset checkpoint, StreamSession lastSession) {
        this.node = node;
        this.partition = partition;
        this.log = log;
        this.outline = LogOutline.of(log);
        this.highWatermark = checkpoint;
        this.lastSession = lastSession;
    }

    Offset highWatermark() {
        return highWatermark;
    }

    private ClusterOracle oracle() {
        return node.cluster.oracle;
    }

    private SimWorld world() {
        return node.cluster.world;
    }

    // Roles.

    void onImage(PartitionImage image, PartitionMetadata metadata) throws IOException {
        if (hasRole && image.leaderEpoch().equals(roleEpoch)) {
            if (leader != null) {
                run(leader.step(new LeaderEvent.MetadataChanged(metadata)));
            }
            return;
        }
        if (hasRole && !image.leaderEpoch().isAfter(roleEpoch)) {
            return;
        }
        resign();
        hasRole = true;
        roleEpoch = image.leaderEpoch();
        hasCut = false;
        if (image.leader().equals(Optional.of(node.id()))) {
            lead(metadata);
        } else if (image.leader().isPresent()) {
            follow(image.leader().get());
        }
    }

    private void lead(PartitionMetadata metadata) throws IOException {
        node.cluster.switches.beginEpoch(log, metadata.leaderEpoch());
        oracle().leads(this, metadata.leaderEpoch());
        var terms = new LeaderPartition.Terms(node.id(), durability(), node.cluster.plan.lagMillis());
        leader = node.cluster.roles.leader(terms, metadata, outline, highWatermark, node.localMillis());
        world().say(() ->
                this + " leads epoch " + roleEpoch + " from " + log.logEndOffset() + ", watermark " + highWatermark);
        highWatermark = leader.highWatermark();
        oracle().startsAt(this, highWatermark);
        run(leader.start());
    }

    private void follow(BrokerId leaderId) throws IOException {
        var terms = new FollowerPartition.Terms(roleEpoch, node.epoch(), durability(), 200);
        follower = node.cluster.roles.follower(terms, outline, highWatermark, lastSession, node.localMillis());
        highWatermark = follower.highWatermark();
        followedNode = leaderId.value();
        world().say(() -> this + " follows " + leaderId + " in epoch " + roleEpoch + " from " + log.logEndOffset());
        if (node.streams.reach(followedNode)) {
            run(follower, new FollowerEvent.Connected());
        }
    }

    void resign() {
        if (leader != null) {
            if (leader.hasPendingIsr()) {
                world().count("leader ended with a pending in-sync change");
            }
            node.streams.stopSending(partition);
        }
        if (follower != null) {
            lastSession = follower.session();
            node.streams.send(followedNode, partition, new FollowerMessage.Close(lastSession));
        }
        leader = null;
        follower = null;
        var waiting = List.copyOf(pending);
        pending.clear();
        waiting.forEach(one -> one.answer().accept(Outcome.UNKNOWN));
    }

    Durability durability() {
        return node.cluster.plan.durability();
    }

    LeaderEpoch roleEpoch() {
        return roleEpoch;
    }

    // The leader's side.

    void step(LeaderEvent event) throws IOException {
        var role = leader;
        if (role != null) {
            run(role.step(event));
        }
    }

    private void run(List<LeaderEffect> effects) throws IOException {
        for (var effect : effects) {
            switch (effect) {
                case LeaderEffect.SyncLog() -> requestSync();
                case LeaderEffect.AcknowledgeLocal(var end) -> {}
                case LeaderEffect.AnnounceHighWatermark(var end) -> announceAsLeader(end);
                case LeaderEffect.Answer(var to, var message) -> answer(to.value(), message);
                case LeaderEffect.StartSending(var to, var session, var from) ->
                    node.streams.startSending(to.value(), partition, session, from, log.logEndOffset());
                case LeaderEffect.StopSending(var to) -> node.streams.stopSending(to.value(), partition);
                case LeaderEffect.OfferMore(var end) -> node.streams.offerMore(partition, end);
                case LeaderEffect.ProposeIsr(var proposal) -> {
                    world().count(proposal.inSync().size() > inSyncNow() ? "in-sync set grows" : "in-sync set shrinks");
                    node.propose(this, proposal);
                }
            }
        }
    }

    private int inSyncNow() {
        return node.image().partition(partition).inSyncReplicas().size();
    }

    private void answer(int to, LeaderMessage message) {
        switch (message) {
            case LeaderMessage.Diverged diverged -> world().count("divergence answered");
            case LeaderMessage.StartOver startOver -> world().count("start over answered");
            case LeaderMessage.Refused refused ->
                world().count("follower refused: " + refused.reason().name());
            default -> {}
        }
        node.streams.send(to, partition, message);
    }

    private void announceAsLeader(Offset end) {
        world().note("watermark", node.number, partition, end.value());
        highWatermark = end;
        node.checkpoint(partition, end);
        oracle().leaderWatermark(this, end);
        var passed = new ArrayList<Pending>();
        pending.removeIf(one -> one.end() <= end.value() && passed.add(one));
        passed.forEach(this::acknowledge);
    }

    private void acknowledge(Pending pending) {
        pending.base()
                .ifPresentOrElse(
                        base -> oracle().acknowledged(this, pending.batch(), base),
                        () -> oracle().acknowledgedOld(this, pending.batch(), new Offset(pending.end())));
        pending.answer().accept(Outcome.APPENDED);
    }

    /// A batch from a client.
    void append(SimClients.Batch batch, Consumer<Outcome> answer) throws IOException {
        var role = leader;
        if (role == null || (batch.acksAll() && !role.hasEnoughInSync())) {
            if (role != null) {
                world().count("refused for want of in-sync replicas");
            }
            answer.accept(Outcome.NOT_APPENDED);
            return;
        }
        switch (node.cluster.switches.judge(log, batch.bytes())) {
            case ProducerVerdict.Duplicate(var base, var last, var timestampMillis) -> {
                world().count("duplicate answered");
                await(new Pending(last.value() + 1, batch, Optional.of(base), answer), true);
            }
            case ProducerVerdict.OldDuplicate(var before) -> {
                world().count("old duplicate answered");
                await(new Pending(before.value(), batch, Optional.empty(), answer), true);
            }
            case ProducerVerdict.Accepted accepted -> {
                var base = log.logEndOffset();
                log.append(List.of(batch.bytes()), roleEpoch, node.wallMillis());
                world().note("append", node.number, partition, base.value());
                await(new Pending(base.value() + batch.records(), batch, Optional.of(base), answer), false);
                step(new LeaderEvent.Appended());
            }
            case ProducerVerdict.UnknownProducer unknown -> {
                world().count("producer unknown");
                answer.accept(Outcome.FORGOTTEN);
            }
            case ProducerVerdict.OutOfOrder outOfOrder -> {
                world().count("producer out of order");
                answer.accept(Outcome.NOT_APPENDED);
            }
            case ProducerVerdict.Fenced fenced -> throw new AssertionError("nobody has another epoch: " + fenced);
            case ProducerVerdict.OutsideTransaction outside ->
                throw new AssertionError("nobody has a transaction: " + outside);
        }
    }

    private void await(Pending appended, boolean repeated) {
        if (!appended.batch().acksAll()) {
            appended.answer().accept(Outcome.APPENDED);
        } else if (node.cluster.switches.isSafe(repeated, appended.end() <= highWatermark.value())) {
            acknowledge(appended);
        } else {
            pending.add(appended);
        }
    }

    /// Reads for a follower; empty if the log no longer has that offset.
    Optional<ByteBuffer> read(Offset from, int bytesMax) throws IOException {
        // A log that begins within a batch is sent from the beginning of that batch.
        var at = from.isBefore(outline.start()) && from.equals(outline.batchAt(outline.start()))
                ? outline.start()
                : from;
        return switch (log.read(at, bytesMax, log.logEndOffset())) {
            case ReadResult.OutOfRange outOfRange -> Optional.empty();
            case ReadResult.Slice(var slice) -> {
                try (slice) {
                    var bytes = ByteBuffer.allocate(slice.length());
                    slice.copyTo(bytes);
                    yield Optional.of(bytes.flip());
                }
            }
        };
    }

    /// Deletes the records before an offset, or all below the high watermark, as a user asks for.
    void deleteRecords(Optional<Offset> before) throws IOException {
        var role = leader;
        if (role == null) {
            return;
        }
        switch (role.judgeDeletion(before)) {
            case DeletionVerdict.Delete(var start) -> {
                log.deleteRecordsBefore(start);
                world().count("records deleted");
                oracle().deleted(partition, start.value());
                step(new LeaderEvent.LogStartMoved());
            }
            case DeletionVerdict.AlreadyGone gone -> {}
            case DeletionVerdict.EndUnknown unknown -> world().count("deletion refused by a new leader");
            case DeletionVerdict.BeyondHighWatermark beyond -> oracle().deletionRefused(this, before, beyond);
        }
    }

    // The follower's side.

    void run(@Nullable FollowerPartition role, FollowerEvent event) throws IOException {
        if (role == null || !role.equals(follower)) {
            return;
        }
        for (var effect : role.step(event)) {
            switch (effect) {
                case FollowerEffect.Send(var message) -> node.streams.send(followedNode, partition, message);
                case FollowerEffect.CutLog(var end) -> {
                    if (log.logEndOffset().isAfter(end)) {
                        world().count(hasCut ? "records truncated once more for the same leader" : "records truncated");
                        hasCut = true;
                    }
                    world().note("cut", node.number, partition, end.value());
                    world().say(() ->
                            this + " cuts " + log.logEndOffset() + " to " + end + ", watermark " + highWatermark);
                    log.truncateTo(end);
                    onCut(role);
                }
                case FollowerEffect.StartLogAt(var start) -> {
                    world().count("full truncation");
                    world().say(() -> this + " starts over at " + start);
                    log.truncateFullyAndStartAt(start);
                    onCut(role);
                }
                case FollowerEffect.Append(var batches) -> appendAsFollower(role, batches);
                case FollowerEffect.SyncLog() -> requestSync();
                case FollowerEffect.AnnounceHighWatermark(var end) -> {
                    highWatermark = end;
                    node.checkpoint(partition, end);
                    oracle().followerWatermark(this, end);
                }
                case FollowerEffect.DeleteRecordsBefore(var start) -> log.deleteRecordsBefore(start);
            }
        }
    }

    private void onCut(FollowerPartition role) throws IOException {
        node.noteCut(partition, log.logEndOffset());
        oracle().cut(this);
        run(role, new FollowerEvent.LogCut());
    }

    private void appendAsFollower(FollowerPartition role, ByteBuffer batches) throws IOException {
        try {
            log.appendAsFollower(batches);
            world().note("follow", node.number, partition, log.logEndOffset().value());
            run(role, new FollowerEvent.Appended());
        } catch (MalformedBatchException e) {
            world().count("batches rejected");
            world().say(() -> this + " rejects: " + e.getMessage());
            run(role, new FollowerEvent.BatchesRejected());
        }
    }

    boolean isFollowing() {
        return follower != null && follower.isFollowing();
    }

    int followedNode() {
        return follower == null ? 0 : followedNode;
    }

    // Both.

    void tick() throws IOException {
        step(new LeaderEvent.Tick(node.localMillis()));
        run(follower, new FollowerEvent.Tick(node.localMillis()));
    }

    private void requestSync() {
        if (syncing) {
            syncAgain = true;
            return;
        }
        syncing = true;
        node.after(node.syncMicros(), () -> {
            syncing = false;
            if (node.replicas.get(partition) != this) { // It was dropped meanwhile.
                return;
            }
            log.sync();
            if (syncAgain) {
                syncAgain = false;
                requestSync();
            }
            step(new LeaderEvent.Synced());
            run(follower, new FollowerEvent.Synced());
        });
    }

    @Override
    public String toString() {
        return "n" + node.number + "/p" + partition;
    }
}
