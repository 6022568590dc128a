package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.CleanerStats;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.Storage;
import io.weirlog.replication.core.ReplicationStream;
import io.weirlog.replication.core.StreamSession;
import io.weirlog.replication.link.FollowerStreams;
import io.weirlog.replication.link.LeaderLink;
import io.weirlog.replication.link.LeaderLinks;
import io.weirlog.replication.link.ReassignmentThrottle;
import io.weirlog.replication.link.ReplicaTransport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All partitions that this broker hosts: the way in for appends, reads and metadata.
public final class Partitions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);

    private static final long LINK_TICK_MILLIS = 100;
    private static final long TICK_MILLIS = 500;
    private static final long ALLOWANCE_MILLIS = 50;
    private static final ReplicationStream.Limits STREAM_LIMITS = new ReplicationStream.Limits(4 << 20, 256 << 10);

    private final PartitionsConfig config;
    private final HostServices services;
    private final ReplicationStats stats = new ReplicationStats();
    private final FollowerStreams followers;
    private final HostedPartitions hosted;
    private final LogSyncer syncer;
    private final GroupedSyncs logStorage;
    private final DataDirectories directories;
    private final DirectoryFailures failures;
    private final KnownWatermarks watermarks;
    private final PartitionLogs logs;
    /// Runs the streams to and from other brokers.
    private final ExecutorService streamers;

    private final RecordDeletions deletions = new RecordDeletions();
    private final Janitor janitor = new Janitor();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    /// By the thread that assigns.
    private int replicasTaken;
    private volatile boolean unclean;

    /// @param transport to the brokers that lead what this one follows
    /// @param controller grants changes of in-sync sets
    /// @throws IOException if the data directories contradict each other
    public Partitions(
            BrokerId self,
            Storage storage,
            PartitionsConfig config,
            ReplicationClock clock,
            ReplicaTransport transport,
            IsrController controller)
            throws IOException {
        this.config = config;
        this.directories = DataDirectories.scan(storage, config.dataDirectories());
        this.watermarks = KnownWatermarks.take(storage, directories);
        this.hosted = new HostedPartitions(config, clock, failure::complete);
        this.failures = new DirectoryFailures(directories, hosted.all(), failure::complete);
        this.syncer = LogSyncer.of(storage, directories.online(), config.sync());
        this.logStorage = new GroupedSyncs(storage, directories.online(), config.sync());
        this.logs = new PartitionLogs(
                new PartitionLogs.Disk(logStorage, directories, failures, watermarks), config, clock, janitor);
        this.streamers = Executors.newFixedThreadPool(
                config.shards(),
                Thread.ofPlatform().daemon().name("weirlog-stream-", 0).factory());
        this.services = new HostServices(
                self,
                clock,
                syncer,
                new LeaderLinks(transport, LeaderLink.Timing.DEFAULT, streamers),
                new IsrProposals(controller),
                logs.threads(),
                config.replicaLagMax(),
                failures,
                logs::reopen,
                config.room(),
                watermarks,
                stats);
        this.followers = new FollowerStreams(new LocalLeaders(hosted, stats), STREAM_LIMITS, streamers);
        schedule();
    }

    private void schedule() {
        janitor.every(config.retentionInterval().toMillis(), () -> hosted.tellAll(PartitionHost::applyRetention));
        janitor.every(config.watermarkCheckpointInterval().toMillis(), this::noteWatermarks);
        janitor.every(TICK_MILLIS, this::reportRecovery);
        janitor.every(TICK_MILLIS, () -> hosted.tick(services::nowMillis));
        janitor.every(TICK_MILLIS, followers::tick);
        config.reassignmentBytesPerSecond().ifPresent(bytes -> {
            var throttle = new ReassignmentThrottle(bytes, services.clock()::nanoTime);
            janitor.every(ALLOWANCE_MILLIS, () -> followers.allow(throttle));
        });
        janitor.every(LINK_TICK_MILLIS, () -> services.links().tick(services.nowMillis()));
    }

    private void reportRecovery() {
        var progress = logs.progress();
        if (progress.wantsTotal()) {
            // There may be ten thousand directories to look into, and the others wait for this thread.
            Thread.ofPlatform().daemon().name("weirlog-survey").start(() -> progress.total(logs.bytesOnDisk()));
        }
        progress.report().ifPresent(state -> LOG.info("recovered {}", state));
    }

    /// How far this broker is with the partitions that it had when it started.
    public RecoveryState recovery() {
        return logs.progress().state();
    }

    /// The partitions that this broker had are open: what is opened from now on is its daily work.
    public void recovered() {
        logs.progress().end();
        var state = recovery();
        LOG.info(
                "{} partitions are open after {} ms",
                state.partitions(),
                state.elapsed().toMillis());
    }

    private void noteWatermarks() {
        for (var folder : directories.online()) {
            try {
                watermarks.write(folder, hosted.all());
            } catch (IOException e) {
                // The janitor's thread is interrupted when all is being closed; then they are noted once more.
                if (!hosted.isClosing()) {
                    failures.failed(folder, e);
                }
            }
        }
    }

    /// The streams from brokers that follow what this one leads.
    public FollowerStreams followers() {
        return followers;
    }

    /// Hosts a partition from now on, or gives one that is hosted its next role: opens or creates its log, then takes
    /// the role that the assignment gives. Returns at once; see [#awaitOpen]. Assignments come from one thread, in
    /// the order of the metadata.
    public void assign(PartitionAssignment assignment) {
        if (hosted.isClosing()) {
            return;
        }
        var known = hosted.find(assignment.id());
        if (known.isPresent()) {
            known.get().hand(assignment);
            return;
        }
        var host = new PartitionHost(
                assignment, hosted.shardOf(assignment.id()), services, StreamSession.afterReplicas(replicasTaken++));
        hosted.add(host);
        // So that whoever waits for it waits for its opening too.
        host.hand(assignment);
        logs.open(host);
    }

    /// Puts aside the directories of partitions that are not in `expected` (by display name), for an operator to look
    /// at.
    /// For the time before the first partition is assigned.
    public void quarantineUnexpected(Set<String> expected) throws IOException {
        logs.quarantineUnexpected(expected);
    }

    /// Waits until these partitions are open and have taken the roles of the assignments so far, or have failed to.
    ///
    /// @return false if the time was not enough
    public boolean awaitOpen(Collection<TopicPartition> ids, long timeoutMillis) throws InterruptedException {
        try {
            hosted.settled(ids).get(timeoutMillis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a partition always settles", e);
        }
    }

    /// Completes with the cause if a shard has died or no data directory is left: the node should then stop.
    public CompletableFuture<Throwable> failure() {
        return failure.copy();
    }

    /// What compaction has done, and how things stand.
    public CleanerStats cleanerStats() {
        return logs.cleanerStats();
    }

    /// The data directories, with the reason of those that are out of service.
    public Map<Path, Optional<String>> dataDirectories() {
        return directories.states();
    }

    /// What each partition shows to readers.
    public List<PartitionView> views() {
        return hosted.all().stream().map(PartitionHost::view).toList();
    }

    /// How each partition is doing.
    public List<PartitionStatus> statuses() {
        return hosted.all().stream().map(PartitionHost::status).toList();
    }

    /// What replication has done.
    public ReplicationStats replicationStats() {
        return stats;
    }

    /// How much each follower's broker may still be sent before it has dealt with what is under way.
    public Map<BrokerId, Long> followerCreditBytes() {
        return followers.creditBytes();
    }

    /// The number of partitions hosted.
    public int size() {
        return hosted.ids().size();
    }

    /// What the partition shows to readers; empty if this broker does not host it.
    public Optional<PartitionView> view(TopicPartition id) {
        return hosted.find(id).map(PartitionHost::view);
    }

    /// Whether this broker's replica is in sync, as far as this broker has followed the metadata.
    public boolean isInSync(TopicPartition id) {
        return hosted.find(id).map(PartitionHost::isInSync).orElse(false);
    }

    /// Appends one batch. The result comes through the command's completion, possibly before this returns.
    public void append(TopicPartition id, AppendCommand command) {
        var host = hosted.find(id);
        if (hosted.isClosing()) {
            command.refuse(new AppendRefusal.ShuttingDown());
        } else if (host.isEmpty()) {
            command.refuse(new AppendRefusal.NotLeader(Optional.empty(), new LeaderEpoch(0)));
        } else {
            host.get().offer(command);
        }
    }

    /// Deletes the records before an offset in a partition that this broker leads; see [DeletionResult]. It comes on
    /// the owner's thread, or before this returns.
    ///
    /// @param before empty: all below the high watermark
    public CompletableFuture<DeletionResult> deleteRecords(TopicPartition id, Optional<Offset> before) {
        var host = hosted.find(id);
        if (hosted.isClosing()) {
            return CompletableFuture.completedFuture(new DeletionResult.ShuttingDown());
        }
        return host.isPresent()
                ? deletions.ask(host.get(), before)
                : CompletableFuture.completedFuture(new DeletionResult.NotLeader());
    }

    /// Wakes the reader once the partition's high watermark passes `at`, or its role ends. It may be woken at once,
    /// and on any thread: `wake` must not block.
    public Watch watch(TopicPartition id, Offset at, Runnable wake) {
        var host = hosted.find(id);
        if (host.isPresent()) {
            return host.get().watch(at, wake);
        }
        wake.run();
        return () -> {};
    }

    /// A reader's wait that can be called off.
    @FunctionalInterface
    public interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /// What is sent at most to replicas that are being added; empty if there is no bound.
    public OptionalLong reassignmentBytesPerSecond() {
        return config.reassignmentBytesPerSecond();
    }

    /// The topics of which partitions are hosted.
    public Set<TopicId> topics() {
        return hosted.topics();
    }

    /// Stops hosting a topic's partitions and puts their directories aside, for a topic that is not in the metadata
    /// any more although nobody was seen to delete it (M3).
    public void setAside(TopicId topicId) {
        releaseTopic(topicId, logs::setAside);
    }

    /// Stops hosting a deleted topic's partitions and deletes their logs.
    public void deleteTopic(TopicId topicId) {
        releaseTopic(topicId, logs::delete);
    }

    /// Stops hosting a partition that belongs to other brokers now, and deletes its log.
    public void delete(TopicPartition id) {
        release(id, logs::delete);
    }

    private void releaseTopic(TopicId topicId, Consumer<PartitionHost> disposal) {
        for (var id : List.copyOf(hosted.ids())) {
            if (id.topicId().equals(topicId)) {
                release(id, disposal);
            }
        }
    }

    private void release(TopicPartition id, Consumer<PartitionHost> disposal) {
        var host = hosted.remove(id);
        if (host.isPresent() && !hosted.isClosing()) {
            disposal.accept(host.get());
        }
    }

    /// Refuses new appends, waits for the acknowledgements under way, then closes all logs cleanly.
    @Override
    public void close() {
        if (hosted.isClosing()) {
            return;
        }
        hosted.startClosing();
        // What it has not deleted yet is deleted when the logs are opened again.
        janitor.stop();
        awaitQuiet();
        followers.close();
        services.links().close();
        // Openings first: each hands its log to a shard, and a shard that has closed would lose it.
        logs.stop(config.closeGrace().toMillis() + 1000);
        if (!hosted.ids().isEmpty()) {
            watermarks.keepOnly(hosted.ids());
        }
        noteWatermarks();
        List<CompletableFuture<Optional<PartitionLog>>> released = new ArrayList<>();
        for (var host : hosted.all()) {
            unclean |= host.view() instanceof PartitionView.Failed;
            var log = new CompletableFuture<Optional<PartitionLog>>();
            released.add(log);
            host.shard().execute(() -> log.complete(host.release()));
        }
        hosted.closeOwners();
        syncer.close();
        streamers.shutdown();
        released.forEach(log -> log.getNow(Optional.empty()).ifPresent(logs::close));
        logStorage.close();
        hosted.clear();
    }

    /// Whether [#close] has left all logs as they should be: nothing of them has to be recovered.
    public boolean closedCleanly() {
        return hosted.isClosing() && !unclean && !logs.leftUnclean();
    }

    private void awaitQuiet() {
        try {
            hosted.quiet().get(config.closeGrace().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("closing with appends that are not acknowledged yet: their writers are told so");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
