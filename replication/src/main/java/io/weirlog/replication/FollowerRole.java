package io.weirlog.replication;

import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SystemLimitException;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.replication.core.FollowerEffect;
import io.weirlog.replication.core.FollowerEvent;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.FollowerPartition;
import io.weirlog.replication.core.LogOutline;
import io.weirlog.replication.core.StreamSession;
import io.weirlog.replication.link.FromLeader;
import io.weirlog.replication.link.LeaderLink;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Another broker leads the partition and this one keeps a copy.
final class FollowerRole implements PartitionRole, LeaderLink.User {
    private static final Logger LOG = LoggerFactory.getLogger(FollowerRole.class);
    private static final long RETRY_MILLIS = 200;
    private static final String DISK_NEARLY_FULL =
            "its disk has less left than followers may take: it follows again once there is room";

    private final PartitionHost host;
    private final HostServices services;
    private final PartitionAssignment assignment;
    private final PartitionLog log;
    private final LeaderLink link;
    private final FollowerPartition follower;

    FollowerRole(
            PartitionHost host,
            PartitionAssignment assignment,
            PartitionLog openLog,
            LeaderLink link,
            FollowerPartition.Terms terms,
            Offset knownHighWatermark,
            StreamSession lastSession) {
        this.host = host;
        this.services = host.services();
        this.assignment = assignment;
        this.log = openLog;
        this.link = link;
        this.follower = new FollowerPartition(
                terms, LogOutline.of(openLog), knownHighWatermark, lastSession, services.nowMillis());
    }

    static FollowerRole of(
            PartitionHost host,
            PartitionAssignment assignment,
            PartitionLog openLog,
            LeaderLink link,
            Offset knownHighWatermark,
            StreamSession lastSession) {
        var ownEpoch = assignment
                .metadata()
                .epochOf(host.services().self())
                .orElseThrow(() -> new IllegalStateException("this broker is not registered"));
        var terms = new FollowerPartition.Terms(
                assignment.leaderEpoch(), ownEpoch, assignment.logConfig().durability(), RETRY_MILLIS);
        return new FollowerRole(host, assignment, openLog, link, terms, knownHighWatermark, lastSession);
    }

    void start() {
        try {
            // What may not have been noted when the log was cut.
            noteCut();
        } catch (SystemLimitException e) {
            host.roles().limitReached(e);
            return;
        } catch (IOException e) {
            host.outages().storageFailed(e);
            return;
        }
        link.attach(assignment.id(), this, services.nowMillis());
    }

    @Override
    public Offset highWatermark() {
        return follower.highWatermark();
    }

    StreamSession session() {
        return follower.session();
    }

    // From the link, by any thread.

    @Override
    public void connected() {
        host.roles().whileIn(this, () -> step(new FollowerEvent.Connected()), () -> {});
    }

    @Override
    public void disconnected() {
        host.roles().whileIn(this, () -> step(new FollowerEvent.Disconnected()), () -> {});
    }

    @Override
    public void received(FromLeader message, Runnable done) {
        host.roles().whileIn(this, () -> step(new FollowerEvent.Received(message.message())), done);
    }

    // On the owner's thread.

    @Override
    public void synced() {
        step(new FollowerEvent.Synced());
    }

    @Override
    public void tick(long nowMillis) {
        step(new FollowerEvent.Tick(nowMillis));
    }

    @Override
    public void changed(PartitionAssignment changed) {
        // Whom the in-sync set counts is the leader's affair.
    }

    @Override
    public void end(AppendResult.UnknownCause cause, String message) {
        link.detach(assignment.id(), this);
    }

    private void step(FollowerEvent event) {
        for (var effect : follower.step(event)) {
            try {
                run(effect);
            } catch (SystemLimitException e) {
                host.roles().limitReached(e);
                return;
            } catch (IOException e) {
                host.outages().storageFailed(e);
                return;
            }
        }
    }

    private void run(FollowerEffect effect) throws IOException {
        switch (effect) {
            case FollowerEffect.Send(var message) -> {
                if (message instanceof FollowerMessage.Close) {
                    services.stats().refuse(BadInput.BATCHES);
                }
                link.say(assignment.id(), message);
            }
            case FollowerEffect.CutLog(var end) -> {
                LOG.info("{}: cuts its log from {} to {}", host.name(), log.logEndOffset(), end);
                log.truncateTo(end);
                noteCut();
                step(new FollowerEvent.LogCut());
            }
            case FollowerEffect.StartLogAt(var start) -> {
                LOG.info("{}: drops its log and begins anew at {}", host.name(), start);
                log.truncateFullyAndStartAt(start);
                noteCut();
                step(new FollowerEvent.LogCut());
            }
            case FollowerEffect.Append(var batches) -> {
                if (services.room().mayFollow(log.directory())) {
                    append(batches);
                } else {
                    host.outages().outOfRoom(DISK_NEARLY_FULL);
                }
            }
            case FollowerEffect.SyncLog() -> host.log().requestSync();
            case FollowerEffect.AnnounceHighWatermark(var end) -> {
                host.published().announce(end);
                host.published().wakeReaders(end);
            }
            case FollowerEffect.DeleteRecordsBefore(var start) -> log.deleteRecordsBefore(start);
        }
    }

    /// The log has been cut: no note of its watermark may reach beyond its end.
    private void noteCut() throws IOException {
        services.watermarks().cut(assignment.id(), log);
    }

    private void append(java.nio.ByteBuffer batches) throws IOException {
        try {
            log.appendAsFollower(batches);
        } catch (MalformedBatchException e) {
            LOG.warn(
                    "{}: the leader {} sent what its log cannot take: {}",
                    host.name(),
                    assignment.leader(),
                    e.getMessage());
            step(new FollowerEvent.BatchesRejected());
            return;
        }
        step(new FollowerEvent.Appended());
        host.flushIfDue();
    }
}
