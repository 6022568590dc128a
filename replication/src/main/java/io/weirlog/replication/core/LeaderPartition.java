package io.weirlog.replication.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.replication.core.IsrProposal.Member;
import io.weirlog.replication.core.PartitionMetadata.Standing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The leader of one partition in one epoch: decides how far the log counts, who follows from where, and who is in
/// sync.
///
/// ```
/// event            condition                          effects
/// Appended         page-cache                         AcknowledgeLocal, watermark, OfferMore
///                  fsync                              SyncLog, OfferMore
/// Synced           fsync, it is news                  AcknowledgeLocal, watermark
/// LogStartMoved                                       tell all followers
/// FollowerOpened   same epoch, a replica, not stale   Answer: Accepted and StartSending, or Diverged, or StartOver
///                  anything else                      Answer: Refused
/// FollowerAcked    session and end are right          watermark, ProposeIsr to take it in
///                  beyond the log, or backwards       Answer: Refused, StopSending
/// FollowerClosed, FollowerGone                        StopSending
/// OutOfRange                                          Answer: Refused, StopSending
/// Tick                                                ProposeIsr without laggards; a lost one again
/// MetadataChanged  a later partition epoch            watermark, ProposeIsr
/// IsrAltered, IsrRefused, IsrUnknown                  watermark, ProposeIsr; see InSyncSet
///
/// watermark = AnnounceHighWatermark and Answer: Moved to all who follow, if it rose
/// ```
///
/// The watermark is the least safe end over the maximal in-sync set: all that are in it or may be (R7). It waits while
/// the committed set is smaller than `min.insync.replicas`. It starts where the replica knew it to be, and only
/// acknowledgements in this epoch raise it.
public class LeaderPartition {
    /// What stays the same while a leader leads.
    ///
    /// @param lagMillisMax `replica.lag.time.max.ms`: who was not caught up for longer leaves the in-sync set
    public record Terms(BrokerId self, Durability durability, long lagMillisMax) {}

    private final Terms terms;
    private final LogOutline log;
    /// Where the records of this epoch begin.
    private final Offset epochStart;

    private final Map<BrokerId, ReplicaProgress> followers = new TreeMap<>();
    private final InSyncSet inSync;
    private Offset highWatermark;
    private Offset localEnd;
    private long nowMillis;

    /// Takes over a log in which the epoch has been begun, durably (R4).
    ///
    /// @param knownHighWatermark what the replica knew as a follower, or from its checkpoint
    public LeaderPartition(
            Terms terms, PartitionMetadata metadata, LogOutline log, Offset knownHighWatermark, long nowMillis) {
        this(terms, new InSyncSet(metadata), log, knownHighWatermark, nowMillis);
    }

    LeaderPartition(Terms terms, InSyncSet inSync, LogOutline log, Offset knownHighWatermark, long nowMillis) {
        var metadata = inSync.metadata();
        Invariant.check(
                log.latestEpoch().equals(Optional.of(metadata.leaderEpoch())),
                "R4: leads in epoch %s, the log is in %s",
                metadata.leaderEpoch(),
                log.latestEpoch());
        this.terms = terms;
        this.inSync = inSync;
        this.log = log;
        this.epochStart = log.end();
        this.nowMillis = nowMillis;
        this.localEnd = safeEnd();
        this.highWatermark = startingWatermark(knownHighWatermark);
        metadata.replicas().stream()
                .filter(replica -> !replica.equals(terms.self()))
                .forEach(replica -> followers.put(replica, new ReplicaProgress(epochStart, nowMillis)));
    }

    /// KAFKA-9491: a watermark before the log's start would be one of records that nobody has.
    private Offset startingWatermark(Offset known) {
        var atMost = known.isAfter(log.end()) ? log.end() : known;
        return atMost.isBefore(log.start()) ? log.start() : atMost;
    }

    public LeaderEpoch epoch() {
        return inSync.metadata().leaderEpoch();
    }

    public Offset highWatermark() {
        return highWatermark;
    }

    /// Up to here the leader's own log is as safe as promised.
    public Offset localEnd() {
        return localEnd;
    }

    /// The replicas that hold everything below the high watermark.
    public int inSyncCount() {
        return inSync.maximal().size();
    }

    /// Whether an append that waits for all in-sync replicas can be taken: with fewer it would only wait.
    public boolean hasEnoughInSync() {
        return !inSync.isBelowMinimum();
    }

