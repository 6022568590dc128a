package io.weirlog.replication;

import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.CleanerStats;
import io.weirlog.log.DelayedTasks;
import io.weirlog.log.DiskFull;
import io.weirlog.log.LogCleaner;
import io.weirlog.log.LogOpenException;
import io.weirlog.log.LogOpenFailure;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.Storage;
import io.weirlog.log.SystemLimitException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The partitions' logs on disk: opens and recovers them, has them compacted, puts them aside, deletes and closes them.
/// All of that waits for the disk, so none of it happens on the owners' threads.
final class PartitionLogs {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionLogs.class);

    /// Making a log or promoting it waits for the disk several times; beside each other these waits cost one.
    private static final int WAITING_THREADS = 48;

    private static final long OPEN_AGAIN_MILLIS = 1000;

    private final Storage storage;
    private final DataDirectories directories;
    private final StorageFailures failures;
    private final KnownWatermarks watermarks;
    private final DelayedTasks later;
    private final LogCleaner cleaner;
    private final ExecutorService threads;
    /// Recovery works rather than waits.
    private final ExecutorService recovering;
    private final RecoveryProgress progress;
    private final DirectoryTurns turns = new DirectoryTurns();
    private volatile boolean closing;
    private volatile boolean unclean;

    /// What all logs have in common.
    record Disk(Storage storage, DataDirectories directories, StorageFailures failures, KnownWatermarks watermarks) {}

    /// @param later deletes files some time after they left their logs
    PartitionLogs(Disk disk, PartitionsConfig config, ReplicationClock clock, DelayedTasks later) {
        this.storage = disk.storage();
        this.directories = disk.directories();
        this.failures = disk.failures();
        this.watermarks = disk.watermarks();
        this.later = later;
        this.progress = new RecoveryProgress(clock::nanoTime);
        this.cleaner = new LogCleaner(config.cleaner(), clock::wallMillis, clock::nanoTime);
        this.threads = Executors.newFixedThreadPool(WAITING_THREADS, GroupedSyncs.Waiting::new);
        this.recovering = Executors.newFixedThreadPool(
                config.recoveryThreads(),
                Thread.ofPlatform().name("weirlog-open-", 0).factory());
    }

    /// Runs what waits for the disk.
    Executor threads() {
        return threads;
    }

    CleanerStats cleanerStats() {
        return cleaner.stats();
    }

    // Opening.

    /// Opens or makes the partition's log and gives it to its owner, once what was there before has left its directory.
    void open(PartitionHost host) {
        var opened = progress.add();
        var executor = host.assignment().isNew() ? threads : recovering;
        var free = turns.enter(host);
        turns.hold(host); // Until it is open, besides until it is released.
        // While all is being closed the executor refuses, and nothing is opened any more.
        var _ = free.thenRun(() -> executor.execute(() -> opened.accept(openNow(host))));
    }

    RecoveryProgress progress() {
        return progress;
    }

    /// The bytes of all segments on disk, by a look into each partition's directory.
    long bytesOnDisk() {
        var bytes = 0L;
        for (var directory : directories.partitions()) {
            try {
                for (var name : storage.list(directory)) {
                    bytes += name.endsWith(".log") ? storage.sizeBytes(directory.resolve(name)) : 0;
                }
            } catch (IOException e) {
                // It may have been deleted meanwhile, and this is an estimate.
                LOG.debug("{} is not counted", directory, e);
            }
        }
        return bytes;
    }

    /// The bytes of its log, 0 if it cannot be opened.
    private long openNow(PartitionHost host) {
        var assignment = host.assignment();
        return switch (directories.place(assignment.displayName(), assignment.isNew())) {
            case Placement.In(var directory) -> openIn(directory, host);
            case Placement.Offline(var reason) -> {
                LOG.error("{} stays out of service: {}", host.name(), reason);
                inOwnersThread(host, () -> host.stop(reason));
                turns.leave(host);
                yield 0;
            }
        };
    }

    private long openIn(Path directory, PartitionHost host) {
        try {
            var log = openLog(directory, host.assignment());
            var watermark = watermarks.opened(host.assignment().id(), log);
            inOwnersThread(host, () -> hand(log, watermark, host));
            return log.sizeBytes();
        } catch (LogOpenException e) {
            refused(directory, host, e);
        } catch (SystemLimitException e) {
            LOG.warn("{} is opened a little later: {}", host.name(), e.getMessage());
            later.schedule(() -> openAgain(directory, host), OPEN_AGAIN_MILLIS);
        } catch (IOException e) {
            if (DiskFull.isCauseOf(e)) {
                awaitRoom(directory, host, e);
            } else {
                failed(host, e);
                failures.cannotOpen(directory, e);
            }
        } catch (InvariantViolation e) {
            failed(host, e);
        }
        return 0;
    }

    private void awaitRoom(Path directory, PartitionHost host, IOException failure) {
        var reason = "its log is opened once its disk has room: " + failure.getMessage();
        if (!(host.view() instanceof PartitionView.Failed)) {
            LOG.warn("{}: {}", host.name(), reason);
            inOwnersThread(host, () -> host.stop(reason));
        }
        later.schedule(() -> openAgain(directory, host), OPEN_AGAIN_MILLIS);
    }

    private void openAgain(Path directory, PartitionHost host) {
        if (closing) {
            return;
        }
        if (host.view() instanceof PartitionView.Closed) {
            turns.leave(host);
        } else {
            recovering.execute(() -> openIn(directory, host));
        }
    }

    /// Opens a log anew that took no more writes since its disk was full. What was being written then is cut, if it is
    /// not whole.
    void reopen(PartitionHost host, PartitionLog log) {
        if (closing) {
            return;
        }
        turns.hold(host);
        recovering.execute(() -> {
            cleaner.remove(log);
            close(log);
            openIn(log.directory(), host);
        });
    }

    private void refused(Path directory, PartitionHost host, LogOpenException refusal) {
        switch (refusal.failure()) {
            case LogOpenFailure.CorruptMiddle damage -> {
                LOG.error("{} is out of service until its records can come from its leader (L3)", host.name(), refusal);
                inOwnersThread(
                        host,
                        () -> host.outages().stopUntilReplaced(damage.message(), () -> {
                            turns.hold(host);
                            threads.execute(() -> replace(directory, host));
                        }));
                turns.leave(host);
            }
            case LogOpenFailure.OtherTopic other -> failed(host, refusal);
            case LogOpenFailure.UnknownVersion newer -> failed(host, refusal);
        }
    }

    private void failed(PartitionHost host, Exception failure) {
        LOG.error("{} cannot be opened", host.name(), failure);
        inOwnersThread(host, () -> host.stop("its log cannot be opened: " + failure.getMessage()));
        turns.leave(host);
    }

    /// L3: what is damaged is kept for whoever wants to look at it, and an empty log takes its place.
    private void replace(Path directory, PartitionHost host) {
        try {
            LOG.warn("{} begins anew; what was damaged is kept as {}", host.name(), directories.quarantine(directory));
            openIn(directory, host);
        } catch (IOException e) {
            failed(host, e);
        }
    }

    private static void inOwnersThread(PartitionHost host, Runnable task) {
        host.shard().executeFor(host, task);
    }

    private void hand(PartitionLog log, Offset watermark, PartitionHost host) {
        boolean released = false;
        try {
            released = !host.open(log, watermark);
        } finally {
            if (!released) {
                turns.leave(host);
            }
        }
        if (released) {
            threads.execute(() -> discard(host, log));
        } else {
            cleaner.add(new HostedLog(host, host.shard(), log));
        }
    }

    private PartitionLog openLog(Path directory, PartitionAssignment assignment) throws IOException {
        try {
            return openAsItIs(directory, assignment);
        } catch (LogOpenException e) {
            if (!(e.failure() instanceof LogOpenFailure.OtherTopic)) {
                throw e;
            }
            LOG.warn("{}; it is kept as {}", e.getMessage(), directories.quarantine(directory));
            return openAsItIs(directory, assignment);
        }
    }

    private PartitionLog openAsItIs(Path directory, PartitionAssignment assignment) throws IOException {
        var identity = new PartitionIdentity(assignment.topic(), assignment.id());
        // Whoever leads a new log begins its epoch at offset 0 (R4). Here many logs are synced together; when its first
        // batch came, each would wait by itself, and the owner's other partitions with it.
        var firstEpoch = assignment.isNew() ? Optional.of(assignment.leaderEpoch()) : Optional.<LeaderEpoch>empty();
        var log = PartitionLog.open(storage, directory, identity, assignment.logConfig(), later, firstEpoch);
        var found = log.recovery();
        if (!found.foreignFiles().isEmpty()) {
            LOG.warn("{}: files that are not of its log are left alone: {}", directory, found.foreignFiles());
        }
        if (found.cutBytes() > 0) {
            LOG.info("{}: cut {} bytes of a torn end: {}", directory, found.cutBytes(), found.cutReason());
        }
        return log;
    }

    /// Disposes of a log whose partition was released while it was being opened.
    private void discard(PartitionHost host, PartitionLog log) {
        if (closing) {
            close(log);
        } else {
            deleteLog(host, log);
        }
        turns.leave(host);
    }

    // Disposal.

    /// Puts aside the directories of partitions that are not in `expected`, for an operator to look at. For the time
    /// before the first partition is opened.
    void quarantineUnexpected(Set<String> expected) throws IOException {
        for (var stray : directories.quarantineUnexpected(expected)) {
            LOG.warn("the metadata know no partition for a directory; it is kept as {}", stray);
        }
    }

    /// Ends the partition's service and puts its directory aside.
    void setAside(PartitionHost host) {
        release(host, this::setAsideLog);
    }

    /// Ends the partition's service and deletes its log.
    void delete(PartitionHost host) {
        release(host, this::deleteLog);
    }

    private void release(PartitionHost host, BiConsumer<PartitionHost, PartitionLog> disposal) {
        host.shard()
                .execute(() -> host.release()
                        .ifPresentOrElse(
                                log -> dispose(log, () -> {
                                    disposal.accept(host, log);
                                    turns.leave(host);
                                }),
                                () -> turns.leave(host)));
    }

    /// While all is being closed, the log is closed and stays: what is to be done to it is done after the next start.
    private void dispose(PartitionLog log, Runnable disposal) {
        try {
            threads.execute(disposal);
        } catch (RejectedExecutionException e) {
            close(log);
        }
    }

    private void setAsideLog(PartitionHost host, PartitionLog log) {
        cleaner.remove(log);
        close(log);
        try {
            var stray = directories.quarantine(log.directory());
            directories.left(log.directory());
            watermarks.forget(host.assignment().id(), log);
            LOG.warn("the metadata do not know {} any more; its directory is kept as {}", host.name(), stray);
        } catch (IOException e) {
            LOG.error("the directory of {} could not be put aside", host.name(), e);
        }
    }

    private void deleteLog(PartitionHost host, PartitionLog log) {
        cleaner.remove(log);
        try {
            log.delete();
            directories.left(log.directory());
            watermarks.forget(host.assignment().id(), log);
        } catch (IOException e) {
            LOG.error("the log of {} could not be deleted", host.name(), e);
        }
    }

    // The end.

    /// Opens and deletes nothing more, and ends the compaction under way. The owners' threads have to work still: what
    /// is under way needs them.
    void stop(long millisMax) {
        closing = true;
        recovering.shutdown();
        threads.shutdown();
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millisMax);
        try {
            if (!recovering.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)
                    || !threads.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                unclean = true;
                LOG.error("some logs are still being opened; they will be recovered at the next start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        cleaner.close();
    }

    void close(PartitionLog log) {
        try {
            log.close();
        } catch (IOException e) {
            unclean = true;
            LOG.error("a log could not be closed; it will be recovered at the next start", e);
        }
    }

    /// Whether a log was left so that it has to be recovered.
    boolean leftUnclean() {
        return unclean;
    }
}
