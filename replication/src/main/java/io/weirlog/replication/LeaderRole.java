package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SystemLimitException;
import io.weirlog.replication.PendingAppends.Pending;
import io.weirlog.replication.core.DeletionVerdict;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.LeaderEffect;
import io.weirlog.replication.core.LeaderEvent;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.LeaderPartition;
import io.weirlog.replication.core.LogOutline;
import io.weirlog.replication.link.FollowerStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This broker leads the partition: takes appends, feeds those who follow, and answers writers as far as the log
/// counts.
final class LeaderRole implements PartitionRole {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderRole.class);
    private static final int PENDING_APPENDS_MAX = 100_000;
    private static final int WRITTEN_MAX = 1_000;
    private static final String OPEN_FILES = "open files, which whoever runs it has to raise (LimitNOFILE, ulimit -n)";

    private final PartitionHost host;
    private final HostServices services;
    private final PartitionLog log;
    private final LeaderPartition leader;
    private final Durability durability;
    private final PendingAppends awaitingLocal = new PendingAppends(PENDING_APPENDS_MAX);
    private final PendingAppends awaitingHighWatermark = new PendingAppends(PENDING_APPENDS_MAX);
    private final Map<BrokerId, FollowerStream> streams = new HashMap<>();
    private PartitionAssignment assignment;
    private Offset logStart;
    /// Writes that the watermark has not passed; not all of them if there are very many.
    private final ArrayDeque<Written> written = new ArrayDeque<>();

    private record Written(Offset end, long nanos) {}

    /// @param openLog in which the epoch has been begun, durably (R4)
    LeaderRole(PartitionHost host, PartitionAssignment assignment, PartitionLog openLog, Offset knownHighWatermark) {
        this.host = host;
        this.services = host.services();
        this.assignment = assignment;
        this.log = openLog;
        this.logStart = openLog.logStartOffset();
        this.durability = assignment.logConfig().durability();
        var terms = new LeaderPartition.Terms(
                services.self(), durability, services.lagMax().toMillis());
        this.leader = new LeaderPartition(
                terms, assignment.metadata(), LogOutline.of(openLog), knownHighWatermark, services.nowMillis());
    }

    /// The first thing that a new leader does.
    void start() {
        run(leader.start());
    }

    LeaderEpoch epoch() {
        return leader.epoch();
    }

    @Override
    public Offset highWatermark() {
        return leader.highWatermark();
    }

    // Appends.

    /// Refuses what is too late, unexpected or too much, and writes the rest in this order, at once.
    void append(List<AppendCommand> collected) {
        var admitted = admit(collected);
        if (!admitted.accepted().isEmpty() && !write(admitted.accepted())) {
            admitted.repeated().forEach(repeated -> {
                repeated.command().batch().close();
                repeated.command().complete(failedWrite("the log failed"));
            });
            return;
        }
        admitted.repeated().forEach(this::answerRepeated);
    }

    private Admitted admit(List<AppendCommand> collected) {
        var admitted = new Admitted(collected.size());
        var admission = log.admission();
        var nowNanos = services.clock().nanoTime();
        var full = awaitingLocal.isFull() || awaitingHighWatermark.isFull();
        for (var command : collected) {
            admitted.admit(command, admission, obstacle(command, nowNanos, full));
        }
        return admitted;
    }

    private Optional<AppendRefusal> obstacle(AppendCommand command, long nowNanos, boolean full) {
        if (command.deadlineNanos() - nowNanos <= 0) {
            return Optional.of(new AppendRefusal.TimedOut());
        }
        if (command.epoch().isPresent() && !command.epoch().get().equals(leader.epoch())) {
            return Optional.of(new AppendRefusal.NotLeader(Optional.of(services.self()), leader.epoch()));
        }
        if (full) {
            return Optional.of(new AppendRefusal.Overloaded("appends waiting for an acknowledgement"));
        }
        var metadata = assignment.metadata();
        return command.acks() == Acks.ALL && !leader.hasEnoughInSync()
                ? Optional.of(
                        new AppendRefusal.NotEnoughReplicas(metadata.inSync().size(), metadata.inSyncMin()))
                : Optional.empty();
    }

    /// Answers as the first one was or will be: once that is as safe as the acks ask for. It was appended, so that it
    /// cannot be said not to be there, however little time or room is left to wait.
    private void answerRepeated(Admitted.Repeated repeated) {
        var command = repeated.command();
        if (repeated.end().isAfter(log.logEndOffset())) {
            command.refuse(new AppendRefusal.Overloaded(OPEN_FILES)); // As its first coming in this turn.
            return;
        }
        command.batch().close();
        var first = repeated.first()
                .map(place -> new AppendResult.First(
                        place.baseOffset(),
                        log.epochAt(place.baseOffset()).orElse(leader.epoch()),
                        place.timestampMillis()));
        if (awaitingLocal.isFull() || awaitingHighWatermark.isFull()) {
            command.complete(new AppendResult.Unknown(
                    AppendResult.UnknownCause.TIMED_OUT,
                    "it was appended before, but too many appends wait for an acknowledgement to wait for this one"));
            return;
        }
        await(command, repeated.end(), new AppendResult.Repeated(first, command.recordCount(), 0, durability));
        awaitingLocal.completeUpTo(leader.localEnd(), 1);
        awaitingHighWatermark.completeUpTo(leader.highWatermark(), leader.inSyncCount());
    }

    /// False if that failed: then the partition has stopped.
    private boolean write(List<AppendCommand> accepted) {
        var wallMillis = services.clock().wallMillis();
        var begunNanos = services.clock().nanoTime();
        List<ByteBuffer> batches = new ArrayList<>(accepted.size());
        accepted.forEach(command -> batches.add(command.batch().buffer()));
        var base = log.logEndOffset();
        try {
            log.append(batches, leader.epoch(), wallMillis);
        } catch (SystemLimitException e) {
            host.roles().warnOf(e);
            written(accepted, base, wallMillis, begunNanos);
            return true;
        } catch (IOException e) {
            // Part of it may have reached the disk, and recovery keeps whole batches.
            accepted.forEach(command -> {
                command.batch().close();
                command.complete(failedWrite("writing failed: " + e.getMessage()));
            });
            host.outages().storageFailed(e);
            return false;
        }
        written(accepted, base, wallMillis, begunNanos);
        return true;
    }

    /// Lets those wait that are in the log, and turns the others away, for which no file could be opened.
    private void written(List<AppendCommand> accepted, Offset from, long wallMillis, long begunNanos) {
        var base = from;
        var logEnd = log.logEndOffset();
        var writtenNanos = services.clock().nanoTime();
        for (var command : accepted) {
            command.batch().close();
            if (base.equals(logEnd)) {
                command.refuse(new AppendRefusal.Overloaded(OPEN_FILES));
                continue;
            }
            var end = base.plus(command.recordCount());
            command.written(begunNanos, writtenNanos);
            await(
                    command,
                    end,
                    new AppendResult.Appended(base, command.recordCount(), leader.epoch(), wallMillis, 0, durability));
            base = end;
        }
        Invariant.check(base.equals(logEnd), "%s: appended to %s, ends at %s", host.name(), base, logEnd);
        if (base.equals(from)) {
            return;
        }
        if (written.size() < WRITTEN_MAX) {
            written.add(new Written(base, begunNanos));
        }
        step(new LeaderEvent.Appended());
        host.flushIfDue();
    }

    private static AppendResult.Unknown failedWrite(String message) {
        return new AppendResult.Unknown(AppendResult.UnknownCause.STORAGE_FAILED, message);
    }

    private void await(AppendCommand command, Offset end, AppendResult.InLog written) {
        switch (command.acks()) {
            case NONE -> command.complete(written);
            case LEADER -> awaitingLocal.add(new Pending(command, end, written));
            case ALL -> awaitingHighWatermark.add(new Pending(command, end, written));
        }
    }

    boolean hasWaiters() {
        return !awaitingLocal.isEmpty() || !awaitingHighWatermark.isEmpty();
    }

    void expire(long nowNanos) {
        awaitingLocal.expire(nowNanos);
        awaitingHighWatermark.expire(nowNanos);
    }

    // News.

    @Override
    public void synced() {
        step(new LeaderEvent.Synced());
    }

    @Override
    public void tick(long nowMillis) {
        step(new LeaderEvent.Tick(nowMillis));
        host.published().lags(leader.lags());
    }

    @Override
    public void changed(PartitionAssignment changed) {
        var before = assignment;
        assignment = changed;
        streams.forEach((follower, stream) -> {
            if (before.isOnlyAdded(follower) != changed.isOnlyAdded(follower)) {
                stream.throttle(changed.id(), changed.isOnlyAdded(follower));
            }
        });
        services.stats().inSyncChanged(before.metadata(), changed.metadata());
        step(new LeaderEvent.MetadataChanged(changed.metadata()));
    }

    void said(FollowerStream stream, FollowerMessage message) {
        var follower = stream.follower();
        switch (message) {
            case FollowerMessage.Open open -> {
                streams.put(follower, stream);
                step(new LeaderEvent.FollowerOpened(follower, open));
            }
            case FollowerMessage.Ack ack when isCurrent(stream) -> step(new LeaderEvent.FollowerAcked(follower, ack));
            case FollowerMessage.Close close
            when isCurrent(stream) -> step(new LeaderEvent.FollowerClosed(follower, close));
            case FollowerMessage.Ack stale -> {}
            case FollowerMessage.Close stale -> {}
        }
    }

    void gone(FollowerStream stream) {
        if (streams.remove(stream.follower(), stream)) {
            step(new LeaderEvent.FollowerGone(stream.follower()));
        }
    }

    private boolean isCurrent(FollowerStream stream) {
        return stream.equals(streams.get(stream.follower()));
    }

    /// The log may begin later than before: followers are told.
    void logStartMayHaveMoved() {
        if (!log.logStartOffset().equals(logStart)) {
            logStart = log.logStartOffset();
            step(new LeaderEvent.LogStartMoved());
        }
    }

    /// Deletes the records before an offset, or all below the high watermark. On return that is durable, and the
    /// followers are about to hear of it.
    DeletionResult deleteRecords(Optional<Offset> before) throws IOException {
        if (!log.config().deleting()) {
            return new DeletionResult.OnlyCompacted();
        }
        return switch (leader.judgeDeletion(before)) {
            case DeletionVerdict.Delete(var start) -> {
                log.deleteRecordsBefore(start);
                LOG.info("{}: records before {} were deleted as asked for", host.name(), start);
                logStartMayHaveMoved();
                yield new DeletionResult.Begins(start);
            }
            case DeletionVerdict.AlreadyGone(var start) -> new DeletionResult.Begins(start);
            case DeletionVerdict.BeyondHighWatermark(var start, var end) -> new DeletionResult.OutOfRange(start, end);
            case DeletionVerdict.EndUnknown() -> new DeletionResult.EndUnknown();
        };
    }

    // Effects.

    private void step(LeaderEvent event) {
        run(leader.step(event));
    }

    private void run(List<LeaderEffect> effects) {
        for (var effect : effects) {
            switch (effect) {
                case LeaderEffect.SyncLog() -> host.log().requestSync();
                case LeaderEffect.AcknowledgeLocal(var end) -> awaitingLocal.completeUpTo(end, 1);
                case LeaderEffect.AnnounceHighWatermark(var end) -> {
                    // Readers first: an acknowledged record is readable.
                    host.published().announce(end);
                    awaitingHighWatermark.completeUpTo(end, leader.inSyncCount());
                    host.published().wakeReaders(end);
                    passed(end);
                }
                case LeaderEffect.Answer(var follower, var message) -> {
                    count(message);
                    stream(follower).ifPresent(stream -> stream.answer(assignment.id(), message));
                }
                case LeaderEffect.StartSending(var follower, var session, var from) ->
                    stream(follower)
                            .ifPresent(stream -> stream.startSending(
                                    assignment.id(),
                                    session,
                                    from,
                                    log.logEndOffset(),
                                    assignment.isOnlyAdded(follower)));
                case LeaderEffect.StopSending(var follower) ->
                    stream(follower).ifPresent(stream -> stream.stopSending(assignment.id()));
                case LeaderEffect.OfferMore(var end) ->
                    streams.values().forEach(stream -> stream.offer(assignment.id(), end));
                case LeaderEffect.ProposeIsr(var proposal) -> propose(proposal);
            }
        }
    }

    private void count(LeaderMessage message) {
        if (message instanceof LeaderMessage.Refused refused) {
            switch (refused.reason()) {
                case PROTOCOL_VIOLATION -> services.stats().refuse(BadInput.ACKNOWLEDGEMENT);
                case STALE_BROKER_EPOCH, NOT_A_REPLICA -> services.stats().refuse(BadInput.OPENING);
                // These happen to everybody while metadata travel.
                case NOT_LEADER, STALE_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, OUT_OF_RANGE -> {}
            }
        }
    }

    private void passed(Offset watermark) {
        var nowNanos = services.clock().nanoTime();
        for (var next = written.peek(); next != null && !next.end().isAfter(watermark); next = written.peek()) {
            services.stats().watermarkPassed(nowNanos - next.nanos());
            written.remove();
        }
    }

    private Optional<FollowerStream> stream(BrokerId follower) {
        return Optional.ofNullable(streams.get(follower));
    }

    private void propose(IsrProposal proposal) {
        host.roles().propose(this, proposal, outcome -> {
            switch (outcome) {
                case IsrController.Outcome.Altered(var epoch, var partitionEpoch)
                when epoch.equals(leader.epoch()) ->
                    step(new LeaderEvent.IsrAltered(proposal.number(), partitionEpoch));
                // It was granted and somebody else leads by now: the metadata are about to say so.
                case IsrController.Outcome.Altered elsewhere ->
                    step(new LeaderEvent.IsrRefused(proposal.number(), true));
                case IsrController.Outcome.Refused(var overtaken) ->
                    step(new LeaderEvent.IsrRefused(proposal.number(), overtaken));
                case IsrController.Outcome.Unknown() -> step(new LeaderEvent.IsrUnknown(proposal.number()));
            }
        });
    }

    @Override
    public void end(AppendResult.UnknownCause cause, String message) {
        streams.values().forEach(stream -> stream.stopSending(assignment.id()));
        awaitingLocal.drain(pending -> new AppendResult.Unknown(cause, message));
        awaitingHighWatermark.drain(pending -> new AppendResult.Unknown(cause, message));
    }
}
