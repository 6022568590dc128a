package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
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
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    private final ExecutorService openers;
    private final Map<TopicPartition, PartitionHost> hosts = new ConcurrentHashMap<>();
    /// Deletes files some time after they left their logs, and looks for more of them.
    private final ScheduledExecutorService janitor = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-janitor").factory());

    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private volatile boolean closing;

    public Partitions(BrokerId self, Storage storage, PartitionsConfig config, ReplicationClock clock) {
        this.self = self;
        this.storage = storage;
        this.config = config;
        this.clock = clock;
        this.syncer = new LogSyncer(config.syncThreads());
        for (var number = 0; number < config.shards(); number++) {
            shards.add(new Shard(number, config.shardInboxAppendsMax(), clock, failure::complete));
        }
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

    /// Hosts a partition from now on: opens or creates its log, then takes the role that the assignment gives. Returns
    /// at once; see [#awaitOpen].
    public void assign(PartitionAssignment assignment) {
        var host = new PartitionHost(assignment, shardOf(assignment.id()), syncer, clock);
        if (closing || hosts.putIfAbsent(assignment.id(), host) != null) {
            return;
        }
        openers.execute(() -> open(host));
    }

    /// Keeps the log of a partition that is hosted as this assignment says, from now on.
    public void reconfigure(PartitionAssignment assignment) {
        var host = hosts.get(assignment.id());
        if (host != null) {
            shardOf(assignment.id()).executeFor(host, () -> host.reconfigure(assignment.logConfig()));
        }
    }

    private Shard shardOf(TopicPartition id) {
        return shards.get(Math.floorMod(id.hashCode(), shards.size()));
    }

    private void open(PartitionHost host) {
        var assignment = host.assignment();
        var shard = shardOf(assignment.id());
        try {
            var log = openLog(assignment);
            var leads = assignment.leader().equals(Optional.of(self));
            if (leads) {
                log.beginEpoch(assignment.leaderEpoch());
                if (assignment.logConfig().durability() == Durability.FSYNC) {
                    // What recovery found may never have been synced, and leading it means calling it safe.
                    log.sync();
                }
            }
            shard.executeFor(host, () -> {
                if (!host.open(log, leads)) {
                    openers.execute(() -> discard(host, log));
                }
            });
        } catch (IOException | InvariantViolation e) {
            LOG.error("{} cannot be opened", assignment.displayName(), e);
            shard.executeFor(host, () -> host.stop("its log cannot be opened: " + e.getMessage()));
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

    /// Waits until these partitions have left [PartitionView.Opening], whatever came of it.
    ///
    /// @return false if the time was not enough
    public boolean awaitOpen(Collection<TopicPartition> ids, long timeoutMillis) throws InterruptedException {
        var all = ids.stream()
                .map(hosts::get)
                .filter(host -> host != null)
                .map(PartitionHost::opened)
                .toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(all).get(timeoutMillis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("an opening never fails, it ends in a view", e);
        }
    }

    /// Completes with the cause if a shard has died: the node should then stop.
    public CompletableFuture<Throwable> failure() {
        return failure.copy();
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

    /// Stops hosting a deleted topic's partitions and deletes their logs.
    public void deleteTopic(TopicId topicId) {
        for (var id : List.copyOf(hosts.keySet())) {
            if (id.topicId().equals(topicId)) {
                delete(id);
            }
        }
    }

    private void delete(TopicPartition id) {
        var host = hosts.remove(id);
        if (host != null && !closing) {
            var shard = shardOf(id);
            shard.execute(() -> host.release().ifPresent(log -> openers.execute(() -> deleteLog(host, log))));
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

    private static void deleteLog(PartitionHost host, PartitionLog log) {
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
        List<CompletableFuture<Optional<PartitionLog>>> released = new ArrayList<>();
        for (var host : hosts.values()) {
            var log = new CompletableFuture<Optional<PartitionLog>>();
            released.add(log);
            shardOf(host.assignment().id()).execute(() -> log.complete(host.release()));
        }
        shards.forEach(Shard::close);
        syncer.close();
        released.forEach(log -> log.getNow(Optional.empty()).ifPresent(Partitions::closeLog));
        hosts.clear();
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
                LOG.error("some logs are still being opened; they will be recovered at the next start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeLog(PartitionLog log) {
        try {
            log.close();
        } catch (IOException e) {
            LOG.error("a log could not be closed; it will be recovered at the next start", e);
        }
    }
}
