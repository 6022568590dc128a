package io.weirlog.server;

import io.grpc.BindableService;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.LocalFeed;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataFeed;
import io.weirlog.metadata.MetadataQuorum;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.ProposingClient;
import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.QuorumStartException;
import io.weirlog.metadata.Submitter;
import io.weirlog.metadata.controller.BrokerLiveness;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.server.admin.QuorumApi;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.config.Role;
import io.weirlog.server.http.Readiness;
import io.weirlog.server.internal.CaughtUpClient;
import io.weirlog.server.internal.Controller;
import io.weirlog.server.internal.ControllerApi;
import io.weirlog.server.internal.Controllers;
import io.weirlog.server.internal.FeedServer;
import io.weirlog.server.internal.IndexWaiters;
import io.weirlog.server.internal.NodeConnections;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.internal.ProposalRouter;
import io.weirlog.server.internal.RemoteFeed;
import io.weirlog.server.tls.NodeTls;
import io.weirlog.v1.QuorumServiceGrpc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A node's way to the metadata: as a voter of the quorum, or through those who are.
final class NodeMetadata implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeMetadata.class);
    private static final Duration READY_MAX = Duration.ofSeconds(60);
    private static final Duration READY_REPORT_INTERVAL = Duration.ofSeconds(10);
    private static final Duration PROPOSAL_MAX = Duration.ofSeconds(10);
    private static final long EAGER_HEARTBEAT_MILLIS = 20;

    private final NodeConfig config;
    private final NodeIdentity identity;
    private final NodeTls tls;
    private final Parts parts = new Parts();
    private final Optional<MetadataQuorum> quorum;
    private final NodeConnections connections;
    private final Controllers controllers;
    private final MetadataFeed feed;
    private final MetadataClient client;
    private final List<BindableService> services = new ArrayList<>();
    private boolean closed;

    /// @param executor runs what answers of other nodes call back
    /// @param meters where to tell how the metadata are doing
    NodeMetadata(
            NodeConfig config,
            NodeIdentity identity,
            NodeTls tls,
            Path directory,
            Executor executor,
            MeterRegistry meters)
            throws NodeStartException {
        this.config = config;
        this.identity = identity;
        this.tls = tls;
        quorum = config.is(Role.CONTROLLER)
                ? Optional.of(parts.opened(startQuorum(directory, meters)))
                : Optional.empty();
        connections = parts.opened(new NodeConnections(tls, executor));
        controllers = new Controllers(
                config.nodeId(), internalAddresses(config), quorum.map(own -> (Supplier<QuorumRole>) own::role));
        feed = quorum.map(own -> (MetadataFeed) own.feed())
                .orElseGet(() -> parts.opened(new RemoteFeed(identity, controllers, connections, new LocalFeed())));
        var own = new CompletableFuture<Submitter>();
        var router = new ProposalRouter(
                identity,
                controllers,
                connections,
                quorum.map(_ -> command -> own.join().submit(command)));
        var proposing = parts.opened(new ProposingClient(router, PROPOSAL_MAX, executor));
        var waiters = new IndexWaiters(executor);
        parts.opened(feed.subscribe(waiters));
        parts.opened(feed.subscribe(controllers));
        parts.opened(new ClusterMeters(meters, feed::image));
        client = new CaughtUpClient(proposing, waiters);
        if (quorum.isPresent()) {
            var liveness = config.cluster().liveness();
            var controller = parts.opened(new Controller(
                    quorum.get()::role,
                    quorum.get()::submit,
                    feed,
                    new BrokerLiveness.Times(
                            liveness.sessionTimeoutMillis(),
                            liveness.brokenStreamGraceMillis(),
                            EAGER_HEARTBEAT_MILLIS),
                    config.cluster().balance()));
            own.complete(controller);
            var feeds = parts.opened(new FeedServer(feed));
            var _ = quorum.get().removed().thenRunAsync(() -> followOthers(quorum.get(), feeds), executor);
            services.add(new ControllerApi(identity, controllers, controller, router, feeds));
            // What another node has passed on is not passed on again.
            services.add(new QuorumApi(config.nodeId(), quorum, feed::image, client, Optional::empty));
        }
    }

    /// A controller that was removed goes on as one who follows the others.
    private synchronized void followOthers(MetadataQuorum former, FeedServer feeds) {
        if (!closed) {
            feeds.end();
            parts.opened(new RemoteFeed(identity, controllers, connections, former.feed()));
        }
    }

    private MetadataQuorum startQuorum(Path directory, MeterRegistry meters) throws NodeStartException {
        var cluster = config.cluster();
        var voters = cluster.controllers().stream()
                .map(one -> new QuorumConfig.Voter(one.id(), new Endpoint(one.host(), one.raftPort())))
                .toList();
        try {
            return MetadataQuorum.start(
                    new QuorumConfig(
                            directory,
                            UUID.nameUUIDFromBytes(identity.clusterId().getBytes(StandardCharsets.UTF_8)),
                            config.nodeId(),
                            voters,
                            new Endpoint(
                                    cluster.internalHost(), config.network().raftPort()),
                            QuorumConfig.Tuning.DEFAULT,
                            tls.quorum()),
                    meters);
        } catch (QuorumStartException e) {
            throw new NodeStartException("the metadata quorum cannot start: " + e.getMessage(), e);
        }
    }

    private static Map<BrokerId, Endpoint> internalAddresses(NodeConfig config) {
        var addresses = new TreeMap<BrokerId, Endpoint>();
        config.cluster()
                .controllers()
                .forEach(one -> addresses.put(one.id(), new Endpoint(one.host(), one.internalPort())));
        return addresses;
    }

    /// What other nodes ask of this one as a controller.
    List<BindableService> services() {
        return List.copyOf(services);
    }

    /// Waits until an active controller is known. One of several voters waits for the others for as long as it takes
    /// to start them.
    ///
    /// @param raft where the other controllers reach this one
    void awaitReady(Endpoint raft) throws NodeStartException {
        if (quorum.isEmpty()) {
            return;
        }
        boolean alone = !config.joinsOthers();
        boolean joins = config.cluster().controller(config.nodeId()).isEmpty();
        while (true) {
            try {
                quorum.get().awaitReady(alone ? READY_MAX : READY_REPORT_INTERVAL);
                return;
            } catch (MetadataUnavailableException e) {
                if (alone
                        || quorum.get().failure().isDone()
                        || Thread.currentThread().isInterrupted()) {
                    throw new NodeStartException("the metadata quorum did not become ready: " + e.getMessage(), e);
                }
                if (joins && quorum.get().role() instanceof QuorumRole.NotVoter) {
                    LOG.warn(
                            "waiting to be added to the controllers: weirlog controller add {} --address {}",
                            config.nodeId(),
                            raft);
                } else {
                    LOG.warn(
                            "waiting for a majority of the controllers {}",
                            config.cluster().controllers());
                }
            }
        }
    }

    /// Makes this controller known to all nodes. What the metadata say here does not count yet: one that was removed
    /// and joins again goes through the log from before its removal, where it was still known.
    ///
    /// @param endpoints by which other nodes reach it
    void register(Map<String, Endpoint> endpoints) throws NodeStartException {
        var incarnation = UUID.randomUUID();
        while (true) {
            var command = new MetadataCommand.RegisterController(
                    new RequestId(UUID.randomUUID()), config.nodeId(), incarnation, endpoints, FeatureRange.SUPPORTED);
            try {
                switch (client.propose(command).join()) {
                    case MetadataReply.Done _ -> {
                        return;
                    }
                    case MetadataReply.Rejected(var _, var message) ->
                        throw new NodeStartException("the cluster refuses this controller: " + message);
                    case MetadataReply other ->
                        throw new IllegalStateException("an answer to a registration: " + other);
                }
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof MetadataUnavailableException unavailable) || !config.joinsOthers()) {
                    throw new NodeStartException("the controller could not register: " + e.getCause(), e);
                }
                LOG.warn("waiting to register as a controller: {}", unavailable.getMessage());
            }
        }
    }

    /// Whether the node takes part in the metadata, for one that is no broker.
    Readiness.State readiness() {
        return switch (quorum.map(MetadataQuorum::role).orElseGet(QuorumRole.Searching::new)) {
            case QuorumRole.Active _, QuorumRole.Following _ -> new Readiness.State.Ready();
            case QuorumRole.Searching() -> new Readiness.State.NotReady("no active controller is known");
            case QuorumRole.NotVoter() -> new Readiness.State.NotReady("the node is not one of the controllers");
        };
    }

    /// The administration of the controllers, for clients.
    BindableService quorumService() {
        return new QuorumApi(config.nodeId(), quorum, feed::image, client, this::activeElsewhere);
    }

    private Optional<QuorumServiceGrpc.QuorumServiceStub> activeElsewhere() {
        return controllers
                .active()
                .filter(active -> !active.equals(config.nodeId()))
                .map(active -> QuorumServiceGrpc.newStub(connections.channelTo(controllers, active)));
    }

    /// The port for the other controllers, if this is one.
    OptionalInt raftPort() {
        return quorum.map(own -> OptionalInt.of(own.raftPort())).orElseGet(OptionalInt::empty);
    }

    NodeTls tls() {
        return tls;
    }

    NodeConnections connections() {
        return connections;
    }

    Controllers controllers() {
        return controllers;
    }

    MetadataFeed feed() {
        return feed;
    }

    /// Where other nodes reach that broker.
    Optional<Endpoint> internalAddress(BrokerId id) {
        return feed.image().broker(id).map(found -> found.endpoints().get(Broker.INTERNAL_LISTENER));
    }

    MetadataClient client() {
        return client;
    }

    /// Completes with the cause if the quorum's member stops by itself.
    CompletableFuture<Throwable> failure() {
        return quorum.map(MetadataQuorum::failure).orElseGet(CompletableFuture::new);
    }

    @Override
    public synchronized void close() {
        closed = true;
        parts.close();
    }
}