    /// Whether the records before an offset may be deleted.
    ///
    /// @param before empty: all that readers can see
    public DeletionVerdict judgeDeletion(Optional<Offset> before) {
        var start = before.orElse(highWatermark);
        if (before.isPresent() && !start.isAfter(log.start())) {
            return new DeletionVerdict.AlreadyGone(log.start());
        }
        boolean knowsItsEnd = !highWatermark.isBefore(epochStart);
        if (!knowsItsEnd && (before.isEmpty() || start.isAfter(highWatermark))) {
            return new DeletionVerdict.EndUnknown();
        }
        if (start.isAfter(highWatermark)) {
            return new DeletionVerdict.BeyondHighWatermark(log.start(), highWatermark);
        }
        return start.isAfter(log.start())
                ? new DeletionVerdict.Delete(start)
                : new DeletionVerdict.AlreadyGone(log.start());
    }

    /// Whether a change of the in-sync set is under way.
    public boolean hasPendingIsr() {
        return !inSync.isSettled();
    }

    /// How far each follower is behind, as of the last tick.
    public Map<BrokerId, ReplicaLag> lags() {
        var lags = new HashMap<BrokerId, ReplicaLag>();
        followers.forEach((follower, progress) -> {
            long acknowledged = progress.acknowledgedEnd().orElse(log.start()).value();
            lags.put(
                    follower,
                    new ReplicaLag(
                            Math.max(0, log.end().value() - acknowledged), Math.max(0, progress.lagMillis(nowMillis))));
        });
        return lags;
    }

    /// What a new leader does first.
    public List<LeaderEffect> start() {
        var effects = new ArrayList<LeaderEffect>();
        if (localEnd.isBefore(log.end())) {
            effects.add(new LeaderEffect.SyncLog());
        }
        advance(effects);
        return effects;
    }

    public List<LeaderEffect> step(LeaderEvent event) {
        var effects = new ArrayList<LeaderEffect>();
        switch (event) { // No default: a new event must not compile until it is handled.
            case LeaderEvent.Appended() -> onAppended(effects);
            case LeaderEvent.Synced() -> onSafe(effects);
            case LeaderEvent.LogStartMoved() -> onLogStartMoved(effects);
            case LeaderEvent.FollowerOpened(var follower, var open) -> onOpened(follower, open, effects);
            case LeaderEvent.FollowerAcked(var follower, var ack) -> onAcked(follower, ack, effects);
            case LeaderEvent.FollowerClosed(var follower, var close) -> onClosed(follower, close, effects);
            case LeaderEvent.FollowerGone(var follower) -> stopSending(follower, effects);
            case LeaderEvent.OutOfRange(var follower, var session) -> onOutOfRange(follower, session, effects);
            case LeaderEvent.Tick(var now) -> onTick(now, effects);
            case LeaderEvent.MetadataChanged(var changed) -> onMetadata(changed, effects);
            case LeaderEvent.IsrAltered(var number, var partitionEpoch) -> {
                inSync.altered(number, partitionEpoch);
                afterChange(effects);
            }
            case LeaderEvent.IsrRefused(var number, var overtaken) -> {
                inSync.refused(number, overtaken);
                afterChange(effects);
            }
            case LeaderEvent.IsrUnknown(var number) -> inSync.unknown(number);
        }
        return effects;
    }

    // The log.

    private void onAppended(List<LeaderEffect> effects) {
        if (terms.durability() == Durability.FSYNC) {
            effects.add(new LeaderEffect.SyncLog());
        } else {
            onSafe(effects);
        }
        effects.add(new LeaderEffect.OfferMore(log.end()));
    }

    private Offset safeEnd() {
        return switch (terms.durability()) {
            case FSYNC -> log.syncedEnd().isAfter(log.end()) ? log.end() : log.syncedEnd();
            case PAGE_CACHE -> log.end();
        };
    }

    private void onSafe(List<LeaderEffect> effects) {
        var end = safeEnd();
        if (end.isAfter(localEnd)) {
            localEnd = end;
            effects.add(new LeaderEffect.AcknowledgeLocal(end));
            advance(effects);
        }
    }

    private void onLogStartMoved(List<LeaderEffect> effects) {
        Invariant.check(
                !log.start().isAfter(highWatermark), "T1: the log starts at %s beyond %s", log.start(), highWatermark);
        tellFollowers(effects);
    }

    // Followers.

