package io.weirlog.replication;

import io.weirlog.log.DiskFull;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a partition's disk does to it, and how it comes back into service.
///
/// ```
/// out of service because              until
/// a write or sync of its log failed   the node starts again (L6)
/// its data directory failed           the node starts again
/// its disk is full                    there is room: it goes on as what it is by then
/// its log is damaged (L3)             nobody counts on this replica: an empty log takes its place
/// ```
///
/// However it went out of service, it asks to be left out of the in-sync set (see [Departure]).
///
/// For the owner thread.
final class Outages {
    private static final Logger LOG = LoggerFactory.getLogger(Outages.class);

    private final PartitionHost host;
    private final HostServices services;
    private final ReplicaLog log;
    private final PublishedView published;
    private final Departure departure;
    /// Puts a new log in the place of one that is damaged, once this replica is not counted on any more.
    private @Nullable Runnable replacement;
    /// It is out of service until its disk has room again.
    private boolean awaitsRoom;

    Outages(PartitionHost host) {
        this.host = host;
        this.services = host.services();
        this.log = host.log();
        this.published = host.published();
        this.departure = new Departure(services.self());
    }

    // Going out of service.

    /// The log is damaged: `replaced` is run once nobody counts on this replica any more, and is to end in
    /// [PartitionHost#open] or here again (L3).
    void stopUntilReplaced(String message, Runnable replaced) {
        replacement = replaced;
        host.stop(message);
    }

    /// Another partition has met a failure of the disk.
    void directoryFailed(Path folder) {
        awaitsRoom = false;
        var openLog = log.current();
        if (openLog.isPresent()
                && openLog.get().directory().startsWith(folder)
                && !published.isFailed()
                && !published.isClosed()) {
            host.roles().forgetPromotion();
            host.stop("its data directory " + folder + " has failed");
        }
    }

    /// Its disk is full, and nothing is broken: the replica leaves the in-sync set, and goes on once there is room.
    void outOfRoom(String message) {
        LOG.warn("{} is out of service: {}", host.name(), message);
        awaitsRoom = true;
        host.stop(message);
    }

    /// After a sync that failed nobody knows what is on the disk (L6), on a full one too; a write that found no room
    /// has only not been done.
    void storageFailed(IOException failure) {
        host.roles().forgetPromotion();
        var openLog = log.current();
        var hasStopped = published.isFailed();
        if (openLog.isEmpty() || (hasStopped && !awaitsRoom)) {
            return; // A sync that was under way met a log that had stopped before.
        }
        var failed = openLog.get();
        if (DiskFull.isCauseOf(failure) && !failed.hasSyncFailed()) {
            if (!hasStopped) {
                outOfRoom("its disk is full (" + failure.getMessage() + "): it goes on once there is room");
            }
            return;
        }
        awaitsRoom = false;
        LOG.error("{} takes no more writes: its log failed (L6)", host.name(), failure);
        host.stop("the log failed and takes no more writes until the node restarts: " + failure.getMessage());
        services.failures().failed(failed, failure);
    }

    // Out of service.

    void tick() {
        leaveIfFailed();
        resumeIfThereIsRoom();
    }

    /// To be called whenever the partition has stopped or the metadata say something new of it.
    void leaveIfFailed() {
        if (!published.isFailed()) {
            return;
        }
        var assignment = host.assignment();
        departure
                .ask(assignment, services.nowMillis())
                .ifPresent(proposal -> services.isrProposals()
                        .propose(
                                new IsrController.Change(assignment.id(), proposal),
                                outcome -> host.later(() -> departed(outcome))));
        var replaced = replacement;
        if (replaced != null && departure.isThrough(assignment)) {
            replacement = null;
            published.publish(new PartitionView.Opening());
            replaced.run();
        }
    }

    private void departed(IsrController.Outcome outcome) {
        departure.answered(outcome);
        leaveIfFailed();
    }

    /// As what it is by then. If it was elected meanwhile no better one was left, and leading takes no room by itself.
    private void resumeIfThereIsRoom() {
        var current = log.current();
        if (!awaitsRoom || current.isEmpty() || !published.isFailed()) {
            return;
        }
        var openLog = current.get();
        var needsNone = host.assignment().isLedBy(services.self()) && !openLog.isPoisoned();
        if (!openLog.mayBeReopened() || (!needsNone && !services.room().mayResume(openLog.directory()))) {
            return;
        }
        LOG.info("{} goes on: there is room on its disk", host.name());
        awaitsRoom = false;
        if (openLog.isPoisoned()) {
            var _ = log.letGo();
            published.publish(new PartitionView.Opening());
            services.reopening().accept(host, openLog);
        } else {
            host.roles().take(openLog);
        }
    }
}
