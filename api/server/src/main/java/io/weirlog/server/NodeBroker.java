package io.weirlog.server;

import io.grpc.Channel;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.log.FileStorage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.replication.DataDirectory;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.PartitionsConfig;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.admin.AdminApi;
import io.weirlog.server.admin.ClusterApi;
import io.weirlog.server.admin.RecordDeletions;
import io.weirlog.server.config.LagDetail;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.consume.ConsumerApi;
import io.weirlog.server.group.Groups;
import io.weirlog.server.http.NodeMeters;
import io.weirlog.server.http.Readiness;
import io.weirlog.server.internal.BrokerApi;
import io.weirlog.server.internal.BrokerLife;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.internal.TopicOpenings;
import io.weirlog.server.produce.ProducerApi;
import io.weirlog.server.produce.ProducerIds;
import io.weirlog.server.relay.CallerHeader;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.replication.GrpcReplicaTransport;
import io.weirlog.server.replication.MetadataIsrController;
import io.weirlog.server.replication.ReplicationApi;
import io.weirlog.server.request.ClientConnections;
import io.weirlog.server.request.Origin;
import io.weirlog.server.request.RequestWatch;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.DataPlane;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A node's part as a broker, through its whole life:
///
/// ```
/// register, fenced -> follow the metadata, open the partitions -> in service, serve clients
///                  -> drain -> close the partitions -> out of service, the clean stop recorded
/// ```
final class NodeBroker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeBroker.class);
    private static final Duration PARTITIONS_OPEN_MAX = Duration.ofMinutes(30);
    private static final Duration IN_SERVICE_REPORT_INTERVAL = Duration.ofSeconds(10);
    private static final int SHARD_INBOX_APPENDS_MAX = 16_384;
    private static final Duration RETENTION_INTERVAL = Duration.ofMinutes(1);
    private static final Duration LEAVE_MAX = Duration.ofSeconds(2);
    private static final long REGISTER_RETRY_MILLIS = 100;
    /// Room in a message between brokers for everything that is not the batch.
    private static final int ENVELOPE_BYTES = 64 * 1024;

    private final NodeConfig config;
    private final NodeIdentity identity;
    private final NodeMetadata metadata;
    private final Path cleanStop;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final DataFolders folders;
    private final MetadataIsrController isrController;
    private final ProducerIds producerIds;
    private final BufferSource buffers = new PooledBuffers();
    private final Partitions partitions;
    private final DiskReserve diskReserve;
    private final Broker broker;
    private final TopicSettings settings;
    private final OpenStreams openStreams;
    /// Served to other brokers.
    private final List<ServerServiceDefinition> relayed = new ArrayList<>();

    /// Who follows the metadata besides the broker.
    private final List<MetadataListener> followers = new ArrayList<>();

    private final GrpcListener listener;
    private final UUID incarnation = UUID.randomUUID();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private volatile @Nullable BrokerLife life;
    private volatile boolean serving;

    /// Listens for clients and turns them away until [#start].
    NodeBroker(
            NodeConfig config,
            NodeIdentity identity,
            Path cleanStop,
            NodeMetadata metadata,
            ExecutorService executor,
            NodeMeters meters)
            throws NodeStartException {
        this.config = config;
        this.identity = identity;
        this.metadata = metadata;
        this.cleanStop = cleanStop;
        this.settings = new TopicSettings(config.logs().producerExpiration());
        this.folders = opened(DataFolders.open(config.logs().directories(), config.dataDir(), identity));
        this.isrController = opened(new MetadataIsrController(config.nodeId(), metadata.client()));
        this.producerIds = new ProducerIds(config.nodeId(), metadata.client());
        this.diskReserve = opened(new DiskReserve(
                folders.directories().stream().map(DataDirectory::path).toList(),
                config.logs().diskReserveBytes(),
                meters.registry(),
                DiskReserve.DISKS));
        try {
            this.partitions = opened(partitions());
        } catch (NodeStartException e) {
            closeParts();
            throw e;
        }
        opened(new BrokerMeters(meters.registry(), partitions));
        var replicationMeters = opened(new ReplicationMeters(
                meters.registry(), partitions, config.logs().metricsPerPartition()));
        meters.beforeScrape(replicationMeters::refresh);
        var _ = partitions.failure().thenAccept(failure::complete);
        this.broker = new Broker(config.nodeId(), partitions, settings);
        this.openStreams = opened(new OpenStreams());
        try {
            this.listener = opened(listen(executor, meters.registry()));
        } catch (NodeStartException | RuntimeException e) {
            closeParts();
            throw e;
        }
    }

    private Partitions partitions() throws NodeStartException {
        var transport = opened(new GrpcReplicaTransport(
                identity,
                metadata.tls(),
                this::internalAddress,
                config.limits().maxRequestBytes() + ENVELOPE_BYTES,
                buffers));
        var logs = config.logs();
        try {
            return new Partitions(
                    config.nodeId(),
                    new FileStorage(),
                    new PartitionsConfig(
                            folders.directories(),
                            config.limits().shards(),
                            SHARD_INBOX_APPENDS_MAX,
                            logs.sync(),
                            logs.recoveryThreads(),
                            RETENTION_INTERVAL,
                            logs.watermarkCheckpointInterval(),
                            logs.replicaLagMax(),
                            config.shutdownGrace(),
                            logs.cleaner(),
                            logs.reassignmentBytesPerSecond(),
                            diskReserve),
                    ReplicationClock.SYSTEM,
                    transport,
                    isrController);
        } catch (IOException e) {
            throw new NodeStartException("cannot use the data directories: " + e.getMessage(), e);
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        return part;
    }

    private GrpcListener listen(ExecutorService executor, MeterRegistry registry) throws NodeStartException {
        var facts = new NodeFacts(identity.clusterId(), config.nodeId(), BuildInfo.VERSION, config.limits());
        var topics = new TopicLookup(metadata.feed(), config.nodeId());
        var watch = opened(new RequestWatch(config.nodeId(), config.limits(), registry));
        var surroundings = new ProducerApi.Surroundings(new RequestMemory(config.limits()), diskReserve, watch);
        var relay = opened(new Relay(
                identity,
                metadata.tls(),
                this::internalAddress,
                messageBytesMax(config.limits()),
                config.limits().relayMaxInFlight(),
                registry));
        var producer = opened(producer(facts, topics, surroundings, Optional.of(relay)));
        var consumer = opened(consumer(facts, topics, executor, Optional.of(relay)));
        // What other brokers pass on is served without a relay: it goes no further.
        relayed.add(producer(facts, topics, surroundings, Optional.empty()).definition());
        relayed.add(opened(consumer(facts, topics, executor, Optional.empty())).definition(Optional.empty()));
        relayed.add(new RecordDeletions(topics, partitions, executor, Optional.empty()).relayedDefinition());
        var openings = new TopicOpenings(identity, metadata.feed(), broker, metadata.connections(), executor);
        var groups = opened(new Groups(
                topics, partitions, metadata.client(), openings, new Groups.Ways(relay, consumer::offsets), executor));
        if (config.logs().groupLag() != LagDetail.OFF) {
            opened(groups.meters(
                    registry, config.logs().groupLag(), config.logs().groupLagInterval()));
        }
        followers.add(groups.coordinators());
        relayed.add(groups.coordinatorApi().bindService());
        var admin = new AdminApi(
                topics,
                metadata.client(),
                openings,
                partitions,
                new RecordDeletions(topics, partitions, executor, Optional.of(relay)),
                config.topicDefaults(),
                executor);
        var connections = opened(new ClientConnections(config.limits().clients(), registry));
        var network = config.network();
        try {
            return new GrpcListener(
                    new InetSocketAddress(network.clientHost(), network.clientPort()),
                    metadata.tls().clientPort(connections),
                    config.limits().maxRequestBytes(),
                    intercepted(
                            List.of(watch, connections),
                            producer.definition(),
                            consumer.definition(Optional.of(groups.port())),
                            groups.api().bindService(),
                            admin.bindService(),
                            new ClusterApi(facts, topics, metadata.controllers(), metadata.client()).bindService(),
                            metadata.quorumService().bindService()),
                    executor,
                    config.shutdownGrace());
        } catch (IOException e) {
            throw new NodeStartException(
                    "cannot listen on " + network.clientHost() + ":" + network.clientPort()
                            + ": is the port in use? Give another with --port or client.port (" + e.getMessage() + ")",
                    e);
        }
    }

    /// @param interceptors the last one sees a call first
    private static List<ServerServiceDefinition> intercepted(
            List<ServerInterceptor> interceptors, ServerServiceDefinition... services) {
        return Arrays.stream(services)
                .map(service -> ServerInterceptors.intercept(service, interceptors))
                .toList();
    }

    private ProducerApi producer(
            NodeFacts facts, TopicLookup topics, ProducerApi.Surroundings surroundings, Optional<Relay> relay) {
        return new ProducerApi(
                facts,
                openStreams,
                topics,
                settings,
                partitions,
                producerIds,
                surroundings,
                relay,
                new DataPlane(buffers));
    }

    private ConsumerApi consumer(NodeFacts facts, TopicLookup topics, ExecutorService executor, Optional<Relay> relay) {
        return new ConsumerApi(facts, openStreams, topics, partitions, executor, relay, new DataPlane(buffers));
    }

    /// The largest message of records: from a client, from one broker to another, or to be answered with.
    static int messageBytesMax(NodeConfig.Limits limits) {
        return Math.max(limits.maxRequestBytes(), limits.maxFetchBytes()) + limits.maxRequestBytes() + ENVELOPE_BYTES;
    }

    /// What other nodes ask of this one as a broker.
    List<ServerServiceDefinition> internalServices() {
        var replication = new ReplicationApi(
                identity,
                id -> metadata.feed().image().broker(id).isPresent(),
                partitions.followers(),
                partitions.replicationStats());
        var services = new ArrayList<ServerServiceDefinition>();
        services.add(new BrokerApi(identity, metadata.feed(), broker).bindService());
        services.add(replication.definition(buffers));
        relayed.forEach(service ->
                services.add(ServerInterceptors.intercept(service, CallerHeader.gate(identity), Origin.reading())));
        return services;
    }

    private Optional<Endpoint> internalAddress(BrokerId id) {
        return metadata.feed().image().broker(id).map(found -> found.endpoints().get(Broker.INTERNAL_LISTENER));
    }

    /// Brings the broker into service and returns when it serves clients.
    ///
    /// @param internal where other nodes reach this one
    void start(Endpoint internal) throws NodeStartException {
        try {
            // Before any partition is opened: a new life of the broker gives its partitions new leader epochs.
            var registered = register(internal, CleanStop.take(cleanStop));
            isrController.registered(registered.epoch());
            producerIds.registered(registered.epoch());
            opened(metadata.feed().subscribe(broker));
            followers.forEach(follower -> opened(metadata.feed().subscribe(follower)));
            awaitOpen(registered.index());
            partitions.recovered();
            OpenFileLimit.ofThisProcess()
                    .ifPresent(
                            max -> OpenFileLimit.warning(max, partitions.size()).ifPresent(LOG::warn));
            var begun = new BrokerLife(
                    identity,
                    metadata.controllers(),
                    metadata.connections(),
                    registered.epoch(),
                    incarnation,
                    broker::appliedIndex);
            life = begun;
            var _ = begun.failure().thenAccept(failure::complete);
            while (!begun.awaitInService(IN_SERVICE_REPORT_INTERVAL)) {
                if (begun.failure().isDone()) {
                    throw new NodeStartException("the broker was put out of service: "
                            + begun.failure().join().getMessage());
                }
                LOG.warn("waiting for the active controller to put this broker into service");
            }
            // The answer may have come before the roles that it gave.
            awaitOpen(metadata.feed().image().index());
            listener.serve();
            serving = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeStartException("interrupted while the broker was starting", e);
        } catch (IOException e) {
            throw new NodeStartException("cannot use " + cleanStop + ": " + e, e);
        }
    }

    private void awaitOpen(long index) throws NodeStartException, InterruptedException {
        if (!broker.awaitOpen(metadata.feed().image().topics(), index, PARTITIONS_OPEN_MAX)) {
            throw new NodeStartException(
                    "the partitions were not recovered within " + PARTITIONS_OPEN_MAX.toMinutes() + " minutes");
        }
    }

    /// Registers this life of the broker. Another process that is in service under the same id keeps its place; one
    /// that has just died is out of service within a session.
    private MetadataReply.BrokerRegistered register(Endpoint internal, Optional<BrokerEpoch> cleanlyStopped)
            throws NodeStartException, InterruptedException {
        long occupiedMaxNanos =
                TimeUnit.MILLISECONDS.toNanos(2L * config.cluster().liveness().sessionTimeoutMillis() + 2_000);
        long begunNanos = System.nanoTime();
        while (true) {
            switch (propose(internal, cleanlyStopped)) {
                case MetadataReply.BrokerRegistered registered -> {
                    return registered;
                }
                case MetadataReply.Rejected(var reason, var message)
                when reason == RejectReason.BROKER_IN_SERVICE && System.nanoTime() - begunNanos < occupiedMaxNanos ->
                    LOG.info("waiting to register: {}", message);
                case MetadataReply.Rejected(var _, var message) ->
                    throw new NodeStartException("the cluster refuses this broker: " + message);
                case MetadataReply other -> throw new IllegalStateException("an answer to a registration: " + other);
            }
            if (stopping.await(REGISTER_RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new NodeStartException("the node stops");
            }
        }
    }

    private MetadataReply propose(Endpoint internal, Optional<BrokerEpoch> cleanlyStopped) throws NodeStartException {
        while (true) {
            var command = new MetadataCommand.RegisterBroker(
                    new RequestId(UUID.randomUUID()),
                    config.nodeId(),
                    incarnation,
                    config.cluster().rack(),
                    Map.of(
                            Broker.CLIENT_LISTENER,
                            new Endpoint(Node.advertisedHost(config), listener.port()),
                            Broker.INTERNAL_LISTENER,
                            internal),
                    true,
                    cleanlyStopped,
                    folders.ids(),
                    FeatureRange.SUPPORTED);
            try {
                return metadata.client().propose(command).join();
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof MetadataUnavailableException unavailable) || !config.joinsOthers()) {
                    throw new NodeStartException("the broker could not register: " + e.getCause(), e);
                }
                LOG.warn("waiting to register: {}", unavailable.getMessage());
            }
        }
    }

    Readiness.State readiness() {
        var begun = life;
        if (stopping.getCount() == 0) {
            return new Readiness.State.NotReady("the node is stopping");
        }
        if (begun == null) {
            var recovery = partitions.recovery();
            return new Readiness.State.NotReady(
                    recovery.partitions() == 0
                            ? "the broker registers and opens its partitions"
                            : "recovering " + recovery);
        }
        if (!begun.inService()) {
            return new Readiness.State.NotReady("the broker is out of service");
        }
        return serving
                ? new Readiness.State.Ready()
                : new Readiness.State.NotReady("the broker opens the partitions that it was given");
    }

    /// To the services for clients, from this process.
    Channel localClients() {
        return listener.local();
    }

    int clientPort() {
        return listener.port();
    }

    String clientAddress() {
        return new Endpoint(Node.advertisedHost(config), listener.port()).toString();
    }

    CompletableFuture<Throwable> failure() {
        return failure.copy();
    }

    /// Gives up the leaderships that somebody else can have, and tells the clients.
    void drain() {
        stopping.countDown();
        var begun = life;
        if (begun != null) {
            try {
                if (!begun.drain(config.shutdownGrace())) {
                    LOG.warn("stopping without having given up all leaderships");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        openStreams.drain(config.shutdownGrace());
    }

    @Override
    public void close() {
        closeParts();
        var begun = life;
        if (begun == null) {
            return;
        }
        try {
            if (partitions.closedCleanly()) {
                CleanStop.write(cleanStop, begun.epoch());
            }
            if (!begun.stopped(LEAVE_MAX)) {
                LOG.info("stopping without having been taken out of service: the controllers will notice");
            }
        } catch (IOException e) {
            LOG.error("the clean stop could not be recorded; replicas are caught up anew at the next start", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            begun.close();
        }
    }

    private void closeParts() {
        while (!parts.isEmpty()) {
            var part = parts.pop();
            try {
                part.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                LOG.error("closing {} failed", part.getClass().getSimpleName(), e);
            }
        }
    }
}