    private void onOpened(BrokerId follower, FollowerMessage.Open open, List<LeaderEffect> effects) {
        var refusal = refusal(follower, open);
        if (refusal.isPresent()) {
            refuse(follower, open.session(), refusal.get(), effects);
            return;
        }
        var progress = followers.computeIfAbsent(follower, added -> new ReplicaProgress(log.end(), nowMillis));
        var check = compare(open);
        reopened(progress, open, check instanceof DivergenceCheck.Prefix);
        effects.add(new LeaderEffect.StopSending(follower));
        var session = open.session();
        switch (check) {
            case DivergenceCheck.Prefix() -> {
                effects.add(new LeaderEffect.Answer(follower, new LeaderMessage.Accepted(session, progress())));
                effects.add(new LeaderEffect.StartSending(follower, session, open.logEnd()));
            }
            case DivergenceCheck.Diverged(var epoch, var end) ->
                effects.add(new LeaderEffect.Answer(follower, new LeaderMessage.Diverged(session, epoch, end)));
            case DivergenceCheck.StartOver(var start) ->
                effects.add(new LeaderEffect.Answer(follower, new LeaderMessage.StartOver(session, start)));
        }
    }

    void reopened(ReplicaProgress progress, FollowerMessage.Open open, boolean accepted) {
        progress.opened(open, accepted);
    }

    private Optional<LeaderMessage.Reason> refusal(BrokerId follower, FollowerMessage.Open open) {
        var metadata = inSync.metadata();
        var registered = registeredEpoch(follower);
        if (!metadata.replicas().contains(follower) || follower.equals(terms.self())) {
            return Optional.of(LeaderMessage.Reason.NOT_A_REPLICA);
        }
        if (!open.leaderEpoch().equals(epoch())) {
            return Optional.of(
                    open.leaderEpoch().isAfter(epoch())
                            ? LeaderMessage.Reason.UNKNOWN_LEADER_EPOCH
                            : LeaderMessage.Reason.STALE_LEADER_EPOCH);
        }
        var progress = followers.get(follower);
        boolean isFormerLife = registered.isPresent() && open.brokerEpoch().compareTo(registered.get()) < 0;
        boolean isOvertaken = progress != null && !progress.mayOpen(open);
        return isFormerLife || isOvertaken ? Optional.of(LeaderMessage.Reason.STALE_BROKER_EPOCH) : Optional.empty();
    }

    DivergenceCheck compare(FollowerMessage.Open open) {
        return DivergenceCheck.of(log, open.lastEpoch(), open.logEnd());
    }

    private void refuse(
            BrokerId follower, StreamSession session, LeaderMessage.Reason reason, List<LeaderEffect> effects) {
        var message = "partition epoch %s of leader %s in epoch %s"
                .formatted(inSync.metadata().partitionEpoch(), terms.self(), epoch());
        effects.add(new LeaderEffect.Answer(follower, new LeaderMessage.Refused(session, reason, message)));
    }

    private void onAcked(BrokerId follower, FollowerMessage.Ack ack, List<LeaderEffect> effects) {
        var progress = followers.get(follower);
        if (progress == null || !progress.followingSession().equals(Optional.of(ack.session()))) {
            return; // Of a session that has ended.
        }
        var before = progress.acknowledgedEnd();
        if (ack.end().isAfter(log.end()) || before.filter(ack.end()::isBefore).isPresent()) {
            refuse(follower, ack.session(), LeaderMessage.Reason.PROTOCOL_VIOLATION, effects);
            stopSending(follower, effects);
            return;
        }
        progress.acknowledged(ack.end(), log.end(), nowMillis);
        if (inSync.maximal().contains(follower)) {
            advance(effects);
        } else {
            proposeIfNeeded(effects);
        }
    }

    private void onClosed(BrokerId follower, FollowerMessage.Close close, List<LeaderEffect> effects) {
        var progress = followers.get(follower);
        if (progress != null && progress.isCurrent(close.session())) {
            stopSending(follower, effects);
        }
    }

    private void onOutOfRange(BrokerId follower, StreamSession session, List<LeaderEffect> effects) {
        var progress = followers.get(follower);
        if (progress != null && progress.followingSession().equals(Optional.of(session))) {
            stopSending(follower, effects);
            refuse(follower, session, LeaderMessage.Reason.OUT_OF_RANGE, effects);
        }
    }

    private void stopSending(BrokerId follower, List<LeaderEffect> effects) {
        var progress = followers.get(follower);
        if (progress != null && progress.followingSession().isPresent()) {
            progress.closed();
            effects.add(new LeaderEffect.StopSending(follower));
        }
    }

    private LeaderMessage.Progress progress() {
        return new LeaderMessage.Progress(highWatermark, log.start());
    }

