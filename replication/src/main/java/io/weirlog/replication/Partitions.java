package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerStats;
import io.weirlog.log.LogCleaner;
import io.weirlog.log.LogOpenException;
import io.weirlog.log.LogOpenFailure;
import io.weirlog.log.PartitionIdentity;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All partitions that this broker hosts: the way in for appends, reads and metadata.
public final class Partitions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);

    private final BrokerId self;
    private final Storage storage;
    private final PartitionsConfig config;
    private final ReplicationClock clock;
    private final List<Shard> shards = new ArrayList<>();
    private final LogSyncer syncer;
    private final LogCleaner cleaner;
    private final ExecutorService openers;
    private final Map<TopicPartition, PartitionHost> hosts = new ConcurrentHashMap<>();
    /// Deletes files some time after they left their logs, and looks for more of them.
    private final ScheduledExecutorService janitor = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-janitor").factory());

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private volatile boolean closing;
    private volatile boolean unclean;

    public Partitions(BrokerId self, Storage storage, PartitionsConfig config, ReplicationClock clock) {
        this.self = self;
        this.storage = storage;
        this.config = config;
        this.clock = clock;
        this.syncer = new LogSyncer(config.syncThreads());
        for (var number = 0; number < config.shards(); number++) {
            shards.add(new Shard(number, config.shardInboxAppendsMax(), clock, failure::complete));
        }
        this.cleaner = new LogCleaner(config.cleaner(), clock::wallMillis, clock::nanoTime);
        this.openers = Executors.newFixedThreadPool(
                config.openThreads(),
                Thread.ofPlatform().name("weirlog-open-", 0).factory());
        var intervalMillis = config.retentionInterval().toMillis();
        var _ = janitor.scheduleWithFixedDelay(
                this::applyRetention, intervalMillis, intervalMillis, TimeUnit.MILLISECONDS);
    }

    private void applyRetention() {
        for (var host : hosts.values()) {
            if (!closing) {
                shardOf(host.assignment().id()).executeFor(host, host::applyRetention);
            }
        }
    }

    private void deleteLater(Runnable task, long delayMillis) {
        if (!janitor.isShutdown()) {
            var _ = janitor.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
        }
    }

    /// Hosts a partition from now on, or gives one that is hosted its next role: opens or creates its log, then takes
    /// the role that the assignment gives. Returns at once; see [#awaitOpen]. Assignments come from one thread, in
    /// the order of the metadata.
    public void assign(PartitionAssignment assignment) {
        if (closing) {
            return;
        }
        var known = hosts.get(assignment.id());
        if (known != null) {
            known.hand(assignment);
            return;
        }
        var host = host(assignment);
        hosts.put(assignment.id(), host);
        // So that whoever waits for it waits for its opening too.
        host.hand(assignment);
        openers.execute(() -> open(host));
    }

    /// Keeps the log of a partition that is hosted as this assignment says, from now on.
    public void reconfigure(PartitionAssignment assignment) {
        var host = hosts.get(assignment.id());
        if (host != null) {
            shardOf(assignment.id()).executeFor(host, () -> host.reconfigure(assignment.logConfig()));
        }
    }

    private PartitionHost host(PartitionAssignment assignment) {
        var itself = new CompletableFuture<PartitionHost>();
        var host = new PartitionHost(
                self,
                assignment,
                shardOf(assignment.id()),
                syncer,
                clock,
                (role, log) -> openers.execute(() -> prepare(itself.join(), role, log)));
        itself.complete(host);
        return host;
    }

    private Shard shardOf(TopicPartition id) {
        return shards.get(Math.floorMod(id.hashCode(), shards.size()));
    }

    private void open(PartitionHost host) {
        var assignment = host.assignment();
        var shard = shardOf(assignment.id());
        try {
            var log = openLog(assignment);
            shard.executeFor(host, () -> {
                if (host.open(log)) {
                    cleaner.add(new HostedLog(host, shard, log));
                } else {
                    openers.execute(() -> discard(host, log));
                }
            });
        } catch (IOException | InvariantViolation e) {
            LOG.error("{} cannot be opened", assignment.displayName(), e);
            shard.executeFor(host, () -> host.stop("its log cannot be opened: " + e.getMessage()));
        }
    }

    /// Makes a log ready to be led in the assignment's epoch.
    private void prepare(PartitionHost host, PartitionAssignment role, PartitionLog log) {
        var shard = shardOf(role.id());
        try {
            log.beginEpoch(role.leaderEpoch());
            if (role.logConfig().durability() == Durability.FSYNC) {
                // What is in the log may never have been synced, and leading it means calling it safe.
                log.sync();
            }
            shard.executeFor(host, () -> host.prepared(role));
        } catch (IOException | InvariantViolation e) {
            LOG.error("{} cannot be led", role.displayName(), e);
            shard.executeFor(host, () -> host.stop("its log cannot begin a leader epoch: " + e.getMessage()));
        } catch (RejectedExecutionException e) {
            LOG.debug("{} was made ready to be led after its shard had closed", role.displayName());
        }
    }

    private PartitionLog openLog(PartitionAssignment assignment) throws IOException {
        var directory = config.dataDirectory().resolve(assignment.displayName());
        var identity = new PartitionIdentity(assignment.topic(), assignment.id());
        try {
            return PartitionLog.open(storage, directory, identity, assignment.logConfig(), this::deleteLater);
        } catch (LogOpenException e) {
            if (!(e.failure() instanceof LogOpenFailure.OtherTopic)) {
                throw e;
            }
            var stray = StrayDirectories.quarantine(storage, config.dataDirectory(), assignment.displayName());
            LOG.warn("{}; it is kept as {}", e.getMessage(), stray);
            return PartitionLog.open(storage, directory, identity, assignment.logConfig(), this::deleteLater);
        }
    }

    /// Puts aside the directories of partitions that are not in `expected` (by display name), for an operator to look
    /// at.
    /// For the time before the first partition is assigned.
    public void quarantineUnexpected(Set<String> expected) throws IOException {
        for (var stray : StrayDirectories.quarantineUnexpected(storage, config.dataDirectory(), expected)) {
            LOG.warn("the metadata know no partition for a directory; it is kept as {}", stray);
        }
    }

    /// Completes once these partitions are open and have taken the roles of the assignments so far, or have failed to.
    private CompletableFuture<Void> settled(Collection<TopicPartition> ids) {
        return CompletableFuture.allOf(ids.stream()
                .map(hosts::get)
                .filter(host -> host != null)
                .map(PartitionHost::settled)
                .toArray(CompletableFuture<?>[]::new));
    }

    /// Waits for that.
    ///
    /// @return false if the time was not enough
    public boolean awaitOpen(Collection<TopicPartition> ids, long timeoutMillis) throws InterruptedException {
        try {
            settled(ids).get(timeoutMillis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a partition always settles", e);
        }
    }

    /// Completes with the cause if a shard has died: the node should then stop.
    public CompletableFuture<Throwable> failure() {
        return failure.copy();
    }

    /// What compaction has done, and how things stand.
    public CleanerStats cleanerStats() {
        return cleaner.stats();
    }

    /// The number of partitions hosted.
    public int size() {
        return hosts.size();
    }

    /// What the partition shows to readers; empty if this broker does not host it.
    public Optional<PartitionView> view(TopicPartition id) {
        return Optional.ofNullable(hosts.get(id)).map(PartitionHost::view);
    }

    /// Appends one batch. The result comes through the command's completion, possibly before this returns.
    public void append(TopicPartition id, AppendCommand command) {
        var host = hosts.get(id);
        if (closing) {
            command.refuse(new AppendRefusal.ShuttingDown());
        } else if (host == null) {
            command.refuse(new AppendRefusal.NotLeader(Optional.empty(), new LeaderEpoch(0)));
        } else {
            host.offer(command);
        }
    }

    /// Wakes the reader once the partition's high watermark passes `at`, or its role ends. It may be woken at once, and
    /// on
    /// any thread: `wake` must not block.
    public Watch watch(TopicPartition id, Offset at, Runnable wake) {
        var host = hosts.get(id);
        if (host == null) {
            wake.run();
            return () -> {};
        }
        var watchers = host.watchers();
        var watch = watchers.add(at, wake);
        if (!(host.view() instanceof PartitionView.Leading leading)
                || leading.highWatermark().isAfter(at)) {
            watchers.wake(watch);
        }
        return () -> watchers.cancel(watch);
    }

    /// A reader's wait that can be called off.
    @FunctionalInterface
    public interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /// The topics of which partitions are hosted.
    public Set<TopicId> topics() {
        return hosts.keySet().stream().map(TopicPartition::topicId).collect(Collectors.toSet());
    }

    /// Stops hosting a topic's partitions and puts their directories aside, for a topic that is not in the metadata any
    /// more although nobody was seen to delete it (M3).
    public void setAside(TopicId topicId) {
        for (var id : List.copyOf(hosts.keySet())) {
            if (id.topicId().equals(topicId)) {
                release(id, this::setAside);
            }
        }
    }

    private void setAside(PartitionHost host, PartitionLog log) {
        cleaner.remove(log);
        closeLog(log);
        try {
            var stray = StrayDirectories.quarantine(storage, config.dataDirectory(), host.name());
            LOG.warn("the metadata do not know {} any more; its directory is kept as {}", host.name(), stray);
        } catch (IOException e) {
            LOG.error("the directory of {} could not be put aside", host.name(), e);
        }
    }

    /// Stops hosting a deleted topic's partitions and deletes their logs.
    public void deleteTopic(TopicId topicId) {
        for (var id : List.copyOf(hosts.keySet())) {
            if (id.topicId().equals(topicId)) {
                release(id, this::deleteLog);
            }
        }
    }

    private void release(TopicPartition id, BiConsumer<PartitionHost, PartitionLog> disposal) {
        var host = hosts.remove(id);
        if (host != null && !closing) {
            var shard = shardOf(id);
            shard.execute(() -> host.release().ifPresent(log -> dispose(log, () -> disposal.accept(host, log))));
        }
    }

    /// While all is being closed, the log is closed and stays: what is to be done to it is done after the next start.
    private void dispose(PartitionLog log, Runnable disposal) {
        try {
            openers.execute(disposal);
        } catch (RejectedExecutionException e) {
            closeLog(log);
        }
    }

    /// Disposes of a log whose partition was released while it was being opened.
    private void discard(PartitionHost host, PartitionLog log) {
        if (closing) {
            closeLog(log);
        } else {
            deleteLog(host, log);
        }
    }

    private void deleteLog(PartitionHost host, PartitionLog log) {
        cleaner.remove(log);
        try {
            log.delete();
        } catch (IOException e) {
            LOG.error("the log of {} could not be deleted", host.name(), e);
        }
    }

    /// Refuses new appends, waits for the acknowledgements under way, then closes all logs cleanly.
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        // What it has not deleted yet is deleted when the logs are opened again.
        janitor.shutdownNow();
        awaitQuiet();
        // Openings first: each hands its log to a shard, and a shard that has closed would lose it.
        openers.shutdown();
        awaitTermination();
        // While the shards still work: a cleaning may be waiting for one.
        cleaner.close();
        List<CompletableFuture<Optional<PartitionLog>>> released = new ArrayList<>();
        for (var host : hosts.values()) {
            unclean |= host.view() instanceof PartitionView.Failed;
            var log = new CompletableFuture<Optional<PartitionLog>>();
            released.add(log);
            shardOf(host.assignment().id()).execute(() -> log.complete(host.release()));
        }
        shards.forEach(Shard::close);
        syncer.close();
        released.forEach(log -> log.getNow(Optional.empty()).ifPresent(this::closeLog));
        hosts.clear();
    }

    /// Whether [#close] has left all logs as they should be: nothing of them has to be recovered.
    public boolean closedCleanly() {
        return closing && !unclean;
    }

    private void awaitQuiet() {
        var signals = new ArrayList<CompletableFuture<Void>>();
        for (var host : hosts.values()) {
            var signal = new CompletableFuture<Void>();
            signals.add(signal);
            shardOf(host.assignment().id()).execute(() -> host.whenQuiet(signal));
        }
        try {
            CompletableFuture.allOf(signals.toArray(CompletableFuture<?>[]::new))
                    .get(config.closeGrace().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("closing with appends that are not acknowledged yet: their writers are told so");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitTermination() {
        try {
            if (!openers.awaitTermination(config.closeGrace().toMillis() + 1000, TimeUnit.MILLISECONDS)) {
                unclean = true;
                LOG.error("some logs are still being opened; they will be recovered at the next start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeLog(PartitionLog log) {
        try {
            log.close();
        } catch (IOException e) {
            unclean = true;
            LOG.error("a log could not be closed; it will be recovered at the next start", e);
        }
    }
}
