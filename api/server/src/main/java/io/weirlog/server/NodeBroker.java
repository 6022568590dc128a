package io.weirlog.server;

import io.grpc.Channel;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.weirlog.metadata.Endpoint;
import io.weirlog.replication.Partitions;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.http.NodeMeters;
import io.weirlog.server.http.Readiness;
import io.weirlog.server.internal.BrokerApi;
import io.weirlog.server.internal.BrokerLife;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.relay.CallerHeader;
import io.weirlog.server.replication.ReplicationApi;
import io.weirlog.server.request.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
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
    private static final Duration LEAVE_MAX = Duration.ofSeconds(2);
    /// Room in a message between brokers for everything that is not the batch.
    static final int ENVELOPE_BYTES = 64 * 1024;

    private final NodeConfig config;
    private final NodeIdentity identity;
    private final NodeMetadata metadata;
    private final Path cleanStop;
    private final Parts parts = new Parts();
    private final BrokerStorage storage;
    private final Partitions partitions;
    private final Broker broker;
    private final BrokerServices services;
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
        var registry = meters.registry();
        this.storage = parts.opened(new BrokerStorage(config, identity, metadata, registry));
        try {
            this.partitions = storage.partitions();
            parts.opened(new BrokerMeters(registry, partitions));
            var replicationMeters = parts.opened(
                    new ReplicationMeters(registry, partitions, config.logs().metricsPerPartition()));
            meters.beforeScrape(replicationMeters::refresh);
            var _ = partitions.failure().thenAccept(failure::complete);
            var settings = new TopicSettings(config.logs().producerExpiration());
            this.broker = new Broker(config.nodeId(), partitions, settings);
            this.services = parts.opened(
                    new BrokerServices(config, identity, metadata, storage, broker, settings, executor, registry));
        } catch (NodeStartException | RuntimeException e) {
            parts.close();
            throw e;
        }
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
        var offered = new ArrayList<ServerServiceDefinition>();
        offered.add(new BrokerApi(identity, metadata.feed(), broker).bindService());
        offered.add(replication.definition(storage.buffers()));
        services.relayed()
                .forEach(service -> offered.add(
                        ServerInterceptors.intercept(service, CallerHeader.gate(identity), Origin.reading())));
        return offered;
    }

    /// Brings the broker into service and returns when it serves clients.
    ///
    /// @param internal where other nodes reach this one
    void start(Endpoint internal) throws NodeStartException {
        try {
            // Before any partition is opened: a new life of the broker gives its partitions new leader epochs.
            var registered = registration(internal).register(CleanStop.take(cleanStop));
            storage.registered(registered.epoch());
            services.registered(registered.epoch());
            parts.opened(metadata.feed().subscribe(broker));
            services.followers()
                    .forEach(follower -> parts.opened(metadata.feed().subscribe(follower)));
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
            services.serve();
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

    private BrokerRegistration registration(Endpoint internal) {
        return new BrokerRegistration(
                config,
                metadata.client(),
                incarnation,
                Map.of(
                        Broker.CLIENT_LISTENER,
                        new Endpoint(Node.advertisedHost(config), services.port()),
                        Broker.INTERNAL_LISTENER,
                        internal),
                storage.directoryIds(),
                stopping);
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
        return services.local();
    }

    int clientPort() {
        return services.port();
    }

    String clientAddress() {
        return new Endpoint(Node.advertisedHost(config), services.port()).toString();
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
        services.drain(config.shutdownGrace());
    }

    @Override
    public void close() {
        parts.close();
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
}