    private void tellFollowers(List<LeaderEffect> effects) {
        followers.forEach((follower, progress) -> progress.followingSession()
                .ifPresent(session ->
                        effects.add(new LeaderEffect.Answer(follower, new LeaderMessage.Moved(session, progress())))));
    }

    // The watermark.

    private void advance(List<LeaderEffect> effects) {
        if (isFrozen()) {
            return;
        }
        var candidate = localEnd;
        for (var replica : inSync.maximal()) {
            if (!replica.equals(terms.self())) {
                var end = acknowledgedEnd(replica);
                if (end.isEmpty()) {
                    return; // It has acknowledged nothing in this epoch.
                }
                candidate = end.get().isBefore(candidate) ? end.get() : candidate;
            }
        }
        // A new leader has not heard from everyone: the minimum may lag, the watermark must not.
        if (candidate.isAfter(highWatermark)) {
            highWatermark = candidate;
            Invariant.check(!highWatermark.isAfter(log.end()), "R7: %s is past %s", highWatermark, log.end());
            effects.add(new LeaderEffect.AnnounceHighWatermark(highWatermark));
            tellFollowers(effects);
        }
    }

    Optional<Offset> acknowledgedEnd(BrokerId replica) {
        var progress = followers.get(replica);
        return progress == null ? Optional.empty() : progress.acknowledgedEnd();
    }

    /// KIP-966: with fewer replicas than promised nothing more is acknowledged.
    boolean isFrozen() {
        return inSync.isBelowMinimum();
    }

    // The in-sync set.

    private void onTick(long now, List<LeaderEffect> effects) {
        Invariant.check(now >= nowMillis, "time goes back from %s to %s", nowMillis, now);
        nowMillis = now;
        followers.values().forEach(progress -> progress.tick(log.end(), now));
        inSync.repeat().ifPresent(proposal -> effects.add(new LeaderEffect.ProposeIsr(proposal)));
        proposeIfNeeded(effects);
    }

    private void onMetadata(PartitionMetadata changed, List<LeaderEffect> effects) {
        if (inSync.adopt(changed)) {
            afterChange(effects);
        }
    }

    private void afterChange(List<LeaderEffect> effects) {
        advance(effects);
        proposeIfNeeded(effects);
    }

    private void proposeIfNeeded(List<LeaderEffect> effects) {
        var wanted = new ArrayList<Member>();
        for (var replica : inSync.metadata().replicas()) {
            member(replica).ifPresent(wanted::add);
        }
        inSync.propose(wanted).ifPresent(proposal -> effects.add(new LeaderEffect.ProposeIsr(proposal)));
    }

    /// The replica as a member of the set that this leader wants; empty if it is not to be one.
    private Optional<Member> member(BrokerId replica) {
        var progress = followers.get(replica);
        if (inSync.metadata().inSync().contains(replica)) {
            boolean stays = progress == null || progress.lagMillis(nowMillis) <= terms.lagMillisMax();
            return stays ? registeredEpoch(replica).map(epoch -> new Member(replica, epoch)) : Optional.empty();
        }
        return progress != null && mayJoin(replica, progress)
                ? joiningEpoch(replica, progress).map(epoch -> new Member(replica, epoch))
                : Optional.empty();
    }

    /// R8.
    boolean mayJoin(BrokerId replica, ReplicaProgress progress) {
        return isEligible(replica, progress) && hasCaughtUp(progress);
    }

    /// The life that acknowledges must be the one that is registered, and in service (KIP-903).
    boolean isEligible(BrokerId replica, ReplicaProgress progress) {
        return progress.followingSession().isPresent()
                && isInService(replica)
                && registeredEpoch(replica).equals(progress.brokerEpoch());
    }

    boolean isInService(BrokerId replica) {
        return inSync.metadata().standing(replica).filter(Standing::mayJoin).isPresent();
    }

    /// The watermark alone would not do: a new leader's may be older than what was acknowledged before it
    /// (KAFKA-7128).
    boolean hasCaughtUp(ReplicaProgress progress) {
        return progress.acknowledgedEnd()
                .filter(end -> !end.isBefore(highWatermark) && !end.isBefore(epochStart))
                .isPresent();
    }

    Optional<BrokerEpoch> joiningEpoch(BrokerId replica, ReplicaProgress progress) {
        return progress.brokerEpoch();
    }

    Optional<BrokerEpoch> registeredEpoch(BrokerId replica) {
        return inSync.metadata().standing(replica).map(Standing::epoch);
    }
}
