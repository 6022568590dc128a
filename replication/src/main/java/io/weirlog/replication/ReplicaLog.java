package io.weirlog.replication;

import io.weirlog.common.Invariant;
import io.weirlog.common.Offset;
import io.weirlog.log.LogConfig;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SystemLimitException;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A partition's log while it is open, and its syncs: those that the role asks for, and those that nobody waits for.
///
/// For the owner thread.
final class ReplicaLog {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicaLog.class);

    private final PartitionHost host;
    private final LogSyncer syncer;
    private @Nullable PartitionLog log;
    private LogSyncer.@Nullable Ticket syncTicket;
    private FlushPolicy flushes = new FlushPolicy(Offset.ZERO);
    /// It could not be done because no file could be opened, until the next tick.
    private boolean syncIsMissing;

    ReplicaLog(PartitionHost host, LogSyncer syncer) {
        this.host = host;
        this.syncer = syncer;
    }

    Optional<PartitionLog> current() {
        return Optional.ofNullable(log);
    }

    boolean isOpen() {
        return log != null;
    }

    void open(PartitionLog opened) {
        Invariant.check(log == null, "%s is opened twice", host.name());
        log = opened;
        syncTicket = syncer.ticket(
                opened,
                end -> host.shard().executeFor(host, () -> ifStill(opened, host::synced)),
                failure -> host.shard().executeFor(host, () -> ifStill(opened, () -> syncFailed(failure))));
        flushes = new FlushPolicy(opened.syncedOffset());
    }

    /// A log that was opened anew has nothing to do with what became of it before.
    private void ifStill(PartitionLog asked, Runnable task) {
        if (asked.equals(log)) {
            task.run();
        }
    }

    /// Gives the log away, to be closed or deleted off the owner thread.
    Optional<PartitionLog> letGo() {
        var released = current();
        log = null;
        syncTicket = null;
        return released;
    }

    void reconfigure(LogConfig config) {
        var openLog = log;
        if (openLog != null && !openLog.config().equals(config)) {
            openLog.reconfigure(config);
        }
    }

    void requestSync() {
        var ticket = syncTicket;
        if (ticket != null) {
            syncer.request(ticket);
        }
    }

    /// Asks for the sync that nobody waits for, if it is time.
    void flushIfDue(long nowMillis) {
        var openLog = log;
        if (openLog != null && flushes.isDue(openLog.logEndOffset(), nowMillis, openLog.config())) {
            requestSync();
        }
    }

    void syncIfMissing() {
        if (syncIsMissing) {
            syncIsMissing = false;
            requestSync();
        }
    }

    private void syncFailed(IOException failure) {
        if (failure instanceof SystemLimitException limit) {
            LOG.warn("{} is synced a little later: {}", host.name(), limit.getMessage());
            syncIsMissing = true;
        } else {
            host.outages().storageFailed(failure);
        }
    }
}
