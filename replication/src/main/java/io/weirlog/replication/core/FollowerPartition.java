package io.weirlog.replication.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.Durability;
import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A follower of one partition in one leader epoch: makes its log a prefix of the leader's, then keeps up with it.
///
/// ```
/// state         event                            effects                                     next
/// Disconnected  Connected                        Send: Open                                  Opening
/// Opening       Received: Accepted               watermark, Ack, SyncLog                     Following
///               Received: Diverged               CutLog                                      Cutting
///               Received: StartOver              StartLogAt                                  Cutting
///               Received: Refused                                                            Waiting
/// Cutting       LogCut                           Send: Open                                  Opening
/// Following     Received: Batches                Append                                      Following
///               Appended                         Ack (page-cache) or SyncLog (fsync), watermark
///               Synced                           Ack (fsync)
///               Received: Moved                  watermark, DeleteRecordsBefore
///               Received: Refused                                                            Waiting
///               bad batches, BatchesRejected     Send: Close                                 Waiting
/// Waiting       Tick, after a pause              Send: Open                                  Opening
/// any           Disconnected                                                                 Disconnected
/// any           Received: of another session     none
/// ```
///
/// The watermark is the leader's, as far as the own log goes. It is taken over only once divergence has been dealt with
/// (R6, KAFKA-14704): below it logs agree, and before that they need not.
///
/// Truncation goes by epochs, never by the watermark (R5): the follower cuts to where the leader's epoch ends, or its
/// own largest epoch that is not after it, whichever is less, and asks again.
public class FollowerPartition {
    /// What stays the same while a follower follows.
    ///
    /// @param retryMillis how long to wait after a refusal
    public record Terms(LeaderEpoch leaderEpoch, BrokerEpoch brokerEpoch, Durability durability, long retryMillis) {}

    private enum State {
        DISCONNECTED,
        OPENING,
        CUTTING,
        FOLLOWING,
        WAITING
    }

    private final Terms terms;
    private final LogOutline log;
    private State state = State.DISCONNECTED;
    private StreamSession session;
    private Offset highWatermark;
    private LeaderMessage.Progress leader;
    private Offset acknowledged;
    private long nowMillis;
    private long waitingSinceMillis;

    /// @param knownHighWatermark of the former role, or from the checkpoint
    /// @param lastSession of all that this broker has opened for the partition
    public FollowerPartition(
            Terms terms, LogOutline log, Offset knownHighWatermark, StreamSession lastSession, long nowMillis) {
        this.terms = terms;
        this.log = log;
        this.session = lastSession;
        this.nowMillis = nowMillis;
        var atMost = earlier(knownHighWatermark, log.end());
        this.highWatermark = atMost.isBefore(log.start()) ? log.start() : atMost;
        this.leader = new LeaderMessage.Progress(Offset.ZERO, Offset.ZERO);
        this.acknowledged = Offset.ZERO;
    }

    public LeaderEpoch epoch() {
        return terms.leaderEpoch();
    }

    public Offset highWatermark() {
        return highWatermark;
    }

    public StreamSession session() {
        return session;
    }

    public boolean isFollowing() {
        return state == State.FOLLOWING;
    }

    public List<FollowerEffect> step(FollowerEvent event) {
        var effects = new ArrayList<FollowerEffect>();
        switch (event) { // No default: a new event must not compile until it is handled.
            case FollowerEvent.Connected() -> open(effects);
            case FollowerEvent.Disconnected() -> state = State.DISCONNECTED;
            case FollowerEvent.Received(var message) when owns(message) -> onMessage(message, effects);
            case FollowerEvent.Received stale -> {}
            case FollowerEvent.LogCut() -> onCut(effects);
            case FollowerEvent.Appended() -> onAppended(effects);
            case FollowerEvent.BatchesRejected() -> giveUp(effects);
            case FollowerEvent.Synced() -> acknowledge(effects);
            case FollowerEvent.Tick(var now) -> onTick(now, effects);
        }
        return effects;
    }

    /// KAFKA-13207: what was meant for an earlier attempt must not touch the log.
    boolean owns(LeaderMessage message) {
        return message.session().equals(session) && state != State.DISCONNECTED;
    }

    private void onMessage(LeaderMessage message, List<FollowerEffect> effects) {
        switch (message) {
            case LeaderMessage.Accepted accepted when state == State.OPENING -> onAccepted(accepted, effects);
            case LeaderMessage.Diverged diverged when state == State.OPENING -> onDiverged(diverged, effects);
            case LeaderMessage.StartOver(var owned, var start)
            when state == State.OPENING -> {
                state = State.CUTTING;
                effects.add(new FollowerEffect.StartLogAt(start));
            }
            case LeaderMessage.Batches batches when state == State.FOLLOWING -> onBatches(batches, effects);
            case LeaderMessage.Moved(var owned, var progress)
            when mayAdopt() -> {
                leader = progress;
                adopt(effects);
            }
            case LeaderMessage.Refused refused -> pause();
            // In any other state the leader has no reason to say that: it is told that this attempt is over.
            case LeaderMessage.Accepted accepted -> giveUp(effects);
            case LeaderMessage.Diverged diverged -> giveUp(effects);
            case LeaderMessage.StartOver startOver -> giveUp(effects);
            case LeaderMessage.Batches batches -> giveUp(effects);
            case LeaderMessage.Moved moved -> {}
        }
    }

    private void open(List<FollowerEffect> effects) {
        state = State.OPENING;
        session = session.next();
        effects.add(new FollowerEffect.Send(new FollowerMessage.Open(
                session, terms.leaderEpoch(), terms.brokerEpoch(), log.latestEpoch(), log.end())));
    }

    private void onAccepted(LeaderMessage.Accepted accepted, List<FollowerEffect> effects) {
        state = State.FOLLOWING;
        leader = accepted.progress();
        var end = safeEnd();
        acknowledged = end;
        effects.add(new FollowerEffect.Send(new FollowerMessage.Ack(session, end)));
        if (end.isBefore(log.end())) {
            effects.add(new FollowerEffect.SyncLog());
        }
        adopt(effects);
    }

    private void onDiverged(LeaderMessage.Diverged diverged, List<FollowerEffect> effects) {
        var to = cutFor(diverged);
        Invariant.check(!to.isAfter(log.end()), "R5: cut to %s beyond %s", to, log.end());
        state = State.CUTTING;
        effects.add(new FollowerEffect.CutLog(to));
    }

    /// R5. If the own log lacks the epoch, the answer is that of a lower one, and the leader has to be asked about it.
    Offset cutFor(LeaderMessage.Diverged diverged) {
        return earlier(diverged.end(), log.endOfEpoch(diverged.epoch()).endOffset());
    }

    private void onCut(List<FollowerEffect> effects) {
        if (highWatermark.isAfter(log.end()) || highWatermark.isBefore(log.start())) {
            highWatermark = watermarkAfterCut();
            effects.add(new FollowerEffect.AnnounceHighWatermark(highWatermark));
        }
        if (state == State.CUTTING) {
            open(effects);
        }
    }

    /// KAFKA-9491: after a start over the log's start is the least that makes sense.
    Offset watermarkAfterCut() {
        return highWatermark.isBefore(log.start()) ? log.start() : earlier(highWatermark, log.end());
    }

    private void onBatches(LeaderMessage.Batches message, List<FollowerEffect> effects) {
        if (!continuesLog(message.batches())) {
            giveUp(effects);
            return;
        }
        leader = message.progress();
        effects.add(new FollowerEffect.Append(message.batches()));
    }

    /// The log checks the bytes; that no batch is of a later epoch than the leader's only its follower knows.
    private boolean continuesLog(ByteBuffer batches) {
        var rest = batches.duplicate();
        try {
            var expected = log.end().value();
            do {
                var batch = RecordBatch.parse(rest);
                if (batch.baseOffset() < expected
                        || batch.leaderEpoch() > terms.leaderEpoch().value()) {
                    return false;
                }
                expected = batch.nextOffset();
                rest.position(rest.position() + batch.sizeBytes());
            } while (rest.hasRemaining());
            return true;
        } catch (MalformedBatchException e) {
            return false;
        }
    }

    private void onAppended(List<FollowerEffect> effects) {
        if (terms.durability() == Durability.FSYNC) {
            effects.add(new FollowerEffect.SyncLog());
        }
        acknowledge(effects);
        if (state == State.FOLLOWING) {
            adopt(effects);
        }
    }

    Offset safeEnd() {
        return switch (terms.durability()) {
            case FSYNC -> earlier(log.syncedEnd(), log.end());
            case PAGE_CACHE -> log.end();
        };
    }

    private void acknowledge(List<FollowerEffect> effects) {
        var end = safeEnd();
        if (state == State.FOLLOWING && end.isAfter(acknowledged)) {
            acknowledged = end;
            effects.add(new FollowerEffect.Send(new FollowerMessage.Ack(session, end)));
        }
    }

    /// R6.
    boolean mayAdopt() {
        return state == State.FOLLOWING;
    }

    private void adopt(List<FollowerEffect> effects) {
        var known = earlier(leader.highWatermark(), log.end());
        if (known.isAfter(highWatermark)) {
            highWatermark = known;
            effects.add(new FollowerEffect.AnnounceHighWatermark(highWatermark));
        }
        var start = earlier(leader.logStart(), highWatermark);
        if (start.isAfter(log.start())) {
            effects.add(new FollowerEffect.DeleteRecordsBefore(start));
        }
    }

    private void giveUp(List<FollowerEffect> effects) {
        if (state != State.DISCONNECTED) {
            effects.add(new FollowerEffect.Send(new FollowerMessage.Close(session)));
            pause();
        }
    }

    private void pause() {
        state = State.WAITING;
        waitingSinceMillis = nowMillis;
    }

    private void onTick(long now, List<FollowerEffect> effects) {
        Invariant.check(now >= nowMillis, "time goes back from %s to %s", nowMillis, now);
        nowMillis = now;
        if (state == State.WAITING && now - waitingSinceMillis >= terms.retryMillis()) {
            open(effects);
        }
    }

    private static Offset earlier(Offset one, Offset other) {
        return one.isBefore(other) ? one : other;
    }
}
